// Where a token of a request lies in one group's pool: which column of the block table holds its block, whether it is this rank's, and
// how far into the block. The one computation that whoever writes and whoever reads share.
#pragma once

#include "model/addressing/divisor.h"
#include "model/units.h"

#include <algorithm>
#include <cstdint>

namespace kv {

// Context-parallel ranks, and which of them this one is.
struct ContextShare {
    std::int64_t ranks = 1;
    std::int64_t rank = 0;
    friend bool operator==(const ContextShare&, const ContextShare&) = default;
};

// Consecutive positions that lie side by side: at `offset`, `offset` + 1, ... of the column's block.
struct Stretch {
    std::int64_t position = 0;
    std::int64_t length = 0;
    std::int64_t column = 0;
    std::int64_t offset = 0;
    friend bool operator==(const Stretch&, const Stretch&) = default;
};

inline constexpr std::int64_t position_end = std::int64_t{1} << 61;

// A column holds one block on each rank. Of its tokens the first `interleave` are rank 0's, the next rank 1's, and so on in turn:
// with blocks of 4, two ranks and an interleave of 2, position 5 is the second of rank 0's second pair: column 0, offset 3.
class SlotAddress {
public:
    constexpr explicit SlotAddress(TokensPerBlock block, ContextShare share = {}, Tokens interleave = Tokens{1})
        : block_tokens_(block.value), share_(share), interleave_(interleave.value), column_(checked_mul(block.value, share.ranks)) {
        require(0 <= share.rank && share.rank < share.ranks, "a rank is one of the ranks");
        require(0 < interleave.value, "ranks take turns of at least one token");
        checked_mul(checked_mul(column_.value(), share.ranks), 4);  // So that no turn of a position below `position_end` wraps.
    }

    constexpr std::int64_t block_tokens() const { return block_tokens_; }
    constexpr std::int64_t interleave() const { return interleave_; }
    constexpr bool shared() const { return share_.ranks > 1; }
    constexpr const Divisor& column_tokens() const { return column_; }  // Of all ranks together.
    constexpr std::int64_t column_of(std::int64_t position) const { return column_.quotient(position); }

    // Of `count` positions from `first` on those that are this rank's, in order.
    template <class Visit>
    constexpr void each_stretch(std::int64_t first, std::int64_t count, Visit visit) const {
        const std::int64_t end = first + count;
        std::int64_t column = column_of(first);
        for (std::int64_t start = column * column_.value(); start < end; ++column, start += column_.value()) {
            const std::int64_t from = std::max(first, start), to = std::min(start + column_.value(), end);
            if (!shared()) visit(Stretch{.position = from, .length = to - from, .column = column, .offset = from - start});
            else each_turn(from, to, Stretch{.position = start, .column = column}, visit);
        }
    }

private:
    // This rank's turns of one column.
    template <class Visit>
    constexpr void each_turn(std::int64_t from, std::int64_t to, const Stretch& column, Visit visit) const {
        // An interleave may be longer than a column; the first rank then has all of it.
        const std::int64_t longest = std::min(interleave_, column_.value());
        const std::int64_t round_tokens = longest * share_.ranks;
        const std::int64_t rounds_before = from == column.position ? 0 : (from - column.position) / round_tokens;
        std::int64_t offset = rounds_before * longest;
        for (std::int64_t turn = column.position + rounds_before * round_tokens + share_.rank * longest; turn < to;
             turn += round_tokens, offset += longest) {
            const std::int64_t begin = std::max(turn, from), end = std::min(turn + longest, to);
            if (begin < end)
                visit(Stretch{.position = begin, .length = end - begin, .column = column.column, .offset = offset + begin - turn});
        }
    }

    std::int64_t block_tokens_;
    ContextShare share_;
    std::int64_t interleave_;
    Divisor column_;
};

}  // namespace kv
