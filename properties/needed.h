// What of a request's past a token reads, by the kind of group.
#pragma once

#include "model/events/planning_events.h"

#include <algorithm>
#include <cstdint>

namespace kv {

// The first position that a token at `position` reads; positions from there on have to be there.
constexpr std::int64_t first_read(const GroupFacts& group, std::int64_t position) {
    if (group.chunk.value > 0) return position / group.chunk.value * group.chunk.value;
    if (group.window.value > 0) return std::max<std::int64_t>(0, position - group.window.value + 1);
    return 0;
}

// Of a hit of so many tokens.
struct NeededOfHit {
    std::int64_t first = 0;  // Positions [first, length).
    bool state = false;      // A state of exactly this length, in the block of the last position.
};
constexpr NeededOfHit needed_of_hit(const GroupFacts& group, std::int64_t column_tokens, std::int64_t length) {
    if (group.family == GroupFamily::states) return {.first = (length - 1) / column_tokens * column_tokens, .state = true};
    if (group.family == GroupFamily::cross || group.family == GroupFamily::encoder_only) return {.first = length};
    return {.first = first_read(group, length)};
}

}  // namespace kv
