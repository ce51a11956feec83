#include "model/addressing/block_table.h"

#include "model/addressing/map_runs.h"
#include "model/refusal.h"
#include "model/rules/block_tables.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

SlotAddress address_of(const Engine& engine, const TableBlock& block, const ContextPlace& place) {
    return SlotAddress(block.block, engine.context_ranks(place), place.interleave);
}

// With blocks of 2 and an interleave of 3 the third token of a turn would lie in the block after its own.
void refuse_interleave(const SlotAddress& address) {
    const std::int64_t block = address.block_tokens(), interleave = address.interleave();
    if (!address.shared() || block % interleave == 0) return;
    refuse({.type = Raised::value_error,
            .raised_in = "kvproof",
            .message = "an interleave of " + std::to_string(interleave) + " tokens does not divide a block of " + std::to_string(block),
            .figures = {interleave, block}});
}

std::size_t entry_count(std::int64_t rows, std::int64_t width, const SlotAddress& address) {
    const std::int64_t entries = checked_mul(rows, width);
    // Neither the first position past a table wraps, nor where a row of any 32-bit number starts, nor a slot of any 32-bit block id.
    checked_mul(entries, address.column_tokens().value());
    checked_mul(std::int64_t{1} << 32, width);
    checked_mul(std::int64_t{1} << 32, address.block_tokens());
    return static_cast<std::size_t>(entries);
}

}  // namespace

BlockTable::BlockTable(const Engine& engine, const TableShape& shape, const BatchShape& batch)
    : block_(engine.table_block(shape.block, shape.kernel_block)),
      address_(address_of(engine, block_, batch.context)),
      moved_row_(engine.moved_row),
      batch_padding_(engine.batch_padding),
      bound_(engine.table_bound.choice),
      arithmetic_(engine.slot_arithmetic.choice),
      width_(engine.table_width(checked_mul(shape.row_blocks_max.value, block_.entries_per_block), block_.block)) {
    require(shape.row_blocks_max.value >= 0 && batch.rows >= 0, "a table's sizes are not negative");
    if (bound_ == TableBound::own_row) refuse_interleave(address_);
    entries_.resize(entry_count(batch.rows, width_, address_));
    lengths_.resize(static_cast<std::size_t>(batch.rows));
}

std::int64_t BlockTable::checked_row(std::int64_t row, const char* call) const {
    require(row >= 0, "rows are counted from 0");
    if (row < rows()) return row;
    refuse({.type = Raised::index_error,
            .raised_in = call,
            .message = "row " + std::to_string(row) + " of a table of " + std::to_string(rows()),
            .figures = {row, rows()}});
}

std::span<std::int32_t> BlockTable::row_of(std::int64_t row) {
    return std::span(entries_).subspan(static_cast<std::size_t>(row * width_), static_cast<std::size_t>(width_));
}

std::span<const std::int32_t> BlockTable::row(std::int64_t row) const {
    return std::span(entries_).subspan(static_cast<std::size_t>(row * width_), static_cast<std::size_t>(width_));
}

void BlockTable::add(std::int64_t row, std::span<const BlockId> blocks) {
    lengths_[static_cast<std::size_t>(checked_row(row, "BlockTable.append_row"))] = 0;
    append(row, blocks);
}

void BlockTable::append(std::int64_t row, std::span<const BlockId> blocks) {
    if (blocks.empty()) return;
    checked_row(row, "BlockTable.append_row");
    std::int64_t& length = lengths_[static_cast<std::size_t>(row)];
    const std::int64_t first = std::min(length, width_), count = checked_mul(std::ssize(blocks), block_.entries_per_block);
    length += count;
    if (count > width_ - first) {
        // An array takes one value for any number of places, for none too: the engines then drop the block.
        if (bound_ != TableBound::own_row && count == 1) return;
        refuse({.type = Raised::value_error,
                .raised_in = "BlockTable.append_row",
                .message = "row " + std::to_string(row) + " has room for " + std::to_string(width_ - first) + " of " +
                           std::to_string(count) + " more entries",
                .figures = {count, width_ - first}});
    }
    auto entry = row_of(row).begin() + first;
    for (const BlockId block : blocks)
        for (std::int64_t part = 0; part < block_.entries_per_block; ++part)  // In 32 bits, as the engine stores them.
            *entry++ = static_cast<std::int32_t>(static_cast<std::int64_t>(block) * block_.entries_per_block + part);
}

void BlockTable::move(std::int64_t source, std::int64_t target) {
    checked_row(source, "BlockTable.move_row");
    checked_row(target, "BlockTable.move_row");
    std::int64_t& length = lengths_[static_cast<std::size_t>(source)];
    const auto held = static_cast<std::size_t>(std::min(length, width_));
    std::ranges::copy(row_of(source).first(held), row_of(target).begin());
    lengths_[static_cast<std::size_t>(target)] = length;
    moved_row_(row_of(source), length);
}

void BlockTable::swap(std::int64_t left, std::int64_t right) {
    checked_row(left, "BlockTable.swap_row");
    checked_row(right, "BlockTable.swap_row");
    if (left == right) return;
    std::ranges::swap_ranges(row_of(left), row_of(right));
    std::swap(lengths_[static_cast<std::size_t>(left)], lengths_[static_cast<std::size_t>(right)]);
}

void BlockTable::clear(std::int64_t row) {
    checked_row(row, "BlockTable.clear_row");
    clear_row(row_of(row), lengths_[static_cast<std::size_t>(row)]);
}

std::span<std::int64_t> BlockTable::map(std::span<const PositionRun> runs, std::span<std::int64_t> batch) const {
    const MapTable table{
        .entries = entries_, .rows = rows(), .width = width_, .address = address_, .bound = bound_, .arithmetic = arithmetic_};
    return batch.first(batch_padding_(batch, map_runs(table, runs, batch)));
}

}  // namespace kv
