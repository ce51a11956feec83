// How the parts of events are spelled in a file: what writer, reader and schema have to agree on. JSON lines; the first is the header.
//
//   {"kvproof":"events","format":1,"engine":"vllm-0.32.0","scenario":"mamba-first"}
//   {"event":"step-began","rank":0,"step":3}
//
// Ids, counts and rates are integers, enums their names. A part that is none is left out, and so is a flag that is as it is when nothing is
// said. Wholes are objects, runs and pairs arrays. Block ids and slots may be runs: [17,3] is 17, 18, 19; [0,3] is three times the null
// block, and among slots [-1,3] is three times nobody's. Row tags are runs too: [producer, content, first position, count], a count of 1
// left out, or "never-written" and "missing", alone or as ["missing",3]. What a request holds is told as what has changed since the last
// line about it; blocks-freed forgets it.
#pragma once

#include "model/events/event_list.h"
#include "model/events/event_parts.h"
#include "scenarios/json_fields.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kv {

inline constexpr std::int64_t event_format = 1;
inline constexpr std::string_view event_file_kind = "events";
inline constexpr std::string_view never_written_name = "never-written";
inline constexpr std::string_view missing_name = "missing";

// Bounds of one line, and of what all live requests hold together: what a file makes its reader keep.
inline constexpr std::int64_t event_line_memory_max = std::int64_t{32} << 20;  // Bytes of all spans of an event, runs unrolled.
inline constexpr std::int64_t held_blocks_max = std::int64_t{1} << 25;
inline constexpr std::int64_t held_groups_max = 1 << 12;
inline constexpr std::int64_t event_count_max = std::int64_t{1} << 60;  // Of counts with a unit, so that sums of some of them fit.

struct EventHeader {
    std::string engine = {};    // As it is spelled; empty: not said.
    std::string scenario = {};  // Title, or the file's name; empty: not said.
    friend bool operator==(const EventHeader&, const EventHeader&) = default;
};

template <class Part>
struct OptionalOf : std::false_type {};
template <class Part>
struct OptionalOf<std::optional<Part>> : std::true_type {
    using Value = Part;
};
template <class Part>
concept OptionalPart = OptionalOf<Part>::value;

template <class Part>
struct ListOf : std::false_type {};
template <class Part>
struct ListOf<std::span<const Part>> : std::true_type {
    using Item = Part;
};
template <class Part>
struct ListOf<std::vector<Part>> : std::true_type {
    using Item = Part;
};
template <class Part>
concept ListPart = ListOf<Part>::value;

template <class Part>
concept UnitPart = requires(const Part& part) {
    part.value;
}
&&!OptionalPart<Part>;
template <class Part>
concept NumberPart = (std::integral<Part> && !std::same_as<Part, bool>) || (std::is_enum_v<Part> && !Named<Part>) || UnitPart<Part>;
template <class Part>
concept HeldPart = std::same_as<Part, std::span<const Holding>>;

// Lists whose numbers may be runs. Of plain integers, only slots are addresses; the others are figures, one by one.
template <class Item>
constexpr bool told_in_runs(std::string_view name) {
    return std::same_as<Item, BlockId> || (std::same_as<Item, std::int64_t> && name == "slots");
}
constexpr std::int64_t repeated(BlockId) { return 0; }  // The number of which a run is a repetition.
constexpr std::int64_t repeated(std::int64_t) { return -1; }

template <NumberPart Number>
constexpr IntegerRange range_of_number() {
    if constexpr (UnitPart<Number>) {
        if constexpr (!std::is_default_constructible_v<Number>) return {.least = 1, .most = event_count_max};  // A rate.
        else return {.least = std::same_as<Number, Bytes> ? -event_count_max : 0, .most = event_count_max};
    } else if constexpr (std::is_enum_v<Number>) {
        return {.least = 0, .most = static_cast<std::int64_t>(std::numeric_limits<std::underlying_type_t<Number>>::max())};
    } else {
        return {.least = std::numeric_limits<Number>::min(), .most = std::numeric_limits<Number>::max()};
    }
}

template <NumberPart Number>
constexpr std::int64_t number_in(const Number& part) {
    if constexpr (UnitPart<Number>) return part.value;
    else return static_cast<std::int64_t>(part);
}

// Whether a part may be left out, and then has the value that it has when nothing is said.
template <class Part>
constexpr bool may_be_left_out() {
    return std::same_as<Part, bool> || OptionalPart<Part> || HeldPart<Part>;
}

}  // namespace kv
