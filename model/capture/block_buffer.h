// Blocks of rows that are not yet objects: of each request the block that it is filling, and full ones whose key is not known yet. A pool
// of a fixed number of blocks holds them.
#pragma once

#include "model/capture/row_step.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

// A full block: in the pool, or still where the step left it.
struct FullBlock {
    std::int64_t start = 0;  // Position of its first row.
    std::int64_t pooled = -1;
    std::span<const RowTag> rows = {};
};

class BlockBuffer {
public:
    BlockBuffer(const RowSetup& setup, std::int64_t columns);

    // Adds rows of positions from `first` on, and to `full` the blocks that they fill. Throws RefusedByEngine (AssertionError) where they
    // do not follow on what is there.
    void capture(std::int64_t request, std::int64_t first, std::span<const RowTag> rows, std::vector<FullBlock>& full);

    // Rows of the block that a request is filling.
    std::span<const RowTag> read(std::int64_t request, std::int64_t first, std::int64_t end) const;

    FullBlock retain(const FullBlock& block);  // In the pool from now on.
    void release(const FullBlock& block);
    void discard(std::int64_t request);
    void reset();

    std::int64_t block_rows() const { return block_rows_; }
    std::int64_t free_blocks() const { return std::ssize(free_); }
    std::int64_t blocks() const { return blocks_; }

private:
    struct Tail {
        std::int64_t pooled;
        std::int64_t start;
        std::int64_t length = 0;
    };
    std::span<RowTag> block(std::int64_t pooled);
    std::int64_t take_block();
    Tail& tail_of(std::int64_t request, std::int64_t start);

    std::int64_t block_rows_;
    std::int64_t columns_;
    std::int64_t blocks_;
    std::vector<RowTag> rows_;
    std::vector<std::int64_t> free_;
    std::vector<std::optional<Tail>> tails_;  // By request.
};

}  // namespace kv
