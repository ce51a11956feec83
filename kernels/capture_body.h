// The capture scatter, once: a step buffer of routed experts goes to the rows of a side buffer, narrowed on the way. Device grid and
// host loop run these lines; whether a bad slot is obeyed or written down, the store decides.
#pragma once

#include "model/addressing/pad_slot.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace kv {

struct CaptureShape {
    std::int64_t token_count;
    std::int64_t row_width;  // Ids a token: captured layers x topk. A row is written whole, all layers of a token together.
};

struct CaptureLane {  // One of the lanes that share a token's row: it takes every lane_count-th id from its own number on.
    std::int64_t token;
    std::int64_t lane;
    std::int64_t lane_count;
};

// In 64 bits: a pool of 8,388,608 slots is ordinary, and with 48 layers x 8 ids its rows reach past 2^31.
constexpr std::int64_t row_offset(std::int64_t row, std::int64_t row_width) { return row * row_width; }
static_assert(row_offset(8'388'608, 384) == 3'221'225'472);

template <class Narrow>
concept ExpertElement = std::same_as<Narrow, std::uint8_t> || std::same_as<Narrow, std::uint16_t> || std::same_as<Narrow, std::int32_t>;

template <ExpertElement Narrow>
constexpr bool fits(std::int32_t expert) {
    if constexpr (std::is_same_v<Narrow, std::int32_t>) {
        return true;
    } else {
        return 0 <= expert && expert <= std::int32_t{std::numeric_limits<Narrow>::max()};
    }
}
static_assert(fits<std::uint8_t>(255) && !fits<std::uint8_t>(256) && !fits<std::uint8_t>(-1));

// An id that the narrow type cannot hold leaves its element as it was, and is counted.
template <ExpertElement Narrow, class Store>
constexpr void capture_lane(CaptureLane lane, CaptureShape shape, const std::int64_t* slot_of_token, const std::int32_t* expert_ids,
                            Store& store) {
    const std::int64_t slot = slot_of_token[lane.token];
    if (slot == pad_slot) return;
    Narrow* const row = store.row(slot);
    if (row == nullptr) return;  // The store has noted that there is no such row.
    const std::int32_t* const experts = expert_ids + row_offset(lane.token, shape.row_width);
    std::int64_t overflow_count = 0;
    for (std::int64_t column = lane.lane; column < shape.row_width; column += lane.lane_count) {
        const std::int32_t expert = experts[column];
        row[column] = fits<Narrow>(expert) ? static_cast<Narrow>(expert) : row[column];
        overflow_count += fits<Narrow>(expert) ? 0 : 1;
    }
    store.overflow_count += overflow_count;
}

// The device's store: trusts the slot mapping exactly as the engine does.
template <ExpertElement Narrow>
struct RawStore {
    Narrow* rows;
    std::int64_t row_width;
    std::int64_t overflow_count = 0;
    constexpr Narrow* row(std::int64_t slot) { return rows + row_offset(slot, row_width); }
};

}  // namespace kv
