#include "scenarios/golden_side_buffer.h"

#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace kv {

namespace {

constexpr std::size_t groups_max = 64, parts_max = std::size_t{1} << 16, runs_max = std::size_t{1} << 20;
constexpr IntegerRange any_integer{-recorded_integer_max, recorded_integer_max};
constexpr IntegerRange count_range{1, saved_rows_sum_max};
constexpr IntegerRange size_range{1, std::numeric_limits<std::int32_t>::max()};  // Blocks and their sizes are 32 bits in the engines.
constexpr std::int64_t step_rows = 100'000;                                      // A saved row's value is 1 + step x this + token.

// What runs stand for, all of a kind together, is bounded before anything is made of them.
class RowBudget {
public:
    explicit RowBudget(std::int64_t most) : most_(most), left_(most) {}

    bool takes(std::int64_t rows, JsonValue where, JsonErrors& errors) {
        if (rows <= left_) {
            left_ -= rows;
            return true;
        }
        errors.note(where, fmt::format("expected at most {} rows together", most_));
        return false;
    }

private:
    std::int64_t most_, left_;
};

struct Budgets {
    RowBudget saved{saved_rows_sum_max}, read{read_rows_sum_max}, answered{recorded_rows_sum_max};
};

// The integers of one run, [first, count, ...]; empty: that is noted.
std::vector<std::int64_t> run_of(JsonValue value, std::string_view expected, std::size_t size, JsonErrors& errors) {
    const std::vector<JsonValue> parts = read_array(value, size, errors);
    if (parts.size() != size) {
        if (value.kind() == JsonKind::array && value.size() < size) errors.note_expected(value, expected);
        return {};
    }
    std::vector<std::int64_t> run;
    for (const JsonValue part : parts) run.push_back(read_integer(part, any_integer, errors));
    return run;
}

bool in_range(std::int64_t value, IntegerRange range) { return range.least <= value && value <= range.most; }

std::vector<std::int64_t> read_indexes(JsonValue array, RowBudget& budget, JsonErrors& errors) {
    std::vector<std::int64_t> indexes;
    for (const JsonValue value : read_array(array, runs_max, errors)) {
        const auto run = run_of(value, "[first, count, stride]", 3, errors);
        if (errors.full()) break;
        if (run.empty()) continue;
        if (!in_range(run[1], count_range) || !in_range(run[2], {0, 1})) errors.note_expected(value, "a count and a stride of 0 or 1");
        else if (budget.takes(run[1], value, errors))
            for (std::int64_t i = 0; i < run[1]; ++i) indexes.push_back(run[0] + i * run[2]);
    }
    return indexes;
}

SavedRow saved_row(std::int64_t value) { return {.step = (value - 1) / step_rows, .token = (value - 1) % step_rows}; }

std::vector<FoundRow> read_values(JsonValue array, RowBudget& budget, JsonErrors& errors) {
    std::vector<FoundRow> rows;
    for (const JsonValue value : read_array(array, runs_max, errors)) {
        const auto run = run_of(value, "[first value, count]", 2, errors);
        if (errors.full()) break;
        if (run.empty()) continue;
        if (run[0] < 0 || !in_range(run[1], count_range)) errors.note_expected(value, "a value and a count");
        else if (budget.takes(run[1], value, errors))
            for (std::int64_t i = 0; i < run[1]; ++i) rows.push_back(run[0] == 0 ? FoundRow() : saved_row(run[0] + i));
    }
    return rows;
}

std::vector<std::pair<std::int64_t, SavedRow>> read_written(JsonValue array, RowBudget& budget, JsonErrors& errors) {
    std::vector<std::pair<std::int64_t, SavedRow>> rows;
    for (const JsonValue value : read_array(array, runs_max, errors)) {
        const auto run = run_of(value, "[first row, count, first value]", 3, errors);
        if (errors.full()) break;
        if (run.empty()) continue;
        if (run[0] < 0 || !in_range(run[1], count_range) || run[2] < 1) errors.note_expected(value, "a row, a count and a value");
        else if (budget.takes(run[1], value, errors))
            for (std::int64_t i = 0; i < run[1]; ++i) rows.emplace_back(run[0] + i, saved_row(run[2] + i));
    }
    return rows;
}

KvSpec read_group(JsonValue value, JsonErrors& errors) {
    constexpr std::array<std::string_view, 5> kinds{"full", "sliding", "chunked", "mla", "mamba"};
    JsonFields fields(value, errors);
    const auto kind = fields.need("spec");
    const std::size_t choice = kind ? read_choice(*kind, kinds, errors) : 0;
    const TokensPerBlock block{fields.integer("block_size", size_range)};
    fields.finish();
    AttentionCache cache;
    cache.block = block;
    switch (choice) {
        case 1:
            return SlidingWindowSpec{.cache = cache, .window = Tokens{128}, .extra_retained = Tokens{0}};
        case 2:
            return ChunkedLocalSpec{.cache = cache, .chunk = Tokens{8192}};
        case 3:
            return MlaSpec{.full = {.cache = cache}};
        case 4: {
            MambaSpec states;
            states.block = block;
            return states;
        }
        default:
            return FullSpec{.cache = cache};
    }
}

std::vector<std::int64_t> read_step(JsonValue value, Budgets& budgets, JsonErrors& errors) {
    JsonFields fields(value, errors);
    std::vector<std::int64_t> slots;
    if (const auto runs = fields.need("slots")) slots = read_indexes(*runs, budgets.saved, errors);
    const std::int64_t tokens = fields.integer("num_tokens", {0, saved_rows_sum_max});
    if (errors.none() && tokens != std::ssize(slots)) errors.note(value, fmt::format("expected {} slots, one a token", tokens));
    fields.finish();
    return slots;
}

SideBufferRead read_read(JsonValue value, Budgets& budgets, JsonErrors& errors) {
    JsonFields fields(value, errors);
    SideBufferRead read;
    for (const JsonValue id : fields.array("block_ids", runs_max)) {
        read.blocks.push_back(static_cast<BlockId>(read_integer(id, {0, size_range.most}, errors)));
        if (errors.full()) break;
    }
    read.tokens = fields.integer("num_tokens", {1, read_rows_sum_max});
    if (!budgets.read.takes(read.tokens, value, errors)) read.tokens = 1;
    fields.finish();
    return read;
}

RecordedError read_error(JsonValue value, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedError error{.type = fields.string("type"), .message = fields.string("message"), .raised_in = {}, .check = {}};
    fields.finish();
    return error;
}

std::optional<RecordedError> read_exception(JsonFields& fields) {
    const auto error = fields.need("exception");
    if (!error || error->kind() == JsonKind::null) return std::nullopt;
    return read_error(*error, fields.errors());
}

RecordedSave read_save_outcome(JsonValue value, Budgets& budgets, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedSave save{.error = read_exception(fields), .rows_changed = {}};
    if (const auto rows = fields.need("rows_changed")) save.rows_changed = read_indexes(*rows, budgets.answered, errors);
    fields.finish();
    return save;
}

RecordedRead read_read_outcome(JsonValue value, Budgets& budgets, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedRead read{.error = read_exception(fields), .rows = {}};
    const auto values = fields.need("values");
    if (read.error) {
        if (values && values->kind() != JsonKind::null) errors.note_expected(*values, "null next to an exception");
    } else {
        if (values) read.rows = read_values(*values, budgets.answered, errors);
        const std::int64_t count = fields.integer("count", from_zero);
        if (errors.none() && count != std::ssize(read.rows)) errors.note(value, fmt::format("expected values of {} rows", count));
    }
    fields.finish();
    return read;
}

std::variant<RecordedSideBuffer, RecordedError> read_outcome(JsonValue value, const GoldenSideBuffer& golden, Budgets& budgets,
                                                             JsonErrors& errors) {
    JsonFields fields(value, errors);
    if (const auto error = fields.find("init_exception")) {
        RecordedError refused = read_error(*error, errors);
        fields.finish();
        return refused;
    }
    RecordedSideBuffer recorded;
    recorded.rows = fields.integer("rows", from_zero);
    recorded.capture_group = fields.integer("attn_gid", {0, std::max<std::int64_t>(std::ssize(golden.groups) - 1, 0)});
    recorded.group_slots = fields.integer("address_space", from_zero);
    for (const JsonValue save : fields.array("steps", parts_max)) recorded.saves.push_back(read_save_outcome(save, budgets, errors));
    if (const auto rows = fields.need("buffer")) recorded.written = read_written(*rows, budgets.answered, errors);
    for (const JsonValue read : fields.array("reads", parts_max)) recorded.reads.push_back(read_read_outcome(read, budgets, errors));
    if (errors.none() && recorded.saves.size() != golden.steps.size())
        errors.note(value, fmt::format("expected an outcome for each of {} steps", golden.steps.size()));
    if (errors.none() && recorded.reads.size() != golden.reads.size())
        errors.note(value, fmt::format("expected an outcome for each of {} reads", golden.reads.size()));
    fields.finish();
    return recorded;
}

}  // namespace

bool is_golden_side_buffer(JsonValue line) {
    constexpr std::array<std::string_view, 4> keys{"reads", "steps", "num_blocks", "top_k"};
    return std::ranges::count_if(keys, [&](std::string_view key) { return line.member(key).has_value(); }) >= 3;
}

std::string golden_side_buffer_engine(JsonValue line) {
    const std::optional<JsonValue> version = line.member("version");
    return version && version->kind() == JsonKind::string ? "vllm-" + std::string(version->string()) : std::string();
}

std::variant<GoldenSideBuffer, Diagnostics> read_golden_side_buffer(const JsonDocument& line) {
    JsonErrors errors;
    Budgets budgets;
    GoldenSideBuffer golden;
    JsonFields fields(line.root(), errors);
    fields.string("version");
    golden.engine = golden_side_buffer_engine(line.root());
    golden.id = fields.string("id");
    fields.integer("dp_rank", from_zero);  // Which of several buffers; each is alone with its own.
    golden.layers = fields.integer("num_layers", {1, 1 << 16});
    golden.topk = fields.integer("top_k", {1, 1 << 16});
    const std::vector<JsonValue> groups = fields.array("groups", groups_max);
    for (const JsonValue group : groups) golden.groups.push_back(read_group(group, errors));
    if (errors.none() && golden.groups.empty()) errors.note(line.root(), "expected at least one group");
    golden.blocks = Blocks(fields.integer("num_blocks", size_range));
    for (const JsonValue step : fields.array("steps", parts_max)) golden.steps.push_back(read_step(step, budgets, errors));
    for (const JsonValue read : fields.array("reads", parts_max)) golden.reads.push_back(read_read(read, budgets, errors));
    if (const auto outcome = fields.need("outcome")) golden.expect = read_outcome(*outcome, golden, budgets, errors);
    fields.finish();
    if (!errors.none()) return errors.take();
    return golden;
}

}  // namespace kv
