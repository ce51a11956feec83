// The search for the blocks of one kind: what both engines' ways of it do alike. Only files of this folder include it.
#pragma once

#include "model/cache/cache_core.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kv {

struct Lookup {
    const CacheCore& core;
    const LookupGroup& asked;
    std::int64_t length;     // The hit is not longer.
    std::int64_t alignment;  // And a multiple of this.
    bool drop;               // One more block must be there, for a drafter, and is left out of the hit.
    CacheHit& hit;
    std::vector<BlockId> found = {};  // Under the last key that was looked for, one block a group.

    const GroupState& group() const { return core.groups[asked.groups.front()]; }
    std::vector<BlockId>& first() { return hit.blocks[asked.groups.front()]; }

    // Whether every group has a block under this key; `found` are the first of each.
    bool cached(const PrefixKey& key) {
        found.clear();
        for (const std::size_t index : asked.groups) {
            const std::optional<BlockId> block = core.pool.cached(key, index);
            if (!block) return false;
            found.push_back(*block);
        }
        return true;
    }
    bool cached(const KeysByBlock& keys, std::int64_t index) {
        if (index >= keys.size()) raise(Raised::index_error, "find_longest_cache_hit", "a full block has a hash");
        return cached(keys[index]);
    }

    void each(auto&& change) {
        for (const std::size_t group : asked.groups) change(hit.blocks[group]);
    }
    void fill_with_null(std::int64_t count) {
        each([&](std::vector<BlockId>& blocks) { blocks.assign(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), null_block); });
    }
    void add_found() {
        for (std::size_t i = 0; i < found.size(); ++i) hit.blocks[asked.groups[i]].push_back(found[i]);
    }
    void put_found(std::int64_t index) {
        for (std::size_t i = 0; i < found.size(); ++i) hit.blocks[asked.groups[i]][static_cast<std::size_t>(index)] = found[i];
    }
    void drop_last() {
        each([](std::vector<BlockId>& blocks) { blocks.pop_back(); });
    }
    void keep(std::int64_t count) {
        each([&](std::vector<BlockId>& blocks) { blocks.resize(static_cast<std::size_t>(std::min(count, std::ssize(blocks)))); });
    }
    void align(std::int64_t block) {
        while (block != alignment && std::ssize(first()) * block % alignment != 0) drop_last();
    }
};

}  // namespace kv
