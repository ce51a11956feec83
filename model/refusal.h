// An engine's own "no": what it raised, where, and the figures in it. A refusal is an answer about the engine, not an error of ours.
#pragma once

#include "model/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class Raised : std::uint8_t {
    value_error,
    assertion_error,
    not_implemented_error,
    zero_division_error,
    type_error,
    stop_iteration,
    key_error,
    index_error,
    attribute_error,
    import_error,
    runtime_error,
    memory_fault,  // No exception: memory that is not the engine's is read or written, and what comes of it is anybody's guess.
};
inline constexpr std::array<std::string_view, 12> raised_names{
    "ValueError", "AssertionError", "NotImplementedError", "ZeroDivisionError", "TypeError",    "StopIteration",
    "KeyError",   "IndexError",     "AttributeError",      "ImportError",       "RuntimeError", "memory fault"};
constexpr std::span<const std::string_view> names_of(Raised) { return raised_names; }
// As Python names it: "ValueError"; a fault: "memory fault".
constexpr std::string_view name_of(Raised raised) { return raised_names[static_cast<std::size_t>(raised)]; }

// The admission check of a worker that did not pass.
struct AdmissionFigures {
    std::int64_t worker = 0;
    Bytes checked = {};                            // What was there to compare with; may be negative.
    std::optional<Bytes> needed = {};              // Empty: there was no memory at all, so nothing was computed.
    std::optional<Tokens> estimated_len_max = {};  // 0: not even one token.
    friend bool operator==(const AdmissionFigures&, const AdmissionFigures&) = default;
};

struct Refusal {
    Raised type = Raised::value_error;
    std::string_view raised_in;              // The engine's function.
    std::string message;                     // Our words.
    std::vector<std::int64_t> figures = {};  // The numbers that the engine's message carries, other than the admission figures.
    std::string layer = {};                  // The layer that it names, if any.
    std::optional<AdmissionFigures> admission = {};
};

// Thrown where the engine raises. A planner's is caught where the plan begins; a cache manager's goes to its caller, and the manager is
// then of no further use, as the engine would be.
struct RefusedByEngine {
    Refusal refusal;
};

[[noreturn]] void refuse(Refusal refusal);

}  // namespace kv
