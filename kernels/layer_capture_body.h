// The capture of one layer: a rank's rows of the router's output go to their columns of the step buffer, [row][layer][k].
#pragma once

#include "kernels/row_offset.h"
#include "kernels/rows.h"

#include <cstdint>

namespace kv {

// Read from device memory at every launch: a graph that was captured once replays with the rows of the step at hand. Who dispatched the
// tokens knows how they lie in the tensor and writes it here.
struct RowRange {
    std::int64_t first = 0;  // In the router's output.
    std::int64_t count = 0;
    std::int64_t buffer_row = 0;      // The first of the step buffer.
    std::int64_t counted_before = 0;  // Tokens of the ranks before this one: a fact, and no row where a gather pads or does not take place.
};

struct LayerShape {
    std::int64_t layer;
    std::int64_t layer_count;
    std::int64_t topk;           // Routed experts of a token.
    std::int64_t shared;         // Shared ones, which follow them in a packed output and are not captured.
    std::int64_t row_count_max;  // Rows that a launch can take; the range's count is not larger.
};

struct LayerCaptureRule {
    static constexpr std::int64_t first_row(const RowRange& range) { return range.first; }
    static constexpr std::int64_t columns(const LayerShape& shape) { return shape.topk; }
};

// The router's output holds rows of topk ids. It and the step buffer are looked at as rows, so reading past the one is found like writing
// past the other.
template <class RouterRows, class StepRows, class Rule = LayerCaptureRule>
struct LayerCapture {
    LayerShape shape;
    const RowRange* range;
    RouterRows router_rows;
    StepRows step_rows;

    constexpr std::int64_t rows() const { return range->count < shape.row_count_max ? range->count : shape.row_count_max; }
    constexpr std::int64_t width() const { return shape.topk; }
    constexpr std::int64_t index(std::int64_t row) const { return Rule::first_row(*range) + row; }
    constexpr auto* from(RowTrip row, Tally& tally) const {
        return router_rows.row({.row = row.index, .weight = row.weight}, tally,
                               [this](std::int64_t at) { return row_offset(at, shape.topk); });
    }
    constexpr auto* to(RowTrip row, Tally& tally) const {
        return step_rows.row({.row = range->buffer_row + row.row, .weight = row.weight}, tally, [this](std::int64_t at) {
            const std::int64_t columns = Rule::columns(shape);
            return row_offset(at, shape.layer_count * columns) + shape.layer * columns;
        });
    }
};

}  // namespace kv
