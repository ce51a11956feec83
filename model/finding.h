// What a property says when an engine's claims and the truth part: where it was, the figures, and a sentence.
#pragma once

#include "model/events/event_ids.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kv {

enum class PropertyId : std::uint8_t {
    capacity_true,
    slot_in_bounds,
    row_fresh,
    map_agrees,
    buffer_fits,
    pad_inert,
    page_unified,
    hit_complete,
    layout_match,
    admit_agrees,
    shard_partition,
    xfer_match,
    id_space,
    block_conserved,
    live_read,
    ranks_agree,
    hit_maximal,
    offset_fits,
    window_exact
};
inline constexpr std::array<std::string_view, 19> property_ids{
    "capacity-true", "slot-in-bounds", "row-fresh",    "map-agrees",      "buffer-fits", "pad-inert", "page-unified",
    "hit-complete",  "layout-match",   "admit-agrees", "shard-partition", "xfer-match",  "id-space",  "block-conserved",
    "live-read",     "ranks-agree",    "hit-maximal",  "offset-fits",     "window-exact"};
constexpr std::span<const std::string_view> names_of(PropertyId) { return property_ids; }

enum class FigureDirection : std::uint8_t { under, over };
inline constexpr std::array<std::string_view, 2> direction_names{"under", "over"};
constexpr std::span<const std::string_view> names_of(FigureDirection) { return direction_names; }

// What a reader gets in place of the row that it should.
enum class RowState : std::uint8_t { never_written, stale, shifted, foreign };
inline constexpr std::array<std::string_view, 4> row_state_names{"never-written", "stale", "shifted", "foreign"};
constexpr std::span<const std::string_view> names_of(RowState) { return row_state_names; }

enum class ReleaseTime : std::uint8_t { early, late };
inline constexpr std::array<std::string_view, 2> release_time_names{"early", "late"};
constexpr std::span<const std::string_view> names_of(ReleaseTime) { return release_time_names; }

// What is not there has no meaning for the finding. A finding that comes again at the same place is the same one.
struct Finding {
    PropertyId property{};
    std::optional<RankId> rank = {};
    std::optional<StepId> step = {};
    std::optional<std::int64_t> group = {};
    std::optional<std::int64_t> layer = {};
    std::optional<RequestId> request = {};
    std::optional<std::int64_t> reported = {}, truth = {}, length = {}, hit = {};  // Tokens.
    std::optional<FigureDirection> direction = {};
    std::optional<std::int64_t> slot = {}, rows = {}, needed = {}, free = {}, blocks = {}, page = {}, value = {}, limit = {};
    std::optional<RowState> state = {};
    std::optional<RequestId> producer = {};  // Who wrote what is read.
    std::optional<ReleaseTime> released = {};
    std::int64_t times = 1;  // That it came.
    std::string message = {};
};

}  // namespace kv
