#include "scenarios/golden_slots.h"

#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <string_view>

namespace kv {

namespace {

constexpr std::size_t groups_max = 64, lists_max = std::size_t{1} << 20;
constexpr IntegerRange row_range{0, std::numeric_limits<std::int32_t>::max()};
constexpr IntegerRange block_range{1, std::numeric_limits<std::int32_t>::max()};  // Blocks and their sizes are 32 bits in the engines.

// Groups that take more memory than any recording has are an error of the line; what is left of them can be made.
class SizeSum {
public:
    explicit SizeSum(std::int64_t most) : left_(most) {}

    // Whether the product of what is not negative still fits.
    template <std::same_as<std::int64_t>... Factor>
    bool takes(Factor... factor) {
        std::int64_t product = 1;
        const auto times = [&](std::int64_t by) { return !__builtin_mul_overflow(product, by, &product); };
        if (!(times(factor) && ...) || product > left_) return false;
        left_ -= product;
        return true;
    }

private:
    std::int64_t left_;
};

ContextShare read_share(JsonFields& fields, std::string_view key) {
    const auto pair = fields.need(key);
    if (!pair) return {};
    const std::vector<JsonValue> values = read_array(*pair, 2, fields.errors());
    if (values.size() != 2) {
        if (!values.empty() || pair->kind() == JsonKind::array) fields.errors().note_expected(*pair, "[ranks, this rank]");
        return {};
    }
    const std::int64_t ranks = read_integer(values[0], {1, row_range.most}, fields.errors());
    return {.ranks = ranks, .rank = read_integer(values[1], {0, ranks - 1}, fields.errors())};
}

void read_batch(JsonFields& fields, GoldenSlots& golden) {
    golden.batch.rows = fields.integer("max_num_reqs", {1, row_range.most});
    golden.batched_max = fields.integer("max_num_batched_tokens", {1, mapped_slots_sum_max});
    golden.batch.context = {.decode = read_share(fields, "dcp"),
                            .prefill = read_share(fields, "pcp"),
                            .interleave = Tokens(fields.integer("interleave", from_one))};
}

// Entries of a row, whichever engine's.
std::int64_t widest_row(const TableShape& shape) {
    constexpr std::int64_t rounding = 128;  // A width may be rounded up by less than this.
    const std::int64_t parts = std::max<std::int64_t>(shape.block.value / shape.kernel_block.value, 1);
    return parts * (shape.row_blocks_max.value + rounding);  // Both factors are of 32 bits.
}

void read_groups(JsonFields& fields, GoldenSlots& golden) {
    const auto array = fields.need("groups");
    if (!array) return;
    JsonErrors& errors = fields.errors();
    SizeSum entries(table_entries_sum_max), slots(mapped_slots_sum_max);
    for (const JsonValue value : read_array(*array, groups_max, errors)) {
        JsonFields group(value, errors);
        TableShape shape{.block = TokensPerBlock(group.integer("block_size", block_range)),
                         .kernel_block = TokensPerBlock(group.integer("kernel_block_size", block_range)),
                         .row_blocks_max = Blocks(group.integer("max_num_blocks", {0, block_range.most}))};
        group.finish();
        if (!entries.takes(golden.batch.rows, widest_row(shape)))
            errors.note(value, fmt::format("expected block tables of at most {} entries together", table_entries_sum_max));
        if (!slots.takes(golden.batched_max))
            errors.note(value, fmt::format("expected at most {} slots of all groups together", mapped_slots_sum_max));
        golden.groups.push_back(shape);
    }
    if (golden.groups.empty() && array->kind() == JsonKind::array && array->size() == 0) errors.note_expected(*array, "at least one group");
}

// A list a group, where there are lists at all.
std::vector<JsonValue> lists_of(JsonValue array, std::size_t groups, JsonErrors& errors) {
    std::vector<JsonValue> lists = read_array(array, groups_max, errors);
    if (array.kind() == JsonKind::array && array.size() != groups)
        errors.note_expected(array, fmt::format("one value for each of {} groups", groups));
    return lists;
}

std::vector<std::int64_t> integers(JsonValue array, IntegerRange range, JsonErrors& errors) {
    std::vector<std::int64_t> read;
    for (const JsonValue value : read_array(array, json_values_max, errors)) {
        read.push_back(read_integer(value, range, errors));
        if (errors.full()) break;
    }
    return read;
}

TableEdit read_edit(JsonValue value, std::size_t groups, JsonErrors& errors) {
    constexpr std::array<std::string_view, 5> names{"add", "append", "move", "swap", "clear"};  // In the order of TableEdit::Kind.
    const std::vector<JsonValue> parts = read_array(value, 3, errors);
    TableEdit edit;
    if (parts.empty()) {
        if (value.kind() == JsonKind::array && value.size() == 0) errors.note_expected(value, "what is edited");
        return edit;
    }
    edit.kind = static_cast<TableEdit::Kind>(read_choice(parts[0], names, errors));
    const std::size_t wanted = edit.kind == TableEdit::Kind::clear ? 2 : 3;
    if (parts.size() != wanted) {
        errors.note_expected(value, fmt::format("{} values", wanted));
        return edit;
    }
    edit.row = read_integer(parts[1], row_range, errors);
    if (edit.kind == TableEdit::Kind::move || edit.kind == TableEdit::Kind::swap)
        edit.other_row = read_integer(parts[2], row_range, errors);
    if (edit.kind != TableEdit::Kind::add && edit.kind != TableEdit::Kind::append) return edit;
    for (const JsonValue list : lists_of(parts[2], groups, errors)) {
        std::vector<BlockId>& blocks = edit.blocks.emplace_back();
        for (const std::int64_t id : integers(list, row_range, errors)) blocks.push_back(static_cast<BlockId>(id));
    }
    return edit;
}

PositionRun read_query(JsonValue value, std::size_t row, JsonErrors& errors) {
    const std::vector<JsonValue> parts = read_array(value, 2, errors);
    if (parts.size() != 2) {
        if (value.kind() == JsonKind::array && value.size() < 2) errors.note_expected(value, "[first position, count]");
        return {};
    }
    return {.row = static_cast<std::int32_t>(row),
            .count = static_cast<std::int32_t>(read_integer(parts[1], row_range, errors)),
            .first = read_integer(parts[0], from_zero, errors)};
}

RecordedSlots read_result(JsonFields& fields, std::size_t groups) {
    JsonErrors& errors = fields.errors();
    constexpr IntegerRange any{-recorded_integer_max, recorded_integer_max};
    RecordedSlots recorded;
    const auto error = fields.find("err");
    if (error) recorded.error = read_string(*error, errors);
    // What comes before the error is there, what comes after it is not.
    const auto part = [&](std::string_view key) { return recorded.error ? fields.find(key) : fields.need(key); };
    if (const auto lengths = part("row_lengths"))
        for (const JsonValue list : lists_of(*lengths, groups, errors)) recorded.row_lengths.push_back(integers(list, from_zero, errors));
    if (const auto widths = part("width"))
        for (const JsonValue width : lists_of(*widths, groups, errors)) recorded.widths.push_back(read_integer(width, from_zero, errors));
    const auto slots = part("slots");
    if (slots && recorded.error) errors.note(*slots, "expected no slots next to `err`");
    else if (slots)
        for (const JsonValue list : lists_of(*slots, groups, errors)) recorded.slots.push_back(integers(list, any, errors));
    return recorded;
}

}  // namespace

bool is_golden_slots(JsonValue line) {
    constexpr std::array<std::string_view, 5> keys{"queries", "edits", "interleave", "row_lengths", "max_num_reqs"};
    return std::ranges::count_if(keys, [&](std::string_view key) { return line.member(key).has_value(); }) >= 2;
}

std::string golden_slots_engine(JsonValue line) {
    const std::optional<JsonValue> engine = line.member("engine");
    if (!engine || engine->kind() != JsonKind::string) return {};
    const std::string_view name = engine->string();
    const bool number_only = !name.empty() && '0' <= name.front() && name.front() <= '9';
    return (number_only ? "vllm-" : "") + std::string(name);
}

std::variant<GoldenSlots, Diagnostics> read_golden_slots(const JsonDocument& line) {
    JsonErrors errors;
    GoldenSlots golden;
    JsonFields fields(line.root(), errors);
    golden.id = fields.string("case");
    fields.string("engine");
    golden.engine = golden_slots_engine(line.root());
    read_batch(fields, golden);
    read_groups(fields, golden);
    for (const JsonValue edit : fields.array("edits", lists_max)) {
        golden.edits.push_back(read_edit(edit, golden.groups.size(), errors));
        if (errors.full()) break;
    }
    std::int64_t row_entries = 0;
    for (const TableShape& shape : golden.groups) row_entries += std::min(widest_row(shape), edited_entries_max);
    if (row_entries > 0 && std::ssize(golden.edits) > edited_entries_max / row_entries)
        errors.note(line.root(), fmt::format("expected edits of at most {} entries together", edited_entries_max));
    for (const JsonValue query : fields.array("queries", lists_max)) {
        golden.runs.push_back(read_query(query, golden.runs.size(), errors));
        if (errors.full()) break;
    }
    golden.expect = read_result(fields, golden.groups.size());
    fields.finish();
    if (!errors.none()) return errors.take();
    return golden;
}

}  // namespace kv
