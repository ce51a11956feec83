// Rows of a buffer as a kernel is given them. Whether a row that the buffer does not have is obeyed, counted or written down, they decide;
// a kernel asks once a row.
#pragma once

#include "kernels/id_pack.h"

#include <cstdint>

namespace kv {

struct AskedRow {
    std::int64_t row;
    std::int64_t weight;  // 1 for the one thread that counts for the row, 0 for those that share it.
};

// A row on its way: the move's own number, and what its table says of it (a slot, a row of the source). The table is read first and for
// itself, so that a thread can have several such reads under way before it follows the first.
struct RowTrip {
    std::int64_t row = 0;
    std::int64_t index = 0;
    std::int64_t weight = 0;
};

// As engines do it: whatever row is named is there.
template <class Id>
struct TrustedRows {
    Id* ids;
    template <class Place>
    constexpr Id* row(AskedRow asked, Tally&, Place place) const {
        return ids + place(asked.row);
    }
};

// A row that is not there is counted, and nothing is done for it. It is judged before an offset is made of it: a wild one cannot wrap
// back into the buffer.
template <class Id>
struct CheckedRows {
    Id* ids;
    std::int64_t row_count;
    template <class Place>
    constexpr Id* row(AskedRow asked, Tally& tally, Place place) const {
        if (0 <= asked.row && asked.row < row_count) return ids + place(asked.row);
        tally.bad_row_count += asked.weight;
        return nullptr;
    }
};

}  // namespace kv
