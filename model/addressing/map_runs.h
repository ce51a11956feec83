// From positions to slots, for the tokens of a batch: the loop that has to be fast.
#pragma once

#include "model/addressing/position_run.h"
#include "model/addressing/table_shape.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace kv {

// Rows of block ids, one after another in one array.
struct MapTable {
    std::span<const std::int32_t> entries;  // rows x width.
    std::int64_t rows = 0;
    std::int64_t width = 0;
    const SlotAddress& address;
    TableBound bound = TableBound::own_row;
    SlotArithmetic arithmetic = SlotArithmetic::exact;
};

// One slot for each token, in order, PAD where it is another rank's; returns how many. Throws RefusedByEngine where a position has no
// column, or where `slots` is too small; `slots` then holds anything.
std::size_t map_runs(const MapTable& table, std::span<const PositionRun> runs, std::span<std::int64_t> slots);

}  // namespace kv
