#include "model/rules/row_reader.h"

#include "model/addressing/pad_slot.h"
#include "model/cache/block_pool.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace kv {
namespace {

std::int64_t in_32_bits(std::int64_t number) { return static_cast<std::int32_t>(number); }

[[noreturn]] void refuse_position(const Stretch& at, const RowRead& read) {
    const bool held = at.column < std::ssize(read.blocks);
    const std::string why = held ? "is the null block" : "is past the request's " + std::to_string(std::ssize(read.blocks)) + " blocks";
    refuse({.type = Raised::index_error,
            .raised_in = "kvproof",
            .message = "position " + std::to_string(at.position) + " has no row: column " + std::to_string(at.column) + ' ' + why,
            .figures = {at.position, at.column, std::ssize(read.blocks)}});
}

}  // namespace

std::optional<std::vector<std::int64_t>> read_manager_blocks(const RowRead& read) {
    const std::int64_t block = read.address.block_tokens();
    std::vector<std::int64_t> slots;
    for (const BlockId id : read.blocks) {
        const std::int64_t left = read.tokens.value - std::ssize(slots);
        const std::int64_t first = in_32_bits(checked_mul(static_cast<std::int64_t>(id), block));
        for (std::int64_t offset = 0; offset < std::min(block, left); ++offset) slots.push_back(first + offset);
    }
    return slots;
}

std::optional<std::vector<std::int64_t>> read_as_written(const RowRead& read) {
    const std::int64_t columns = ceil_div(read.tokens.value, read.address.column_tokens().value());
    if (columns > std::ssize(read.blocks))
        refuse_position({.position = std::ssize(read.blocks) * read.address.column_tokens().value(), .column = std::ssize(read.blocks)},
                        read);
    std::vector<std::int64_t> slots(static_cast<std::size_t>(read.tokens.value), pad_slot);
    read.address.each_stretch(0, read.tokens.value, [&](const Stretch& at) {
        const BlockId block = read.blocks[static_cast<std::size_t>(at.column)];
        if (block == null_block) refuse_position(at, read);
        const std::int64_t first = checked_add(checked_mul(static_cast<std::int64_t>(block), read.address.block_tokens()), at.offset);
        const auto stretch = slots.begin() + at.position;
        std::iota(stretch, stretch + at.length, first);
    });
    return slots;
}

void slots_or_pad(const RowRead& read, std::int64_t first, std::span<std::int64_t> slots) {
    std::ranges::fill(slots, pad_slot);
    read.address.each_stretch(first, std::ssize(slots), [&](const Stretch& at) {
        if (at.column >= std::ssize(read.blocks)) return;
        const BlockId block = read.blocks[static_cast<std::size_t>(at.column)];
        if (block == null_block) return;
        const std::int64_t slot = checked_add(checked_mul(static_cast<std::int64_t>(block), read.address.block_tokens()), at.offset);
        const auto stretch = slots.begin() + (at.position - first);
        std::iota(stretch, stretch + at.length, slot);
    });
}

std::optional<std::vector<std::int64_t>> read_as_written_or_missing(const RowRead& read) {
    std::vector<std::int64_t> slots(static_cast<std::size_t>(read.tokens.value));
    slots_or_pad(read, 0, slots);
    return slots;
}

std::optional<std::vector<std::int64_t>> read_by_content(const RowRead&) { return std::nullopt; }

}  // namespace kv
