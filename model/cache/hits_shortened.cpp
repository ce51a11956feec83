// The longest prefix that all groups have, as 0.18.0 looks for it: each kind in turn shortens the length until none does.
#include "model/cache/lookup.h"

#include <algorithm>

namespace kv {

namespace {

void find_full(Lookup& lookup, const KeysByBlock& keys) {
    const std::int64_t block = lookup.group().block;
    const std::int64_t most = std::min(lookup.length / block, keys.size());
    for (std::int64_t i = 0; i < most && lookup.cached(keys, i); ++i) lookup.add_found();
    if (lookup.drop && !lookup.first().empty()) lookup.drop_last();
    lookup.align(block);
}

void find_sliding(Lookup& lookup, const KeysByBlock& keys) {
    const std::int64_t block = lookup.group().spec_block;
    const std::int64_t wanted = blocks_for(lookup.group().window - 1, block) + (lookup.drop ? 1 : 0);
    const std::int64_t most = lookup.length / block;
    lookup.fill_with_null(most);
    std::int64_t run = 0;  // Cached blocks side by side, from block i on.
    bool whole = false;
    for (std::int64_t i = most - 1; i >= 0 && !whole; --i) {
        if (!lookup.cached(keys, i)) {
            run = 0;
            continue;
        }
        if (run == 0 && block != lookup.alignment && (i + 1) * block % lookup.alignment != 0) continue;
        lookup.put_found(i);
        if (++run < wanted) continue;
        lookup.keep(i + run);
        whole = true;
    }
    if (!whole) {
        lookup.keep(run);
        lookup.align(block);
    }
    if (!lookup.drop || lookup.first().empty()) return;
    if (block != lookup.alignment) raise(Raised::assertion_error, "SlidingWindowManager", "with a drafter, hits are aligned to the block");
    lookup.drop_last();
}

void find_chunked(Lookup& lookup, const KeysByBlock& keys) {
    const std::int64_t block = lookup.group().spec_block;
    if (lookup.drop || block != lookup.alignment)
        raise(Raised::assertion_error, "ChunkedLocalAttentionManager", "no drafter, and one block size");
    const std::int64_t start = lookup.length / lookup.group().window * lookup.group().window / block;
    lookup.fill_with_null(start);
    for (std::int64_t i = start; i < lookup.length / block && lookup.cached(keys, i); ++i) lookup.add_found();
}

void find_states(Lookup& lookup, const KeysByBlock& keys) {
    const std::int64_t block = lookup.group().spec_block;
    for (std::int64_t i = lookup.length / block - 1; i >= 0; --i) {
        if (!lookup.cached(keys, i) || (block != lookup.alignment && (i + 1) * block % lookup.alignment != 0)) continue;
        lookup.fill_with_null(i);
        lookup.add_found();
        return;
    }
}

void find_kind(Lookup& lookup, const KeysByBlock& keys) {
    const GroupState& group = lookup.group();
    lookup.each([](std::vector<BlockId>& blocks) { blocks.clear(); });
    if (group.kind == GroupKind::full || group.kind == GroupKind::rswa) return find_full(lookup, keys);
    if (group.kind == GroupKind::cross) raise(Raised::not_implemented_error, "CrossAttentionManager", "cross attention caches no prefix");
    if (group.kind == GroupKind::circular) return;
    if (group.decode_context > 1 || group.prefill_context > 1)
        raise(Raised::assertion_error, "find_longest_cache_hit", "no context parallelism here");
    if (group.kind == GroupKind::sliding) return find_sliding(lookup, keys);
    if (group.kind == GroupKind::mamba) return find_states(lookup, keys);
    find_chunked(lookup, keys);
}

void find_hybrid(const CacheCore& core, const CacheRequest& request, std::int64_t longest, CacheHit& hit) {
    std::vector<bool> looked_up(core.groups.size(), false);
    const bool simple = core.lookup_groups.size() == 2 && core.groups[core.lookup_groups[0].groups.front()].full_like;
    std::int64_t length = longest;
    for (;;) {
        std::int64_t now = length;
        for (const LookupGroup& asked : core.lookup_groups) {
            const GroupState& group = core.groups[asked.groups.front()];
            if (group.full_like && looked_up[group.index]) {
                now = now / group.spec_block * group.spec_block;
                continue;
            }
            Lookup lookup{core, asked, now, core.lookup_block, asked.eagle, hit};
            find_kind(lookup, {request.keys, group.spec_block / core.hash_block()});
            looked_up[group.index] = true;
            now = std::ssize(hit.blocks[group.index]) * group.spec_block;
        }
        if (now >= length) break;
        length = now;
        if (simple) break;
    }
    // Only the first kind is cut to the common length, though several may be full attention.
    const LookupGroup& first = core.lookup_groups.front();
    const GroupState& group = core.groups[first.groups.front()];
    if (group.full_like) {
        const auto blocks = static_cast<std::size_t>(length / group.spec_block);
        for (const std::size_t index : first.groups) hit.blocks[index].resize(std::min(blocks, hit.blocks[index].size()));
    }
    hit.length = Tokens(length);
}

}  // namespace

void find_shortened_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit) {
    const std::int64_t longest = request.tokens.value - 1;  // The last token is computed, or there is nothing to go on from.
    if (core.coordinator == Coordinator::hybrid) return find_hybrid(core, request, longest, hit);
    const LookupGroup& asked = core.lookup_groups.front();
    Lookup lookup{core, asked, longest, core.lookup_block, asked.eagle, hit};
    find_kind(lookup, {request.keys, 1});
    hit.length = Tokens(std::ssize(hit.blocks.front()) * core.lookup_block);
}

}  // namespace kv
