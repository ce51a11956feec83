// The block table of one group: for each request of the batch a row of block ids, and the slots of tokens that follow from them. Given
// the same calls it holds and answers what the engine's does. Where the engine raises, a call throws RefusedByEngine.
#pragma once

#include "model/addressing/position_run.h"
#include "model/addressing/table_shape.h"
#include "model/engine.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class BlockTable {
public:
    // Takes rows x width entries of memory. SizeOverflow where they, or the tokens that they reach, do not fit 64 bits.
    BlockTable(const Engine& engine, const TableShape& shape, const BatchShape& batch);

    // Rows are counted from 0; a row past the last is refused.
    void add(std::int64_t row, std::span<const BlockId> blocks);  // In place of those that the row has.
    void append(std::int64_t row, std::span<const BlockId> blocks);
    void move(std::int64_t source, std::int64_t target);
    void swap(std::int64_t left, std::int64_t right);
    void clear(std::int64_t row);  // Since 0.32.0.

    // One slot for each token of the runs, in their order, written to the front of `batch`, which has room for the largest batch. What
    // is returned is the part of it that is the mapping; an engine may pad it. After a refusal `batch` holds anything.
    std::span<std::int64_t> map(std::span<const PositionRun> runs, std::span<std::int64_t> batch) const;

    std::int64_t rows() const { return std::ssize(lengths_); }
    std::int64_t width() const { return width_; }  // Entries of a row.
    std::int64_t row_length(std::int64_t row) const { return lengths_[static_cast<std::size_t>(row)]; }
    std::span<const std::int32_t> row(std::int64_t row) const;  // Its whole width.
    const SlotAddress& address() const { return address_; }
    TableBound bound() const { return bound_; }

private:
    std::int64_t checked_row(std::int64_t row, const char* call) const;
    std::span<std::int32_t> row_of(std::int64_t row);

    TableBlock block_;
    SlotAddress address_;
    MovedRow moved_row_;
    BatchPadding batch_padding_;
    TableBound bound_;
    SlotArithmetic arithmetic_;
    std::int64_t width_;
    std::vector<std::int32_t> entries_;  // Row after row, as the engine's, which reads on from one into the next.
    std::vector<std::int64_t> lengths_;  // Of each row. An engine may count entries that it had no room for.
};

}  // namespace kv
