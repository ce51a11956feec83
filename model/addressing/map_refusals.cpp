#include "model/addressing/map_refusals.h"

#include "model/contract.h"
#include "model/refusal.h"

#include <algorithm>
#include <optional>
#include <string>

namespace kv {
namespace {

constexpr std::string_view mapping = "BlockTable.compute_slot_mapping";

std::string figure(std::int64_t number) { return std::to_string(number); }

// Of the run's positions the first whose column is not among the first `columns`.
std::optional<std::int64_t> first_past(const SlotAddress& address, const PositionRun& run, std::int64_t columns) {
    if (run.count == 0) return std::nullopt;
    if (address.column_of(run.first) >= columns) return run.first;
    const std::int64_t past = columns * address.column_tokens().value();  // Small: a position before it is in the table.
    return past - run.first < run.count ? std::optional(past) : std::nullopt;
}

[[noreturn]] void refuse_row(const MapTable& table, const PositionRun& run, std::int64_t position) {
    const std::int64_t column = table.address.column_of(position);
    std::string message = "row " + figure(run.row) + ", position " + figure(position) + ": ";
    if (run.row >= table.rows) message += "the table has " + figure(table.rows) + " rows";
    else message += "column " + figure(column) + " of a row that is " + figure(table.width) + " wide";
    refuse({.type = Raised::index_error,
            .raised_in = "kvproof",
            .message = std::move(message),
            .figures = {run.row, position, run.row >= table.rows ? table.rows : table.width}});
}

[[noreturn]] void refuse_index(const MapTable& table, std::int64_t index) {
    const std::int64_t size = std::ssize(table.entries);
    refuse({.type = Raised::index_error,
            .raised_in = mapping,
            .message = "entry " + figure(index) + " of a table of " + figure(size),
            .figures = {index, size}});
}

[[noreturn]] void refuse_memory(const PositionRun& run, std::string_view what) {
    refuse({.type = Raised::memory_fault,
            .raised_in = mapping,
            .message =
                "row " + figure(run.row) + ", " + figure(run.count) + " positions from " + figure(run.first) + ": " + std::string(what)});
}

}  // namespace

void refuse_run(const MapTable& table, std::span<const PositionRun> runs, const PositionRun& run) {
    for (const PositionRun& each : runs)
        require((each.first | each.count | each.row) >= 0 && each.first < position_end, "rows, positions and counts are in their ranges");
    const auto columns_in_table = [&](const PositionRun& of) { return std::ssize(table.entries) - of.row * table.width; };
    if (table.bound == TableBound::own_row) {
        const std::int64_t columns = run.row < table.rows ? table.width : 0;
        if (const auto position = first_past(table.address, run, columns)) refuse_row(table, run, *position);
    }
    if (table.bound == TableBound::flat_array) {  // All indexes are looked at before a slot is written.
        for (const PositionRun& each : runs)
            if (const auto position = first_past(table.address, each, columns_in_table(each)))
                refuse_index(table, each.row * table.width + table.address.column_of(*position));
    }
    if (table.bound == TableBound::device_memory)
        refuse_memory(run, first_past(table.address, run, columns_in_table(run)) ? "read past the table" : "written past the batch");
    std::int64_t tokens = 0;
    for (const PositionRun& each : runs) tokens += each.count;
    refuse({.type = Raised::value_error,
            .raised_in = mapping,
            .message = figure(tokens) + " tokens are more than the batch has room for",
            .figures = {tokens}});
}

}  // namespace kv
