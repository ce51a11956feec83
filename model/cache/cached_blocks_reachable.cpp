// The prefix cache is told of blocks that a hit can need, and of prefixes that end inside a block, as 0.32.0 does it.
#include "model/cache/cache_core.h"

#include <algorithm>

namespace kv {

namespace {

constexpr std::string_view here = "BlockPool.cache_full_blocks";

std::int64_t round_down(std::int64_t count, std::int64_t multiple) { return count / multiple * multiple; }

// Of `tokens` computed ones, those that the cache may be told of: a drafter may ask for the last ones again, and groups with other
// block sizes can only hit at common boundaries.
std::int64_t cacheable_tokens(const CacheCore& core, const GroupState& group, std::int64_t tokens) {
    const auto aligned = [&](std::int64_t count) {
        return core.partial_hits ? count : round_down(count, core.setup.scheduler_block.value);
    };
    if (core.coordinator != Coordinator::hybrid) return std::max<std::int64_t>(0, tokens - core.reprefillable);
    if (!group.eagle || aligned(tokens) <= 0) return aligned(tokens);
    const std::int64_t settled = std::max<std::int64_t>(0, tokens - core.reprefillable);
    return std::min(settled, aligned(settled) + group.block);
}

// Where a request with this prompt, or one that goes on from it, would end its hit.
std::vector<std::int64_t> boundaries_of(const CacheCore& core, const CacheRequest& request) {
    const std::int64_t prompt = request.prompt_tokens.value, block = core.setup.scheduler_block.value;
    std::vector<std::int64_t> boundaries;
    if (core.any_eagle_group) {
        boundaries = {std::max<std::int64_t>(round_down(std::max<std::int64_t>(prompt - 1, 0), block) - block, 0),
                      std::max<std::int64_t>(round_down(prompt, block) - block, 0)};
    } else {
        boundaries = {prompt - 1};
    }
    if (request.shared_boundary.value != 0) boundaries.push_back(request.shared_boundary.value);
    return boundaries;
}

void cache_full_blocks(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    Holding& holding = request.holdings[group.index];
    const std::int64_t full = tokens / group.block, cached = holding.cached_blocks;
    if (!group.cacheable || cached >= full) return;
    ReachAsked asked{.first = cached, .last = full, .eagle = group.eagle};
    if (core.setup.retention_interval) asked.boundaries = boundaries_of(core, request);
    const std::vector<bool> mask = reachable_mask(core, group, asked);
    const std::int64_t held = std::ssize(listed_holding(request, group).blocks);
    if (!mask.empty() && held < full) raise(Raised::assertion_error, here, "a block that is cached is held");
    const KeysByBlock keys{request.keys, group.block / core.hash_block()};
    for (std::int64_t i = cached; i < std::min(full, held); ++i) {
        const BlockId block = holding.blocks[static_cast<std::size_t>(i)];
        if (block == null_block || (!mask.empty() && !mask[static_cast<std::size_t>(i - cached)])) continue;
        if (i >= keys.size()) raise(Raised::index_error, here, "a cached block has a hash");
        const std::int64_t covered = (i + 1) * group.block;
        if (core.pool.is_cached(block)) {
            if (core.pool.prefixes().own_tokens(block) >= covered)
                raise(Raised::assertion_error, here, "only a partial block is cached again");
            core.pool.forget(block);
        }
        core.pool.cache_own(block, keys[i], group.index, Tokens(covered));
    }
    holding.cached_blocks = full;
    holding.admitted = true;
}

// Where the next request with this prompt ends its hit, if that is inside a block.
void cache_prompt_tail(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    const std::int64_t prompt = request.prompt_tokens.value;
    const std::int64_t boundary = round_down(std::max<std::int64_t>(group.eagle ? prompt : prompt - 1, 0), core.hash_block());
    if (boundary == 0 || boundary > tokens || boundary % group.block == 0) return;
    const Holding& holding = listed_holding(request, group);
    const std::int64_t index = boundary / group.block;
    if (index >= std::ssize(holding.blocks)) return;
    cache_partial_block(core, group, request, {.block = holding.blocks[static_cast<std::size_t>(index)], .tokens = boundary});
}

void cache_states(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    const Holding& holding = request.holdings[group.index];
    const std::int64_t before = holding.cached_blocks;
    cache_full_blocks(core, group, request, tokens);
    const std::int64_t after = holding.cached_blocks;
    if (group.mode == MambaMode::align) cache_state_tail(core, group, request, tokens);
    for (std::int64_t i = before; i < after; ++i) {
        if (i >= std::ssize(holding.blocks)) raise(Raised::index_error, "MambaManager.cache_blocks", "a block that is cached is held");
        const BlockId block = holding.blocks[static_cast<std::size_t>(i)];
        if (block != null_block && core.pool.is_cached(block)) group.cached_this_step.insert(core.pool.prefixes().own(block).key);
    }
}

// In segments of `per_segment` blocks the last `need` are kept, and those before each boundary.
std::vector<bool> window_mask(const CacheCore& core, const GroupState& group, const ReachAsked& asked) {
    const std::int64_t alignment = group.hit_alignment;
    if (alignment % group.block != 0) return {};
    const std::int64_t shift = asked.eagle ? 1 : 0;
    const std::int64_t need = blocks_for(group.window - 1, group.block) + shift;
    const std::optional<Tokens> retention = core.setup.retention_interval;
    const std::int64_t segment = retention ? retention->value : alignment;  // 0: no segments, only boundaries.
    if (segment != 0 && need >= segment / group.block) return {};
    std::vector<bool> mask(static_cast<std::size_t>(asked.last - asked.first));
    const auto keep = [&](std::int64_t block) { mask[static_cast<std::size_t>(block - asked.first)] = true; };
    if (segment != 0) {
        const std::int64_t per_segment = segment / group.block;
        for (std::int64_t i = std::max(asked.first, shift); i < asked.last; ++i)
            if ((i - shift) % per_segment >= per_segment - need) keep(i);
    }
    if (!retention) return mask;
    for (const std::int64_t boundary : asked.boundaries) {
        const std::int64_t end = round_down(std::max<std::int64_t>(boundary, 0), alignment) / group.block + shift;
        for (std::int64_t i = std::max(asked.first, end - need); i < std::min(asked.last, end); ++i) keep(i);
    }
    return mask;
}

std::vector<bool> state_mask(const CacheCore& core, const GroupState& group, const ReachAsked& asked) {
    if (!core.setup.retention_interval) return {};
    const std::int64_t per_segment = core.setup.retention_interval->value / group.spec_block;
    const bool segments = core.setup.retention_interval->value != 0;
    if (segments && per_segment <= 1) return {};
    std::vector<bool> mask(static_cast<std::size_t>(asked.last - asked.first));
    if (segments) {
        for (std::int64_t i = (asked.first + per_segment) / per_segment * per_segment - 1; i < asked.last; i += per_segment)
            mask[static_cast<std::size_t>(i - asked.first)] = true;
    }
    for (const std::int64_t boundary : asked.boundaries) {
        const std::int64_t block = round_down(std::max<std::int64_t>(boundary, 0), group.hit_alignment) / group.spec_block - 1;
        if (asked.first <= block && block < asked.last) mask[static_cast<std::size_t>(block - asked.first)] = true;
    }
    return mask;
}

}  // namespace

std::vector<bool> reachable_mask(const CacheCore& core, const GroupState& group, const ReachAsked& asked) {
    if (group.kind == GroupKind::sliding) return window_mask(core, group, asked);
    if (group.kind == GroupKind::mamba) return state_mask(core, group, asked);
    return {};
}

std::optional<CachedPartial> cache_partial_block(CacheCore& core, const GroupState& group, const CacheRequest& request,
                                                 const PartialBlock& partial) {
    if (partial.block == null_block) return std::nullopt;
    const std::int64_t count = partial.tokens / core.hash_block();
    if (count <= 0 || count > std::ssize(request.keys))
        raise(Raised::assertion_error, "BlockPool.cache_partial_block", "a prefix that is cached has a hash");
    const PrefixKey key = request.keys[static_cast<std::size_t>(count - 1)];
    const CachedPrefix wanted{key, static_cast<std::uint32_t>(group.index)};
    const bool known = core.pool.is_cached(partial.block) && core.pool.prefixes().holds(wanted, partial.block);
    const bool longer = core.pool.is_cached(partial.block) && core.pool.prefixes().own_tokens(partial.block) < partial.tokens;
    if (partial.replaces || (!known && longer)) core.pool.forget(partial.block);
    core.pool.cache_also(partial.block, key, group.index, Tokens(partial.tokens));
    return CachedPartial{.key = key, .fresh = !known};
}

void cache_reachable_blocks(CacheCore& core, CacheRequest& request, std::int64_t tokens) {
    if (!core.setup.prefix_caching) return;
    for (GroupState& group : core.groups) {
        if (group.kind == GroupKind::circular) continue;
        if (group.kind == GroupKind::cross)
            raise(Raised::value_error, "CrossAttentionManager.cache_blocks", "cross attention caches no prefix");
        const std::int64_t cacheable = cacheable_tokens(core, group, tokens);
        if (group.kind == GroupKind::mamba) {
            cache_states(core, group, request, cacheable);
            continue;
        }
        cache_full_blocks(core, group, request, cacheable);
        const bool tail = group.kind == GroupKind::full || group.kind == GroupKind::rswa;
        if (tail && group.block != core.hash_block()) cache_prompt_tail(core, group, request, cacheable);
    }
}

}  // namespace kv
