#include "model/cache/cache_core.h"

#include <algorithm>

namespace kv {

void raise(Raised type, std::string_view raised_in, const char* message) {
    refuse({.type = type, .raised_in = raised_in, .message = message});
}

std::int64_t skipped_tokens(const GroupState& group, std::int64_t computed) {
    switch (group.kind) {
        case GroupKind::sliding:
            return std::max<std::int64_t>(0, computed - group.window + 1 - group.retained);
        case GroupKind::chunked:
            return computed / group.window * group.window;
        case GroupKind::mamba:
            return std::max<std::int64_t>(0, computed - 1);
        case GroupKind::full:
        case GroupKind::rswa:
        case GroupKind::cross:
        case GroupKind::circular:
            return 0;
    }
    return 0;
}

Holding& listed_holding(CacheRequest& request, GroupState& group) {
    Holding& holding = request.holdings[group.index];
    if (!holding.listed) {
        holding.listed = true;
        ++group.listed;
    }
    return holding;
}

bool partial_hit(const GroupState& group, std::span<const BlockId> hits, std::int64_t local_computed) {
    return !hits.empty() && local_computed % group.block != 0;
}

std::int64_t blocks_needed(const CacheCore& core, const GroupState& group, const Holding& holding, const GroupNeed& need) {
    if (group.kind == GroupKind::circular) return holding.blocks.empty() ? 1 : 0;
    std::int64_t required = blocks_for(need.tokens, group.block);
    if (need.capped && group.admission_cap) required = std::min(required, *group.admission_cap);
    const std::int64_t held = std::ssize(holding.blocks);
    if (holding.admitted) {
        if (!need.hits.empty()) raise(Raised::assertion_error, "get_num_blocks_to_allocate", "a running request hits no further prefix");
        return std::max<std::int64_t>(required - held, 0);
    }
    const std::int64_t skipped = skipped_tokens(group, need.computed) / group.block;
    const std::int64_t local = std::ssize(need.hits) + held;
    std::int64_t fresh = std::max<std::int64_t>(required - std::max(skipped, local), 0);
    // A hit block that waits in the queue leaves it, which takes a free block too.
    const auto passed = static_cast<std::size_t>(std::clamp<std::int64_t>(skipped - held, 0, std::ssize(need.hits)));
    const std::int64_t waiting = core.pool.free_among(need.hits.subspan(passed));
    if (core.hit_search != HitSearch::shorten && partial_hit(group, need.hits, need.local_computed)) ++fresh;
    return fresh + waiting;
}

void take_blocks(CacheCore& core, std::int64_t count, Holding& holding, std::vector<BlockId>* to_zero) {
    if (count <= 0) return;
    if (count > core.pool.free_count()) raise(Raised::value_error, "get_new_blocks", "fewer blocks are free than are taken");
    const std::size_t before = holding.blocks.size();
    core.pool.take(count, holding.blocks);
    if (to_zero != nullptr)
        to_zero->insert(to_zero->end(), holding.blocks.begin() + static_cast<std::ptrdiff_t>(before), holding.blocks.end());
}

void adopt_hits(CacheCore& core, GroupState& group, CacheRequest& request, const GroupNeed& need) {
    if (group.kind == GroupKind::circular) return;
    if (group.kind == GroupKind::cross) {
        if (!need.hits.empty()) raise(Raised::assertion_error, "allocate_new_computed_blocks", "cross attention shares no blocks");
        return;
    }
    Holding& holding = listed_holding(request, group);
    if (!holding.blocks.empty()) raise(Raised::assertion_error, "allocate_new_computed_blocks", "a new request holds nothing yet");
    const std::int64_t skipped = skipped_tokens(group, need.computed) / group.block;
    const std::span<const BlockId> hits = need.hits.subspan(static_cast<std::size_t>(std::min(skipped, std::ssize(need.hits))));
    if (core.setup.prefix_caching) {
        core.pool.touch(hits);
    } else if (!hits.empty()) {
        raise(Raised::assertion_error, "allocate_new_computed_blocks", "without prefix caching nothing is hit");
    }
    holding.blocks.assign(static_cast<std::size_t>(skipped), null_block);
    holding.blocks.insert(holding.blocks.end(), hits.begin(), hits.end());
    holding.cached_blocks = std::ssize(holding.blocks);
    holding.admitted = true;
    if (core.hit_search == HitSearch::shorten || !partial_hit(group, hits, need.local_computed)) return;
    holding.cached_blocks = need.local_computed / group.block;
    holding.states.partial_hit = {.block_index = holding.cached_blocks, .source = hits.back()};
}

void load_external(CacheCore& core, GroupState& group, CacheRequest& request, const GroupNeed& need) {
    std::vector<BlockId>* const to_zero = group.zeroed ? &group.to_zero : nullptr;
    if (group.kind == GroupKind::cross) return;
    if (group.kind == GroupKind::circular) {
        Holding& holding = listed_holding(request, group);
        if (holding.blocks.empty()) take_blocks(core, 1, holding, to_zero);
        return;
    }
    std::int64_t external = need.computed - need.local_computed;
    const std::int64_t skipped = skipped_tokens(group, need.computed);
    // 0.18.0 looks at whole blocks, so that a load inside a window's first block takes its block before any group grows.
    const bool passed = core.hit_adoption == HitAdoption::group_by_group ? skipped >= group.block : skipped > 0;
    if (passed) external = std::min(need.computed - skipped, external);
    if (external <= 0) return;
    Holding& holding = listed_holding(request, group);
    take_blocks(core, blocks_for(need.computed, group.block) - std::ssize(holding.blocks), holding, to_zero);
}

void copy_on_write(CacheCore& core, GroupState& group, CacheRequest& request, BlockId copy) {
    Holding& holding = request.holdings[group.index];
    const Holding::PartialHit hit = *holding.states.partial_hit;
    if (hit.block_index >= std::ssize(holding.blocks) || holding.blocks[static_cast<std::size_t>(hit.block_index)] != hit.source)
        raise(Raised::assertion_error, "_apply_cow", "a hit ends in a block that is held");
    if (hit.source == null_block) raise(Raised::assertion_error, "_apply_cow", "a null block has nothing to copy");
    holding.blocks[static_cast<std::size_t>(hit.block_index)] = copy;
    group.copies.push_back({.source = hit.source, .destination = copy});
    core.pool.hold(copy);
}

void grow(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    Holding& holding = listed_holding(request, group);
    if (group.kind == GroupKind::circular) tokens = 1;
    if (group.kind == GroupKind::mamba) tokens += group.drafts * group.block;
    if (holding.states.partial_hit) {
        if (core.pool.free_count() < 1) raise(Raised::value_error, "get_new_blocks", "fewer blocks are free than are taken");
        const BlockId copy = core.pool.take_one();
        copy_on_write(core, group, request, copy);
        holding.states.partial_hit.reset();
        group.to_zero.push_back(copy);
        core.new_ids.push_back(copy);
    }
    const auto held = std::ssize(holding.blocks);
    const std::int64_t fresh = blocks_for(tokens, group.block) - held;
    if (fresh <= 0) return;
    take_blocks(core, fresh, holding, group.zeroed ? &group.to_zero : nullptr);
    core.new_ids.insert(core.new_ids.end(), holding.blocks.begin() + held, holding.blocks.end());
}

void release_range(CacheCore& core, Holding& holding, std::int64_t first, std::int64_t last) {
    core.released.clear();
    for (std::int64_t i = std::min(last, std::ssize(holding.blocks)) - 1; i >= first; --i) {
        BlockId& block = holding.blocks[static_cast<std::size_t>(i)];
        if (block == null_block) break;
        core.released.push_back(block);
        block = null_block;
    }
    if (!core.released.empty()) core.pool.release(core.released);
}

void release_passed(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed) {
    Holding& holding = request.holdings[group.index];
    if (group.kind == GroupKind::rswa) {
        const std::int64_t prompt = request.prompt_tokens.value;
        release_range(core, holding, blocks_for(prompt, group.block), std::max(prompt, computed - group.window) / group.block);
        return;
    }
    const std::int64_t skipped = skipped_tokens(group, computed);
    if (skipped > 0) release_range(core, holding, 0, skipped / group.block);
}

}  // namespace kv
