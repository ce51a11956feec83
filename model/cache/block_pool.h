// The blocks of one pool: which are free and in what order, how often each is held, and which prefix each holds for others to hit.
// Block 0 is the null block: it is never free, and holding it means nothing. Every other block is free or held, never both.
#pragma once

#include "model/cache/free_queue.h"
#include "model/cache/prefix_map.h"
#include "model/rules/cache.h"
#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

inline constexpr BlockId null_block{0};
inline constexpr std::int64_t pool_blocks_max = std::int64_t{1} << 29;

class BlockPool {
public:
    struct Options {
        Blocks blocks{1};  // The null block included: at least 1, at most pool_blocks_max.
        FreeOrder free_order = FreeOrder::append_all;
        bool prefix_caching = true;
    };
    explicit BlockPool(const Options& options);

    Blocks blocks() const { return Blocks(static_cast<std::int64_t>(words_.size())); }
    std::int64_t free_count() const { return queue_.size(); }
    double usage() const;  // Share of the blocks, the null block aside, that are held.
    std::int32_t holders(BlockId block) const;
    bool is_free(BlockId block) const { return (word(block) & free_bit) != 0; }
    bool is_cached(BlockId block) const { return (word(block) & cached_bit) != 0; }
    std::vector<BlockId> free_blocks() const;  // The next to be handed out first.

    // Appends the first `count` free blocks to `out`; there are so many. Whatever prefix they held is forgotten.
    void take(std::int64_t count, std::vector<BlockId>& out);
    BlockId take_one();

    void touch(std::span<const BlockId> blocks);  // One holder more; a free block leaves the queue.
    void hold(BlockId block);                     // The same for a block that is held already.
    // One holder less of each, in the order in which they are to be evicted. Null blocks may be among them.
    void release(std::span<const BlockId> blocks);
    void release_reversed(std::span<const BlockId> blocks);

    std::int64_t free_among(std::span<const BlockId> blocks) const;

    std::optional<BlockId> cached(const PrefixKey& key, std::size_t group) const { return prefixes_.first_with(prefix(key, group)); }
    const PrefixMap& prefixes() const { return prefixes_; }
    void cache_own(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens);
    // As its own key where it has none, as a further one where it has; nothing where it is known under this key already.
    void cache_also(BlockId block, const PrefixKey& key, std::size_t group, Tokens tokens);
    void forget(BlockId block);                          // All its keys.
    void move_prefixes(BlockId source, BlockId target);  // `target` has none.
    bool reset();                                        // Forgets all keys, if no block is held.

    std::size_t evictions() const { return evictions_; }  // Blocks that lost their keys otherwise than by `reset`.
    std::size_t bytes() const;

private:
    // A word a block: how many hold it, or at which place of the queue it waits.
    static constexpr std::uint32_t free_bit = 1U << 31, cached_bit = 1U << 30, value_bits = cached_bit - 1;

    static CachedPrefix prefix(const PrefixKey& key, std::size_t group) { return {key, static_cast<std::uint32_t>(group)}; }
    static std::size_t at(BlockId block) { return static_cast<std::size_t>(block); }
    std::uint32_t& word(BlockId block) { return words_[at(block)]; }
    std::uint32_t word(BlockId block) const { return words_[at(block)]; }
    auto moved() {
        return [this](std::uint32_t id, std::uint32_t place) { words_[id] = (words_[id] & ~value_bits) | place; };
    }
    void fetch_ahead(std::size_t done) const;
    template <class End, class Range, class Taken>
    void release_to(Range&& blocks, Taken&& taken);
    template <class Range>
    void release_in_order(Range&& blocks);

    Options options_;
    std::vector<std::uint32_t> words_;
    FreeQueue queue_;
    PrefixMap prefixes_;
    std::vector<BlockId> to_front_;  // Used again.
    std::size_t evictions_ = 0;
};

}  // namespace kv
