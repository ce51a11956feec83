// The gather: step rows of the requests that asked for theirs, packed into one delta.
#pragma once

#include "kernels/row_offset.h"
#include "kernels/rows.h"

#include <cstdint>

namespace kv {

struct RowSpan {
    std::int64_t first_row;  // Of the step buffer.
    std::int64_t row_count;
    std::int64_t delta_row;  // Where they begin in the delta: the sum of the counts before.
};

struct DeltaPlan {  // Read from device memory, like the row range of a capture.
    std::int64_t span_count = 0;
    std::int64_t row_count = 0;  // The sum of the spans'.
};

// The span that a row of the delta belongs to: the last that begins at it or before, for an empty one begins where the next does.
constexpr const RowSpan& span_of(const RowSpan* spans, std::int64_t span_count, std::int64_t delta_row) {
    std::int64_t low = 0, high = span_count;
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        if (spans[middle].delta_row <= delta_row) low = middle;
        else high = middle;
    }
    return spans[low];
}

template <class StepRows, class DeltaRows>
struct DeltaGather {
    std::int64_t row_width;
    const DeltaPlan* plan;
    const RowSpan* spans;
    StepRows step_rows;
    DeltaRows delta_rows;

    constexpr std::int64_t rows() const { return plan->span_count > 0 ? plan->row_count : 0; }
    constexpr std::int64_t width() const { return row_width; }
    constexpr std::int64_t index(std::int64_t delta_row) const {
        const RowSpan& span = span_of(spans, plan->span_count, delta_row);
        return span.first_row + (delta_row - span.delta_row);
    }
    constexpr auto* from(RowTrip row, Tally& tally) const {
        return step_rows.row({.row = row.index, .weight = row.weight}, tally,
                             [this](std::int64_t at) { return row_offset(at, row_width); });
    }
    constexpr auto* to(RowTrip row, Tally& tally) const {
        return delta_rows.row({.row = row.row, .weight = row.weight}, tally, [this](std::int64_t at) { return row_offset(at, row_width); });
    }
};

}  // namespace kv
