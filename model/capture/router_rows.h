// The rows of a router's tensor, run by run: whose they are.
#pragma once

#include "model/units.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

inline constexpr std::int64_t pad_rank = -1;  // Of rows that are nobody's.

struct RowSegment {
    std::int64_t rank = pad_rank;
    std::int64_t first = 0;  // Row of that rank's batch; padding counts on.
    std::int64_t count = 0;
    friend bool operator==(const RowSegment&, const RowSegment&) = default;
};

constexpr std::int64_t rows_of(std::span<const RowSegment> segments) {
    std::int64_t rows = 0;
    for (const RowSegment& segment : segments) rows = checked_add(rows, segment.count);
    return rows;
}

}  // namespace kv
