// Which blocks hold which prefix: from (key, group) to the blocks that were told of it, the first one first. A block has one key of its
// own and may have more (prefixes that end inside it).
#pragma once

#include "model/cache/prefix_key.h"
#include "model/units.h"

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
    bool holds(const CachedPrefix& prefix, BlockId block) const;

    // The block's own key, and how many tokens it covers.
    bool has_own(BlockId block) const { return !records_.empty() && records_[at(block)].group != unused; }
    CachedPrefix own(BlockId block) const { return {records_[at(block)].key, records_[at(block)].group}; }
    std::int32_t own_tokens(BlockId block) const { return records_[at(block)].tokens_or_block; }

    void insert_own(BlockId block, const CachedPrefix& prefix, std::int32_t tokens);  // The block has no own key yet.
    void insert_more(BlockId block, const CachedPrefix& prefix);
    std::vector<CachedPrefix> remove_all(BlockId block);  // Its own first.
    void drop_all(BlockId block);                         // The same for who does not ask what they were.
    void clear();

    void prefetch(const CachedPrefix& prefix) const { __builtin_prefetch(&table_[home(prefix)]); }
    void prefetch(BlockId block) const { __builtin_prefetch(&records_[at(block)]); }
    std::size_t bytes() const;

private:
    static constexpr std::uint32_t unused = 0xFFFF'FFFF;
    static constexpr std::uint32_t none = 0xFFFF'FFFF;

    // Of a block (index below `blocks_`), or of a further key of one. Records of the same prefix are a list; the first's `previous` is
    // the last.
    struct Record {
        PrefixKey key = {};
        std::uint32_t next = none, previous = none;
        std::uint32_t group = unused;
        std::int32_t tokens_or_block = 0;  // Tokens of a block's own key; the block of a further one.
    };
    struct Place {
        std::uint32_t tag = 0;
        std::uint32_t record = none;
    };

    static std::size_t at(BlockId block) { return static_cast<std::size_t>(block); }
    static std::uint64_t hash(const CachedPrefix& prefix) { return prefix.key.low + std::uint64_t{prefix.group} * 0x9E37'79B9'7F4A'7C15; }
    std::size_t home(const CachedPrefix& prefix) const { return static_cast<std::size_t>(hash(prefix) & mask_); }
    static std::uint32_t tag(const CachedPrefix& prefix) { return static_cast<std::uint32_t>(hash(prefix) >> 32); }
    bool is(const Record& record, const CachedPrefix& prefix) const { return record.key == prefix.key && record.group == prefix.group; }
    BlockId block_of(std::uint32_t record) const {
        return BlockId(record < blocks_ ? static_cast<std::int32_t>(record) : records_[record].tokens_or_block);
    }
    std::size_t find(const CachedPrefix& prefix) const;  // Its place, or the empty one where the search ended.
    void insert(std::uint32_t record);
    void erase(std::uint32_t record);
    void close_gap(std::size_t place);
    void grow();

    std::uint32_t blocks_;
    std::vector<Record> records_;
    std::vector<std::uint32_t> free_records_;  // Among those past the blocks'.
    std::vector<Place> table_;
    std::uint64_t mask_ = 0;
    std::size_t prefixes_ = 0;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> more_;  // Further records of a block.
};

}  // namespace kv
