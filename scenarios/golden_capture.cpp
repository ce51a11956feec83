#include "scenarios/golden_capture.h"

#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace kv {
namespace {

constexpr std::size_t calls_max = 16, ranks_max = 4096, segments_max = std::size_t{1} << 20;
constexpr std::int64_t layers_max = std::int64_t{1} << 20;
constexpr IntegerRange any{-recorded_integer_max, recorded_integer_max};
constexpr IntegerRange row_range{0, capture_rows_max};
constexpr std::int64_t ranks_a_call = 64, rows_a_rank = 4096, columns_a_row = 8;  // Of the recorder's numbering.

std::vector<std::int64_t> integers(JsonValue array, std::size_t most, IntegerRange range, JsonErrors& errors) {
    std::vector<std::int64_t> read;
    for (const JsonValue value : read_array(array, most, errors)) {
        read.push_back(read_integer(value, range, errors));
        if (errors.full()) break;
    }
    return read;
}

std::optional<std::vector<std::int64_t>> integers_or_null(JsonFields& fields, std::string_view key) {
    const auto array = fields.need(key);
    if (!array || array->kind() == JsonKind::null) return std::nullopt;
    return integers(*array, ranks_max, row_range, fields.errors());
}

template <std::size_t Size>
std::vector<std::array<std::int64_t, Size>> tuples(JsonValue array, IntegerRange range, JsonErrors& errors) {
    std::vector<std::array<std::int64_t, Size>> read;
    for (const JsonValue value : read_array(array, segments_max, errors)) {
        const std::vector<std::int64_t> parts = integers(value, Size, range, errors);
        if (parts.size() == Size) std::copy_n(parts.begin(), Size, read.emplace_back().begin());
        else if (value.kind() == JsonKind::array && value.size() < Size) errors.note_expected(value, fmt::format("{} integers", Size));
        if (errors.full()) break;
    }
    return read;
}

// Rows of one worker's tensor, in a numbering that only so many ranks, rows and columns have.
std::vector<RowSegment> read_tensor(JsonValue value, JsonErrors& errors) {
    std::vector<RowSegment> tensor;
    std::int64_t rows = 0;
    for (const auto& [rank, first, count] : tuples<3>(value, {pad_rank, capture_rows_max}, errors)) {
        const bool numbered = rank < ranks_a_call - 1 && 0 <= first && 0 <= count && first + count <= rows_a_rank;
        if (!numbered) errors.note(value, fmt::format("expected ranks below {} and rows of [0, {})", ranks_a_call - 1, rows_a_rank));
        rows += std::max<std::int64_t>(count, 0);
        tensor.push_back({.rank = rank, .first = first, .count = numbered ? count : 0});
    }
    if (rows > capture_rows_max) errors.note(value, fmt::format("expected at most {} rows", capture_rows_max));
    return tensor;
}

void check_ranks(JsonFields& fields, const GoldenCapture& golden, std::int64_t dp_size, const RecordedCall& call) {
    if (call.rank_tokens && std::ssize(*call.rank_tokens) != dp_size)
        fields.errors().note_expected(fields.object(), fmt::format("`tokens` of {} ranks", dp_size));
    const bool one_or_each = call.tensors.size() == 1 || std::ssize(call.tensors) == golden.tp_size;
    if (!one_or_each) fields.errors().note(fields.object(), fmt::format("expected `tp_rows` of 1 or {} workers", golden.tp_size));
}

RecordedCall read_call(JsonValue value, const GoldenCapture& golden, std::int64_t dp_size, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedCall call{.layer = fields.integer("layer_id", any),
                      .columns = fields.integer("cols", {0, columns_a_row + 1}),
                      .rank_tokens = integers_or_null(fields, "tokens"),
                      .shard_tokens = integers_or_null(fields, "local_sizes"),
                      .batch_tokens = fields.integer_or_null("batch_tokens", row_range),
                      .batch_start = fields.integer_or_null("ubatch_offset", row_range),
                      .tensors = {}};
    fields.integer("sp_size", row_range);
    if (const auto tensors = fields.need("tp_rows"))
        for (const JsonValue tensor : read_array(*tensors, ranks_max, errors)) call.tensors.push_back(read_tensor(tensor, errors));
    check_ranks(fields, golden, dp_size, call);
    const std::int64_t rows = fields.integer("n", row_range);
    if (errors.none() && rows != rows_of(call.tensors[call.tensors.size() == 1 ? 0 : static_cast<std::size_t>(golden.tp_rank)]))
        errors.note(value, "expected `n` to be the rows of this worker's `tp_rows`");
    fields.finish();
    return call;
}

GoldenCapture::CallOutcome read_call_outcome(JsonValue value, JsonErrors& errors) {
    JsonFields fields(value, errors);
    GoldenCapture::CallOutcome outcome;
    const auto exception = fields.need("exception");
    if (exception && exception->kind() != JsonKind::null) {
        JsonFields raised(*exception, errors);
        outcome.exception = {.type = raised.string("type"), .message = raised.string("message")};
        raised.finish();
    }
    outcome.all_gathers = fields.integer("all_gathers", row_range);
    fields.finish();
    return outcome;
}

RecordedLayer::Odd read_odd(JsonValue value, JsonErrors& errors) {
    const std::vector<JsonValue> parts = read_array(value, 2, errors);
    if (parts.size() != 2) {
        errors.note_expected(value, "[row, values]");
        return {};
    }
    return {.row = read_integer(parts[0], row_range, errors), .values = integers(parts[1], segments_max, any, errors)};
}

RecordedLayer read_layer(JsonValue value, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedLayer layer{.layer = fields.integer("layer", {0, layers_max})};
    if (const auto rows = fields.need("rows")) layer.rows = tuples<5>(*rows, any, errors);
    if (const auto untouched = fields.need("untouched")) layer.untouched = tuples<2>(*untouched, row_range, errors);
    if (const auto odd = fields.find("odd"))
        for (const JsonValue row : read_array(*odd, segments_max, errors)) layer.odd.push_back(read_odd(row, errors));
    fields.finish();
    return layer;
}

void read_outcome(JsonValue value, GoldenCapture& golden, JsonErrors& errors) {
    JsonFields fields(value, errors);
    const std::vector<JsonValue> calls = fields.array("calls", calls_max);
    if (calls.size() != golden.calls.size()) errors.note(value, fmt::format("expected outcomes of {} calls", golden.calls.size()));
    for (const JsonValue call : calls) golden.outcomes.push_back(read_call_outcome(call, errors));
    for (const JsonValue layer : fields.array("layers", layers_max)) golden.layers.push_back(read_layer(layer, errors));
    if (const auto layers = fields.need("untouched_layers"))
        golden.untouched_layers = integers(*layers, layers_max, {0, layers_max}, errors);
    fields.finish();
}

std::optional<StepBufferShape> read_buffer(JsonFields& fields) {
    const StepBufferShape shape{.rows = fields.integer("max_tokens", row_range),
                                .layers = fields.integer("num_layers", {0, layers_max}),
                                .columns = fields.integer("top_k", {1, columns_a_row})};
    if (shape.rows > capture_cells_max / shape.columns)
        fields.errors().note(fields.object(), fmt::format("expected a layer of at most {} ids", capture_cells_max));
    // The one generator class that says something: its calls come before the buffer is made.
    if (fields.string("kind") == "uninitialized") return std::nullopt;
    return shape;
}

}  // namespace

std::int64_t recorded_value(const CapturedCell& cell) {
    return ((cell.call * ranks_a_call + cell.rank + 1) * rows_a_rank + cell.row) * columns_a_row + cell.column;
}

CapturedCell recorded_cell(std::int64_t value) {
    const std::int64_t row = value / columns_a_row;
    const std::int64_t rank = row / rows_a_rank;
    return {.call = rank / ranks_a_call, .rank = rank % ranks_a_call - 1, .row = row % rows_a_rank, .column = value % columns_a_row};
}

bool is_golden_capture(JsonValue line) {
    return line.member("dp_rank").has_value() && line.member("calls").has_value() && line.member("max_tokens").has_value();
}

std::string golden_capture_engine(JsonValue line) {
    const std::optional<JsonValue> version = line.member("version");
    if (!version || version->kind() != JsonKind::string) return {};
    return "vllm-" + std::string(version->string());
}

std::variant<GoldenCapture, Diagnostics> read_golden_capture(const JsonDocument& line) {
    JsonErrors errors;
    GoldenCapture golden;
    JsonFields fields(line.root(), errors);
    golden.id = fields.string("id");
    fields.string("version");
    golden.engine = golden_capture_engine(line.root());
    const std::int64_t dp_size = fields.integer("dp_size", {1, ranks_max});
    golden.dp_rank = fields.integer("dp_rank", {0, dp_size - 1});
    golden.tp_size = fields.integer("tp_size", {1, ranks_max});
    golden.tp_rank = fields.integer("tp_rank", {0, golden.tp_size - 1});
    golden.buffer = read_buffer(fields);
    fields.integer("num_experts", from_one);
    fields.string("topk_dtype");
    for (const JsonValue call : fields.array("calls", calls_max)) golden.calls.push_back(read_call(call, golden, dp_size, errors));
    if (const auto outcome = fields.need("outcome")) read_outcome(*outcome, golden, errors);
    fields.finish();
    if (!errors.none()) return errors.take();
    return golden;
}

}  // namespace kv
