// Aligned Mamba states as 0.32.0 keeps them: as 0.18.0, and a prefill may leave a state inside it for others to go on from, a hit may
// end inside a block whose state is then copied, and a request that goes on writing where others may hit moves the hit to a copy.
#include "model/cache/cache_core.h"

#include <algorithm>

namespace kv {

namespace {

// Whether the backend can export the state at `position` from a query of first .. last - 1.
bool checkpoint_valid(const CacheCore& core, const GroupState& group, std::int64_t first, std::int64_t last, std::int64_t position) {
    if (!group.checkpoint_alignment) return false;
    const std::int64_t hash_block = core.hash_block();
    const std::int64_t initial_column = first == 0 ? -1 : (first - 1) / group.block;
    const std::int64_t column = blocks_for(last, group.block) - 2;
    return first % hash_block == 0 && column > initial_column && first + hash_block <= position && first < position && position < last &&
           (position - first) % *group.checkpoint_alignment == 0;
}

bool needs_checkpoint(const CacheCore& core, const GroupState& group, const Holding& holding, const GroupNeed& need,
                      std::int64_t position) {
    if (!group.checkpoints || need.main_tokens < need.prefill_end) return false;
    const std::int64_t index = blocks_for(need.main_tokens, group.block) - 2;
    const std::int64_t held = std::ssize(holding.blocks);
    if (!checkpoint_valid(core, group, need.computed, need.main_tokens, position) || index < 0) return false;
    return index >= held || holding.blocks[static_cast<std::size_t>(index)] == null_block ||
           (holding.states.allocated && index >= held - group.drafts);
}

void use_drafts_again(CacheCore& core, const GroupState& group, std::vector<BlockId>& blocks, std::int64_t before, std::int64_t end) {
    for (std::int64_t i = std::max<std::int64_t>(before - group.drafts, 0); i < before && i < end; ++i) {
        const BlockId block = blocks[static_cast<std::size_t>(i)];
        if (block == null_block || core.pool.holders(block) != 1 || core.pool.is_cached(block))
            raise(Raised::assertion_error, "_relocate_speculative_block", "a draft's block is its request's alone and holds no prefix");
        blocks.push_back(block);
        blocks[static_cast<std::size_t>(i)] = null_block;
    }
}

// The running request goes on in the block that others may hit: the prefix moves to the copy.
void move_hit_to_copy(CacheCore& core, GroupState& group, const Holding& holding, BlockId copy) {
    const Holding::PartialHit hit = *holding.states.partial_hit;
    if (hit.block_index >= std::ssize(holding.blocks) || holding.blocks[static_cast<std::size_t>(hit.block_index)] != hit.source)
        raise(Raised::assertion_error, "MambaManager.allocate_new_blocks", "the block that is copied is the request's own");
    core.pool.move_prefixes(hit.source, copy);
    group.copies.push_back({.source = hit.source, .destination = copy});
    core.pool.hold(hit.source);
    if (core.pool.is_cached(copy)) group.cached_this_step.insert(core.pool.prefixes().own(copy).key);
}

struct CachedTail {
    std::int64_t block_index = 0;
    std::int64_t tokens = 0;
    bool replaces = false;  // Whatever the block held before.
};

// The checkpoint of this step: kept if a later prompt, a retained segment or a shared prefix ends there.
std::optional<CachedTail> checkpoint_to_cache(CacheCore& core, const GroupState& group, const CacheRequest& request) {
    const Holding& holding = request.holdings[group.index];
    const Holding::Checkpoint checkpoint = *holding.states.checkpoint;
    if (checkpoint.block_index >= std::ssize(holding.blocks))
        raise(Raised::assertion_error, "_cache_partial_tail_block", "a checkpoint's block is held");
    const BlockId block = holding.blocks[static_cast<std::size_t>(checkpoint.block_index)];
    const bool ends_prompt =
        checkpoint.position == checkpoint_position(request.prompt_tokens.value, group.hit_alignment, group.drops_checkpoint);
    bool retained = false;
    if (checkpoint.position % group.block == 0) {
        const std::int64_t index = checkpoint.position / group.block - 1;
        const std::vector<bool> mask = reachable_mask(core, group, {.first = index, .last = index + 1, .eagle = group.drops_checkpoint});
        retained = mask.empty() || mask[0];
    }
    if (!ends_prompt && !retained && checkpoint.position != request.shared_boundary.value) {
        core.pool.forget(block);
        return std::nullopt;
    }
    if (core.pool.is_cached(block) && core.pool.prefixes().own_tokens(block) == checkpoint.position) return std::nullopt;
    return CachedTail{.block_index = checkpoint.block_index, .tokens = checkpoint.position, .replaces = true};
}

std::optional<CachedTail> tail_to_cache(CacheCore& core, const GroupState& group, const CacheRequest& request, std::int64_t tokens) {
    const Holding& holding = request.holdings[group.index];
    if (holding.states.checkpoint) return checkpoint_to_cache(core, group, request);
    const std::int64_t hash_block = core.hash_block();
    if (tokens <= 0 || tokens % hash_block != 0) return std::nullopt;
    const std::int64_t prompt = request.prompt_tokens.value;
    const bool shared =
        core.shared_prefix_checkpoint && tokens == request.shared_boundary.value && request.computed.value < tokens && tokens <= prompt;
    if (tokens != checkpoint_position(prompt, hash_block, group.drops_checkpoint) && !shared) return std::nullopt;
    const std::int64_t index = blocks_for(tokens, group.block) - 1;
    if (index >= std::ssize(holding.blocks) || holding.blocks[static_cast<std::size_t>(index)] == null_block) return std::nullopt;
    return CachedTail{.block_index = index, .tokens = tokens};
}

void see_last_state(Holding& holding, const GroupState& group, std::int64_t before) {
    if (holding.states.allocated) holding.states.last_state = before - 1 - group.drafts;
    else if (before > 0) holding.states.last_state = before - 1;
}

}  // namespace

std::int64_t checkpoint_position(std::int64_t tokens, std::int64_t alignment, bool drops_block) {
    const std::int64_t limit = drops_block ? tokens : tokens - 1;  // Without a drafter one token is left to compute again.
    if (limit < 0) return 0;
    return std::max<std::int64_t>(limit / alignment * alignment - (drops_block ? alignment : 0), 0);
}

// What a step that computes up to `tokens` leaves for others to hit: the checkpoint inside it, or the state at its end where that is
// where the next request with this prompt goes on.
void cache_state_tail(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    const std::optional<CachedTail> tail = tail_to_cache(core, group, request, tokens);
    if (!tail) return;
    Holding& holding = request.holdings[group.index];
    const BlockId block = holding.blocks[static_cast<std::size_t>(tail->block_index)];
    const std::optional<CachedPartial> cached = cache_partial_block(core, group, request, {block, tail->tokens, tail->replaces});
    if (!cached) return;
    if (cached->fresh || core.state_marks == StateMarks::each_step) group.cached_this_step.insert(cached->key);
    if (tail->replaces || tail->tokens % group.block == 0) return;
    holding.states.partial_hit = {.block_index = tail->block_index, .source = block};
    holding.cached_blocks = tail->block_index;
    holding.admitted = true;
}

std::int64_t checkpointed_state_needed(const CacheCore& core, const GroupState& group, Holding& holding, const GroupNeed& need) {
    const std::int64_t required = blocks_for(need.main_tokens, group.block) + group.drafts;
    std::int64_t fresh = required - std::ssize(need.hits) - std::ssize(holding.blocks);
    const bool partial = partial_hit(group, need.hits, need.local_computed) || holding.states.partial_hit;
    if (partial) fresh = std::max<std::int64_t>(fresh, 0) + 1;
    std::int64_t position = checkpoint_position(need.main_tokens, group.hit_alignment, group.drops_checkpoint);
    if (!needs_checkpoint(core, group, holding, need, position)) position = 0;
    if (!need.capped) {
        holding.states.checkpoint.reset();
        if (position > 0) holding.states.checkpoint = {.position = position, .block_index = blocks_for(need.main_tokens, group.block) - 2};
    }
    if (fresh > 0) {
        const std::int64_t most = 1 + (partial ? 1 : 0) + (position > 0 ? 1 : 0) + (holding.states.allocated ? 0 : group.drafts);
        fresh = std::min(fresh, most);
    }
    return fresh + core.pool.free_among(need.hits);
}

void release_checkpointed_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed) {
    Holding& holding = request.holdings[group.index];
    const std::int64_t skipped = skipped_tokens(group, computed);
    const std::int64_t last = std::min(skipped / group.block, std::ssize(holding.blocks));
    if (skipped > 0 && holding.states.retired_blocks < last) {
        core.released.clear();
        for (std::int64_t i = last - 1; i >= holding.states.retired_blocks; --i) {
            BlockId& block = holding.blocks[static_cast<std::size_t>(i)];
            if (block == null_block) continue;
            core.released.push_back(block);
            block = null_block;
        }
        if (!core.released.empty()) core.pool.release(core.released);
        holding.states.retired_blocks = last;
    }
    const std::optional<std::int64_t> state = holding.states.last_state;
    if (!state || *state >= blocks_for(computed, group.block) - 1) return;
    BlockId& block = holding.blocks[static_cast<std::size_t>(*state)];
    if (block == null_block) return;
    core.pool.release({&block, 1});
    block = null_block;
}

void grow_checkpointed_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t main_tokens) {
    Holding& holding = listed_holding(request, group);
    std::vector<BlockId>& blocks = holding.blocks;
    Holding::States& states = holding.states;
    const std::int64_t required = blocks_for(main_tokens, group.block) + group.drafts;
    const std::int64_t checkpoint = states.checkpoint ? 1 : 0;
    const bool partial = states.partial_hit.has_value();
    const std::int64_t before = std::ssize(blocks);
    if (required <= before && !partial && checkpoint == 0) {
        states.allocated = true;
        return;
    }
    see_last_state(holding, group, before);
    const std::int64_t skipped = required - group.drafts - 1;
    if (before < skipped - checkpoint) blocks.resize(static_cast<std::size_t>(skipped - checkpoint), null_block);
    if (states.allocated) use_drafts_again(core, group, blocks, before, skipped - checkpoint);

    const std::int64_t fresh = std::max<std::int64_t>(required - std::ssize(blocks), 0) + (partial ? 1 : 0);
    if (fresh > 1 + (partial ? 1 : 0) + checkpoint + (states.allocated ? 0 : group.drafts))
        raise(Raised::assertion_error, "MambaManager.allocate_new_blocks", "a step takes more blocks than its states");
    if (fresh > core.pool.free_count()) raise(Raised::value_error, "get_new_blocks", "fewer blocks are free than are taken");
    std::optional<BlockId> copy;
    if (partial) copy = core.pool.take_one();
    core.pool.take(fresh - (partial ? 1 : 0), blocks);
    if (copy && states.allocated) move_hit_to_copy(core, group, holding, *copy);
    if (copy && !states.allocated) {
        copy_on_write(core, group, request, *copy);
        core.new_ids.push_back(*copy);
    }
    core.new_ids.insert(core.new_ids.end(), blocks.begin() + before, blocks.end());
    states.allocated = true;
    states.partial_hit.reset();
}

}  // namespace kv
