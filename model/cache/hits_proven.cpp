// The longest prefix that all groups have, as 0.32.0 looks for it: as 0.18.0, but what a drafter needs is proven once and not dropped
// again, and where states are kept at hash blocks a hit may end inside a block.
#include "model/cache/lookup.h"

#include <algorithm>
#include <limits>

namespace kv {

namespace {

// A lookup that knows the keys of hash blocks.
struct FineLookup : Lookup {
    std::span<const PrefixKey> keys;
    KeysByBlock by(std::int64_t block) const { return {keys, block / core.hash_block()}; }
    bool inside_blocks(std::int64_t block) const { return alignment < block && block % alignment == 0; }
};

// Each answers the hit's length.
std::int64_t find_full(FineLookup& lookup) {
    const std::int64_t block = lookup.group().block;
    const KeysByBlock keys = lookup.by(block);
    const std::int64_t most = std::min(lookup.length / block, keys.size());
    std::int64_t full = 0;
    while (full < most && lookup.cached(keys[full])) {
        lookup.add_found();
        ++full;
    }
    std::int64_t length = full * block;
    if (lookup.inside_blocks(block)) {
        const std::int64_t scale = block / lookup.alignment, fine = full * scale;
        const std::int64_t last = std::min({fine + scale - 1, lookup.length / lookup.alignment, std::ssize(lookup.keys)});
        for (std::int64_t i = last - 1; i >= fine; --i) {
            if (!lookup.cached(lookup.keys[static_cast<std::size_t>(i)])) continue;
            lookup.add_found();
            length = (i + 1) * lookup.alignment;
            break;
        }
    }
    if (lookup.drop && length > 0) length -= std::min(lookup.alignment, block);
    length -= length % lookup.alignment;
    lookup.keep(blocks_for(length, block));
    return length;
}

std::int64_t find_sliding(FineLookup& lookup) {
    const std::int64_t block = lookup.group().spec_block;
    const KeysByBlock keys = lookup.by(block);
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
        const std::int64_t kept = lookup.drop ? i : i + 1;
        if (run == 0 && block != lookup.alignment && kept * block % lookup.alignment != 0) continue;
        lookup.put_found(i);
        if (++run < wanted) continue;
        lookup.keep(i + run);
        whole = true;
    }
    if (!whole) {
        lookup.keep(run);
        lookup.align(block);
    }
    if (lookup.drop && !lookup.first().empty()) {
        lookup.drop_last();
        lookup.align(block);
    }
    return std::ssize(lookup.first()) * block;
}

std::int64_t find_chunked(FineLookup& lookup) {
    const std::int64_t block = lookup.group().spec_block;
    if (lookup.drop || block != lookup.alignment)
        raise(Raised::assertion_error, "ChunkedLocalAttentionManager", "no drafter, and one block size");
    const KeysByBlock keys = lookup.by(block);
    const auto first_of = [&](std::int64_t chunk) { return chunk * lookup.group().window / block; };
    std::int64_t chunk = lookup.length / lookup.group().window, end = lookup.length / block;
    if (lookup.core.hit_search == HitSearch::shorten_to_found && lookup.core.chunks_alone) {
        // A chunk goes on from nothing: that somebody came so far only the block before it says.
        while (chunk > 0 && (first_of(chunk) == 0 || !lookup.cached(keys, first_of(chunk) - 1))) --chunk;
        end = std::min(end, first_of(chunk + 1));
    }
    lookup.fill_with_null(first_of(chunk));
    for (std::int64_t i = first_of(chunk); i < end && lookup.cached(keys, i); ++i) lookup.add_found();
    return std::ssize(lookup.first()) * block;
}

std::int64_t find_states(FineLookup& lookup) {
    const std::int64_t block = lookup.group().spec_block;
    const bool inside = lookup.inside_blocks(block);
    const std::int64_t unit = inside ? lookup.alignment : block;
    const KeysByBlock keys = inside ? KeysByBlock{lookup.keys, 1} : lookup.by(block);
    std::int64_t count = lookup.length / unit;
    if (inside) count = std::min(count, keys.size());
    for (std::int64_t i = count - 1; i >= 0; --i) {
        const std::int64_t tokens = (i + 1) * unit;
        if (!lookup.cached(keys, i) || (!inside && block != lookup.alignment && tokens % lookup.alignment != 0)) continue;
        const std::int64_t index = inside ? i / (block / unit) : i;
        lookup.fill_with_null(index);
        lookup.add_found();
        return tokens;
    }
    return 0;
}

std::int64_t find_kind(FineLookup& lookup) {
    const GroupState& group = lookup.group();
    lookup.each([](std::vector<BlockId>& blocks) { blocks.clear(); });
    if (group.kind == GroupKind::full || group.kind == GroupKind::rswa) return find_full(lookup);
    if (group.kind == GroupKind::cross) raise(Raised::not_implemented_error, "CrossAttentionManager", "cross attention caches no prefix");
    if (group.kind == GroupKind::circular) return 0;
    if (group.kind == GroupKind::chunked && lookup.drop) raise(Raised::assertion_error, "ChunkedLocalAttentionManager", "no drafter");
    // One group alone is asked with the setup's prefill context parallelism, sharded over it or not.
    const bool alone = lookup.core.coordinator == Coordinator::unitary;
    if (group.decode_context > 1 || (alone ? lookup.core.setup.prefill_context : group.prefill_context) > 1)
        raise(Raised::assertion_error, "find_longest_cache_hit", "no context parallelism here");
    if (group.kind == GroupKind::sliding) return find_sliding(lookup);
    if (group.kind == GroupKind::mamba) return find_states(lookup);
    return find_chunked(lookup);
}

// One lookup block more than the hit shows that the drafter's last block is there.
std::int64_t proof_margin(const CacheCore& core, const GroupState& group) {
    const bool fine = group.kind == GroupKind::full || group.kind == GroupKind::rswa || group.kind == GroupKind::mamba;
    return core.partial_hits && fine && group.block > core.hash_block() ? core.hash_block() : group.block;
}

// State of the search over all kinds.
struct Search {
    std::vector<bool> looked_up, proven;
    std::vector<std::int64_t> lengths;
    std::int64_t longest = 0;
};

std::int64_t shorten(const CacheCore& core, const CacheRequest& request, std::int64_t now, Search& search, CacheHit& hit) {
    for (std::size_t kind = 0; kind < core.lookup_groups.size(); ++kind) {
        const LookupGroup& asked = core.lookup_groups[kind];
        const GroupState& group = core.groups[asked.groups.front()];
        if (group.full_like && search.looked_up[kind]) {
            now = std::min(now, search.lengths[kind]);
            continue;
        }
        const bool drop = asked.eagle && !search.proven[kind];
        std::int64_t length = now;
        if (drop && group.kind != GroupKind::mamba)
            length = std::min(now + proof_margin(core, group), std::ssize(request.keys) * core.hash_block());
        FineLookup lookup{{core, asked, length, core.lookup_block, drop, hit}, request.keys};
        const std::int64_t found = find_kind(lookup);
        if (drop) search.proven[kind] = true;
        else if (found < now) search.proven.assign(search.proven.size(), false);
        now = found;
        search.looked_up[kind] = true;
        search.lengths[kind] = found;
        search.longest = std::max(search.longest, found);
    }
    return now;
}

void find_hybrid(const CacheCore& core, const CacheRequest& request, std::int64_t longest, CacheHit& hit) {
    const std::size_t kinds = core.lookup_groups.size();
    Search search{std::vector<bool>(kinds), std::vector<bool>(kinds), std::vector<std::int64_t>(kinds)};
    const bool simple = kinds == 2 && core.groups[core.lookup_groups[0].groups.front()].full_like;
    std::int64_t length = longest;
    for (;;) {
        const std::int64_t now = shorten(core, request, length, search, hit);
        if (now >= length) break;
        length = now;
        if (simple) break;
    }
    for (const LookupGroup& asked : core.lookup_groups) {
        const GroupState& group = core.groups[asked.groups.front()];
        if (!group.full_like) continue;
        const auto blocks = static_cast<std::size_t>(blocks_for(length, group.block));
        for (const std::size_t index : asked.groups) hit.blocks[index].resize(std::min(blocks, hit.blocks[index].size()));
    }
    hit.length = Tokens(length);
    if (search.longest > length) hit.shared_boundary = Tokens(search.longest);
}

// What one kind has is taken for the hit of all.
std::size_t leading_kind(const CacheCore& core) {
    if (core.hit_search == HitSearch::first_kind) return 0;
    const auto reach = [&](const LookupGroup& asked) {
        const GroupState& group = core.groups[asked.groups.front()];
        if (group.full_like) return std::numeric_limits<std::int64_t>::max();
        return group.kind == GroupKind::sliding ? group.window : 0;
    };
    return static_cast<std::size_t>(std::ranges::max_element(core.lookup_groups, {}, reach) - core.lookup_groups.begin());
}

void find_led(const CacheCore& core, const CacheRequest& request, std::int64_t longest, CacheHit& hit) {
    const std::size_t leader = leading_kind(core);
    const auto find = [&](const LookupGroup& asked, std::int64_t length, bool drop) {
        FineLookup lookup{{core, asked, length, core.lookup_block, drop, hit}, request.keys};
        return find_kind(lookup);
    };
    const std::int64_t length = find(core.lookup_groups[leader], longest, core.lookup_groups[leader].eagle);
    for (std::size_t kind = 0; kind < core.lookup_groups.size(); ++kind) {
        const LookupGroup& asked = core.lookup_groups[kind];
        if (kind != leader) find(asked, length, false);
        const auto blocks = static_cast<std::size_t>(blocks_for(length, core.groups[asked.groups.front()].block));
        for (const std::size_t index : asked.groups) hit.blocks[index].resize(std::min(blocks, hit.blocks[index].size()));
    }
    hit.length = Tokens(length);
}

}  // namespace

void find_led_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit) {
    if (core.coordinator != Coordinator::hybrid) return find_proven_hit(core, request, hit);
    find_led(core, request, request.tokens.value - 1, hit);
}

void find_proven_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit) {
    const std::int64_t longest = request.tokens.value - 1;  // The last token is computed, or there is nothing to go on from.
    if (core.coordinator == Coordinator::hybrid) return find_hybrid(core, request, longest, hit);
    const LookupGroup& asked = core.lookup_groups.front();
    FineLookup lookup{{core, asked, longest, core.lookup_block, asked.eagle, hit}, request.keys};
    hit.length = Tokens(find_kind(lookup));
}

}  // namespace kv
