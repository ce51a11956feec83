#include "model/cache/block_pool.h"

#include "model/contract.h"

#include <ranges>

namespace kv {

namespace {

std::uint32_t checked_blocks(Blocks blocks) {
    require(1 <= blocks.value && blocks.value <= pool_blocks_max, "a pool has its null block, and ids fit their words");
    return static_cast<std::uint32_t>(blocks.value);
}

}  // namespace

BlockPool::BlockPool(const Options& options)
    : options_(options),
      words_(checked_blocks(options.blocks)),
      queue_(checked_blocks(options.blocks)),
      prefixes_(options.prefix_caching ? checked_blocks(options.blocks) : 0) {
    for (std::uint32_t id = 1; id < words_.size(); ++id) words_[id] = free_bit | queue_.push_back(id, moved());
}

double BlockPool::usage() const {
    const std::int64_t blocks = options_.blocks.value - 1;
    if (blocks == 0) return 0;
    return 1.0 - static_cast<double>(free_count()) / static_cast<double>(blocks);
}

std::int32_t BlockPool::holders(BlockId block) const {
    return is_free(block) ? 0 : static_cast<std::int32_t>(word(block) & value_bits);
}

std::vector<BlockId> BlockPool::free_blocks() const {
    std::vector<BlockId> blocks;
    blocks.reserve(queue_.size());
    queue_.each([&](std::uint32_t id) { blocks.push_back(BlockId(static_cast<std::int32_t>(id))); });
    return blocks;
}

void BlockPool::hand_out(std::uint32_t id) {
    if ((words_[id] & cached_bit) != 0) forget(BlockId(static_cast<std::int32_t>(id)));
    words_[id] = 1;
}

void BlockPool::take(std::int64_t count, std::vector<BlockId>& out) {
    require(0 <= count && count <= free_count(), "blocks that are taken are there");
    constexpr std::size_t ahead = 8;
    for (; count > 0; --count) {
        if (const std::uint32_t soon = queue_.peek(ahead); soon < words_.size()) __builtin_prefetch(&words_[soon], 1);
        const std::uint32_t id = queue_.pop_front();
        hand_out(id);
        out.push_back(BlockId(static_cast<std::int32_t>(id)));
    }
}

BlockId BlockPool::take_one() {
    require(free_count() > 0, "a block that is taken is there");
    const std::uint32_t id = queue_.pop_front();
    hand_out(id);
    return BlockId(static_cast<std::int32_t>(id));
}

void BlockPool::touch(std::span<const BlockId> blocks) {
    for (const BlockId block : blocks) {
        if (block == null_block) continue;
        std::uint32_t& held = word(block);
        if ((held & free_bit) != 0) {
            queue_.remove(held & value_bits);
            held = (held & cached_bit) | 1;
        } else {
            ++held;
        }
    }
}

void BlockPool::hold(BlockId block) {
    require(block != null_block && !is_free(block), "a block that is held once more is held");
    ++word(block);
}

bool BlockPool::give_up(BlockId block) {
    if (block == null_block) return false;
    std::uint32_t& held = word(block);
    require((held & free_bit) == 0, "a block that is given up is held");
    return (--held & value_bits) == 0;
}

void BlockPool::append(BlockId block) {
    const std::uint32_t place = queue_.push_back(static_cast<std::uint32_t>(at(block)), moved());
    word(block) = (word(block) & cached_bit) | free_bit | place;
}

void BlockPool::prepend(BlockId block) {
    const std::uint32_t place = queue_.push_front(static_cast<std::uint32_t>(at(block)), moved());
    word(block) = (word(block) & cached_bit) | free_bit | place;
}

template <class Range>
void BlockPool::release_in_order(Range&& blocks) {
    if (options_.free_order == FreeOrder::append_all) {
        for (const BlockId block : blocks)
            if (give_up(block)) append(block);
        return;
    }
    to_front_.clear();
    for (const BlockId block : blocks) {
        if (!give_up(block)) continue;
        if (is_cached(block) && options_.prefix_caching) append(block);
        else to_front_.push_back(block);
    }
    for (const BlockId block : std::views::reverse(to_front_)) prepend(block);
}

void BlockPool::release(std::span<const BlockId> blocks) { release_in_order(blocks); }
void BlockPool::release_reversed(std::span<const BlockId> blocks) { release_in_order(std::views::reverse(blocks)); }

std::int64_t BlockPool::free_among(std::span<const BlockId> blocks) const {
    std::int64_t count = 0;
    for (const BlockId block : blocks) count += block != null_block && is_free(block) ? 1 : 0;
    return count;
}

void BlockPool::cache_own(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens) {
    require(options_.prefix_caching && block != null_block, "a pool that caches keeps prefixes of its real blocks");
    prefixes_.insert_own(block, prefix(key, group), static_cast<std::int32_t>(tokens.value));
    word(block) |= cached_bit;
}

void BlockPool::cache_also(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens) {
    const CachedPrefix wanted = prefix(key, group);
    if (prefixes_.holds(wanted, block)) return;
    if (is_cached(block)) prefixes_.insert_more(block, wanted);
    else cache_own(block, key, group, tokens);
}

void BlockPool::forget(BlockId block) {
    if (!is_cached(block)) return;
    prefixes_.drop_all(block);
    word(block) &= ~cached_bit;
    ++evictions_;
}

void BlockPool::move_prefixes(BlockId source, BlockId target) {
    require(!is_cached(target), "a copy has no prefix yet");
    if (!is_cached(source)) return;
    const std::int32_t tokens = prefixes_.own_tokens(source);
    const std::vector<CachedPrefix> moved_over = prefixes_.remove_all(source);
    word(source) &= ~cached_bit;
    for (const CachedPrefix& each : moved_over) cache_also(target, each.key, each.group, Tokens(tokens));
}

bool BlockPool::reset() {
    if (free_count() != options_.blocks.value - 1) return false;
    if (options_.prefix_caching) {
        prefixes_.clear();
        for (std::uint32_t& each : words_) each &= ~cached_bit;
    }
    return true;
}

std::size_t BlockPool::bytes() const { return words_.capacity() * sizeof words_[0] + queue_.bytes() + prefixes_.bytes(); }

}  // namespace kv
