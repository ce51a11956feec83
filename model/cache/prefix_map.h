// Which blocks hold which prefix: from (key, group) to the blocks that were told of it, the first one first. A block has one key of its
// own and may have more (prefixes that end inside it).
#pragma once

#include "model/cache/prefix_key.h"
#include "model/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace kv {

struct CachedPrefix {
    PrefixKey key = {};
    std::uint32_t group = 0;
    friend bool operator==(const CachedPrefix&, const CachedPrefix&) = default;
};

class PrefixMap {
public:
    explicit PrefixMap(std::uint32_t blocks);  // 0: a map that stays empty and takes no memory.

    std::optional<BlockId> first_with(const CachedPrefix& prefix) const;

    // Of a block that has its own key: whether it is known under this one, its own key, and how many tokens that covers.
    bool holds(const CachedPrefix& prefix, BlockId block) const;
    CachedPrefix own(BlockId block) const { return {records_[at(block)].key, records_[at(block)].group}; }
    std::int32_t own_tokens(BlockId block) const { return records_[at(block)].tokens_or_block; }

    void insert_own(BlockId block, const CachedPrefix& prefix, std::int32_t tokens);  // The block has no own key yet.
    void insert_more(BlockId block, const CachedPrefix& prefix);                      // The block has one.
    std::vector<CachedPrefix> keys_of(BlockId block) const;                           // Its own first.
    void drop_all(BlockId block);
    void clear();

    // A hint for who will drop the block's keys soon.
    void fetch(BlockId block) const { __builtin_prefetch(&buckets_[home(mixed_[at(block)])], 1); }
    std::size_t bytes() const;

private:
    static constexpr std::uint32_t none = 0x7FFF'FFFF, several = 1U << 31;

    // Of a block (index below `blocks_`), or of a further key of one. Records of the same prefix are a list; the first's `previous` is
    // the last.
    struct Record {
        PrefixKey key = {};
        std::uint32_t next = none, previous = none;
        std::uint32_t group = 0;
        std::int32_t tokens_or_block = 0;  // Tokens of a block's own key; the block of a further one.
    };
    // A line of the cache: what a search looks at, all entries at once. A prefix that finds its bucket full goes to the next one, and
    // `passed` counts those that did, so that a search knows when to go on.
    static constexpr std::size_t entries_max = 7;
    struct alignas(64) Bucket {
        std::uint32_t mixed[entries_max] = {};  // Of the record's prefix: its bucket, and nearly always whether it is the one.
        std::uint32_t passed = 0;
        std::uint32_t records[entries_max] = {none, none, none, none, none, none, none};  // With `several` where a list has more than one.
        std::uint32_t unused = 0;
    };
    struct Place {
        std::size_t bucket = 0;
        std::size_t entry = entries_max;  // entries_max: there is none.
    };

    static std::size_t at(BlockId block) { return static_cast<std::size_t>(block); }
    static std::uint32_t mixed(const PrefixKey& key, std::uint32_t group) {
        return static_cast<std::uint32_t>(key.low >> 32) + group * 0x9E37'79B9;
    }
    bool is(const Record& record, const CachedPrefix& prefix) const { return record.key == prefix.key && record.group == prefix.group; }
    BlockId block_of(std::uint32_t record) const {
        return BlockId(record < blocks_ ? static_cast<std::int32_t>(record) : records_[record].tokens_or_block);
    }
    std::size_t home(std::uint32_t mixed) const { return static_cast<std::size_t>(std::uint64_t{mixed} * buckets_.size() >> 32); }
    std::size_t after(std::size_t bucket) const { return bucket + 1 == buckets_.size() ? 0 : bucket + 1; }
    std::uint32_t& record_at(Place place) { return buckets_[place.bucket].records[place.entry]; }
    Place find(const CachedPrefix& prefix) const;
    Place place_of(std::uint32_t record, std::uint32_t mixed) const;
    void enter(std::uint32_t record, std::uint32_t mixed);
    void leave(Place place, std::uint32_t mixed);
    bool cancel(std::uint32_t record);
    void settle();
    void insert(std::uint32_t record);
    void erase(std::uint32_t record, std::uint32_t mixed);
    void erase_later(std::uint32_t record);
    void grow();

    std::uint32_t blocks_;
    std::vector<Record> records_;
    std::vector<std::uint32_t> mixed_;         // Of each block's own key: all that is looked at when a block is dropped, beside its bucket.
    std::vector<std::uint32_t> free_records_;  // Among those past the blocks'.
    std::vector<Bucket> buckets_;
    std::size_t prefixes_ = 0;
    // The last insertions stand here until their buckets have come into the cache; a search looks here after the buckets.
    static constexpr std::size_t waiting_max = 16;
    alignas(16) std::array<std::uint32_t,
                           waiting_max> waiting_;  // In order from `waiting_first_` on, around the end; `none` where there is nothing.
    std::size_t waiting_first_ = 0;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> more_;  // Further records of a block.
};

}  // namespace kv
