#include "model/cache/block_pool.h"

#include "model/contract.h"

#include <algorithm>
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
    FreeQueue::Back back(queue_);
    for (std::uint32_t id = 1; id < words_.size(); ++id) words_[id] = free_bit | back.push(id);
}

double BlockPool::usage() const {
    const std::int64_t blocks = options_.blocks.value - 1;
    if (blocks == 0) return 0;
    return 1.0 - static_cast<double>(free_count()) / static_cast<double>(blocks);
}

std::int32_t BlockPool::holders(BlockId block) const { return is_free(block) ? 0 : static_cast<std::int32_t>(word(block) & value_bits); }

std::vector<BlockId> BlockPool::free_blocks() const {
    std::vector<BlockId> blocks;
    blocks.reserve(queue_.size());
    queue_.each([&](std::uint32_t id) { blocks.push_back(BlockId(static_cast<std::int32_t>(id))); });
    return blocks;
}

// What is handed out next is known, so what forgetting its prefix touches can be on its way by then.
void BlockPool::fetch_ahead(std::size_t done) const {
    if (const std::uint32_t id = queue_.peek(done + 48); id < words_.size()) __builtin_prefetch(&words_[id], 1);
    if (!options_.prefix_caching) return;
    if (const std::uint32_t id = queue_.peek(done + 24); id < words_.size() && (words_[id] & cached_bit) != 0)
        prefixes_.fetch(BlockId(static_cast<std::int32_t>(id)));
}

void BlockPool::take(std::int64_t count, std::vector<BlockId>& out) {
    require(0 <= count && count <= free_count(), "blocks that are taken are there");
    out.resize(out.size() + static_cast<std::size_t>(count));
    BlockId* to = out.data() + out.size() - count;
    std::uint32_t* const words = words_.data();
    std::size_t done = 0;
    queue_.pop_front(static_cast<std::uint32_t>(count), [&](std::uint32_t id) {
        fetch_ahead(done++);
        if ((words[id] & cached_bit) != 0) forget(BlockId(static_cast<std::int32_t>(id)));
        words[id] = 1;
        *to++ = BlockId(static_cast<std::int32_t>(id));
    });
}

BlockId BlockPool::take_one() {
    std::vector<BlockId> one;
    take(1, one);
    return one.front();
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

// Those of the blocks that nobody holds any more join the queue at the end that `end` is, in the order given. `taken(block)` says
// whether a block is left out of this.
template <class End, class Range, class Taken>
void BlockPool::release_to(Range&& blocks, Taken&& taken) {
    queue_.make_room(static_cast<std::uint32_t>(std::ranges::distance(blocks)), moved());
    End end(queue_);
    std::uint32_t* const words = words_.data();
    for (const BlockId block : blocks) {
        if (block == null_block) continue;
        std::uint32_t& held = words[at(block)];
        require((held & free_bit) == 0, "a block that is given up is held");
        if ((--held & value_bits) != 0 || taken(block)) continue;
        held = (held & cached_bit) | free_bit | end.push(static_cast<std::uint32_t>(at(block)));
    }
}

template <class Range>
void BlockPool::release_in_order(Range&& blocks) {
    const auto none = [](BlockId) { return false; };
    if (options_.free_order == FreeOrder::append_all) return release_to<FreeQueue::Back>(blocks, none);
    // To the front the last goes first, so that the first is the first to be handed out. What is held more than once may stand in the
    // list more than once, and its place is that where the last holder lets go.
    const auto held_once = [&](BlockId block) { return block == null_block || word(block) == 1; };
    if (!options_.prefix_caching && std::ranges::all_of(blocks, held_once))
        return release_to<FreeQueue::Front>(std::views::reverse(blocks), none);
    to_front_.clear();
    release_to<FreeQueue::Back>(blocks, [&](BlockId block) {
        if (!is_cached(block)) to_front_.push_back(block);
        return !is_cached(block);
    });
    queue_.make_room(static_cast<std::uint32_t>(to_front_.size()), moved());
    FreeQueue::Front front(queue_);
    for (const BlockId block : std::views::reverse(to_front_)) word(block) = free_bit | front.push(static_cast<std::uint32_t>(at(block)));
}

void BlockPool::release(std::span<const BlockId> blocks) { release_in_order(blocks); }
void BlockPool::release_reversed(std::span<const BlockId> blocks) { release_in_order(std::views::reverse(blocks)); }

std::int64_t BlockPool::free_among(std::span<const BlockId> blocks) const {
    std::int64_t count = 0;
    for (const BlockId block : blocks) count += block != null_block && is_free(block) ? 1 : 0;
    return count;
}

void BlockPool::cache_own(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens) {
    require(options_.prefix_caching && block != null_block && !is_cached(block), "a pool that caches keeps prefixes of its real blocks");
    prefixes_.insert_own(block, prefix(key, group), static_cast<std::int32_t>(tokens.value));
    word(block) |= cached_bit;
}

void BlockPool::cache_also(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens) {
    const CachedPrefix wanted = prefix(key, group);
    if (!is_cached(block)) return cache_own(block, key, group, tokens);
    if (!prefixes_.holds(wanted, block)) prefixes_.insert_more(block, wanted);
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
    const std::vector<CachedPrefix> moved_over = prefixes_.keys_of(source);
    prefixes_.drop_all(source);
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
