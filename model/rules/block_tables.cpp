#include "model/rules/block_tables.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace kv {

void keep_row(std::span<std::int32_t>, std::int64_t&) {}

void clear_row(std::span<std::int32_t> entries, std::int64_t& length) {
    std::ranges::fill(entries.first(static_cast<std::size_t>(std::min(length, std::ssize(entries)))), 0);
    length = 0;
}

std::int64_t width_as_asked(std::int64_t columns, TokensPerBlock) { return columns; }

std::int64_t width_in_128_tokens(std::int64_t columns, TokensPerBlock block) {
    constexpr std::int64_t aligned_tokens = 128;
    return round_up(columns, aligned_tokens / std::gcd(aligned_tokens, block.value));
}

TableBlock kernel_table_block(TokensPerBlock block, TokensPerBlock kernel_block) {
    if (block.value % kernel_block.value != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "BlockTable.__init__",
                .message = "a kernel's block of " + std::to_string(kernel_block.value) + " tokens does not divide the manager's of " +
                           std::to_string(block.value),
                .figures = {kernel_block.value, block.value}});
    return {.block = kernel_block, .entries_per_block = block.value / kernel_block.value};
}

TableBlock manager_table_block(TokensPerBlock block, TokensPerBlock) { return {.block = block}; }

ContextShare share_of_all_ranks(const ContextPlace& place) {
    return {.ranks = checked_mul(place.prefill.ranks, place.decode.ranks),
            .rank = checked_add(checked_mul(place.prefill.rank, place.decode.ranks), place.decode.rank)};
}

ContextShare share_of_decode_ranks(const ContextPlace& place) { return place.decode; }

}  // namespace kv
