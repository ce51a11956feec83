#include "model/capture/step_capture.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::string_view raised_in = "RoutedExpertsCapturer.capture";

Refusal no_such_layer(std::int64_t layer, const StepBufferShape& buffer, std::vector<std::int64_t> figures) {
    return {.type = Raised::index_error,
            .raised_in = raised_in,
            .message = "layer " + std::to_string(layer) + " of a buffer of " + std::to_string(buffer.layers) + " layers",
            .figures = std::move(figures)};
}

std::optional<Refusal> refused_layer(const RouterCall& call, const StepBufferShape& buffer) {
    if (0 <= call.layer && call.layer < buffer.layers) return std::nullopt;
    return no_such_layer(call.layer, buffer, {call.layer, buffer.layers});
}

// A slice [first, first + count) of rows, cut where the rows end.
struct Slice {
    std::int64_t first, count;
};
Slice cut(std::int64_t first, std::int64_t count, std::int64_t rows) {
    const std::int64_t from = std::min(first, rows);
    return {.first = from, .count = std::min(count, rows - from)};
}

// As tensors are assigned to each other: a size of one is spread over the target's, the last dimension is looked at first.
Refusal sizes_differ(std::int64_t dimension, Slice target, const StepBufferShape& buffer, Slice source, const RouterCall& call) {
    const bool columns = dimension == 1;
    const std::int64_t expanded = columns ? buffer.columns : target.count;
    const std::int64_t existing = columns ? call.columns : source.count;
    Refusal refusal{
        .type = Raised::runtime_error,
        .raised_in = raised_in,
        .message = std::to_string(existing) + (columns ? " columns do not fit " : " rows do not fit ") + std::to_string(expanded),
        .figures = {expanded, existing, dimension, target.count, buffer.columns, call.columns}};
    if (source.count != 1) refusal.figures.push_back(source.count);  // A single row is taken for a plain list of columns.
    return refusal;
}

std::int64_t start_of(BatchStart rule, const Dispatch& dispatch, Slice source) {
    switch (rule) {
        case BatchStart::row_zero:
            break;
        case BatchStart::micro_batch:
            return dispatch.batch_start;
        case BatchStart::as_offered:
            return checked_add(dispatch.batch_start, source.first);
    }
    return 0;
}

Captured copied(const Engine& engine, const StepBufferShape& buffer, const RouterCall& call, const Dispatch& dispatch, RowsTaken taken,
                std::int64_t layer, std::int64_t workers_rows) {
    const Slice source = cut(taken.first, taken.count, taken.from_all_workers ? workers_rows : call.rows);
    const std::int64_t start = start_of(engine.capture_start.choice, dispatch, source);
    const bool unchecked = engine.capture_start.choice == BatchStart::as_offered && dispatch.graph_rows > 0;
    const Slice target = unchecked ? Slice{.first = start, .count = source.count} : cut(start, source.count, buffer.rows);
    const bool exact = engine.capture_columns.choice == ColumnCheck::exact;
    Captured captured{.gathered = taken.from_all_workers};
    if (call.columns != buffer.columns && (exact || call.columns != 1)) {
        captured.outcome = sizes_differ(1, target, buffer, source, call);
    } else if (source.count != target.count && (exact || source.count != 1)) {  // A single row past the end is lost without a word.
        captured.outcome = sizes_differ(0, target, buffer, source, call);
    } else {
        captured.outcome = CopiedRows{.from_all_workers = taken.from_all_workers,
                                      .layer = layer,
                                      .buffer_first = target.first,
                                      .count = target.count,
                                      .first = source.first,
                                      .one_column_for_all = call.columns != buffer.columns};
    }
    return captured;
}

}  // namespace

Captured capture_call(const Engine& engine, const std::optional<StepBufferShape>& shape, const RouterCall& call, const Dispatch& dispatch,
                      std::int64_t workers_rows) {
    if (!shape)
        return {.outcome = Refusal{.type = Raised::runtime_error, .raised_in = raised_in, .message = "there is no step buffer yet"}};
    const StepBufferShape& buffer = *shape;
    const LayerCheck check = engine.capture_layer.choice;
    if (check == LayerCheck::first)
        if (auto refusal = refused_layer(call, buffer)) return {.outcome = std::move(*refusal)};
    RowsAnswer answer = engine.capture_layout(call, dispatch);
    if (auto* refusal = std::get_if<Refusal>(&answer)) return {.outcome = std::move(*refusal)};
    if (std::holds_alternative<RowsSkipped>(answer)) return {.outcome = RowsSkipped{}};
    const RowsTaken taken = std::get<RowsTaken>(answer);
    if (check == LayerCheck::after_rows)
        if (auto refusal = refused_layer(call, buffer)) return {.gathered = taken.from_all_workers, .outcome = std::move(*refusal)};
    std::int64_t layer = call.layer;
    if (check == LayerCheck::wraps) {
        if (layer >= buffer.layers) return {.gathered = taken.from_all_workers, .outcome = RowsSkipped{}};
        if (layer < -buffer.layers) return {.outcome = no_such_layer(layer, buffer, {layer, 1, buffer.layers})};
        if (layer < 0) layer += buffer.layers;
    }
    return copied(engine, buffer, call, dispatch, taken, layer, workers_rows);
}

}  // namespace kv
