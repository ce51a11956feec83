// How block tables are made: what the plan and the settings say, before an engine's rules decide what becomes of it.
#pragma once

#include "model/addressing/slot_address.h"
#include "model/units.h"

#include <cstdint>

namespace kv {

// Of one group.
struct TableShape {
    TokensPerBlock block{16};         // As the cache manager hands blocks out.
    TokensPerBlock kernel_block{16};  // As the attention kernel wants them; it divides the manager's.
    Blocks row_blocks_max{1};         // Of one request, in the manager's blocks.
    std::int64_t block_elements = 0;  // Of one layer, as a kernel strides over them; 0: it has none.
};

// Of all groups.
struct ContextPlace {
    ContextShare decode = {};
    ContextShare prefill = {};
    Tokens interleave{1};
};
struct BatchShape {
    std::int64_t rows = 1;  // Requests at a time.
    ContextPlace context = {};
};

// The blocks that a table's entries name.
struct TableBlock {
    TokensPerBlock block{16};
    std::int64_t entries_per_block = 1;  // Of the manager's block.
};

// What bounds a position's column. Its row's own entries never do: what a row held before is read like what it holds.
enum class TableBound : std::uint8_t {
    flat_array,     // The array of all rows, also for tokens of other ranks.
    device_memory,  // Nothing; past the last row lies memory of somebody else.
    own_row,        // Its row.
};

enum class SlotArithmetic : std::uint8_t { wraps_at_32_bits, exact };

}  // namespace kv
