// Aligned Mamba states as 0.18.0 keeps them: the last block holds the running state, the blocks after it those of drafts, and the block
// of the step before is kept for one step more, for its state is where the next one starts.
#include "model/cache/cache_core.h"

#include <algorithm>

namespace kv {

bool cached_by_this_step(const CacheCore& core, const GroupState& group, std::span<const BlockId> hits) {
    if (hits.empty() || group.cached_this_step.empty() || !core.pool.is_cached(hits.back())) return false;
    return group.cached_this_step.contains(core.pool.prefixes().own(hits.back()).key);
}

std::int64_t running_state_needed(const CacheCore& core, const GroupState& group, const Holding& holding, const GroupNeed& need) {
    const std::int64_t required = blocks_for(need.main_tokens, group.block) + group.drafts;
    // May be negative, where drafts were rejected; the engine's sum over the groups is then smaller too.
    std::int64_t fresh = required - std::ssize(need.hits) - std::ssize(holding.blocks);
    if (fresh > 0) fresh = holding.states.allocated ? 1 : 1 + group.drafts;
    return fresh + core.pool.free_among(need.hits);
}

void release_running_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed) {
    const std::int64_t settled = std::max<std::int64_t>(0, computed - group.drafts);  // As if every draft were rejected.
    release_passed(core, group, request, settled);
    Holding& holding = request.holdings[group.index];
    const std::optional<std::int64_t> last = holding.states.last_state;
    if (!last || *last >= blocks_for(settled, group.block) - 1) return;
    BlockId& block = holding.blocks[static_cast<std::size_t>(*last)];
    if (block == null_block) return;
    core.pool.release({&block, 1});
    block = null_block;
}

void grow_running_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t main_tokens) {
    Holding& holding = listed_holding(request, group);
    std::vector<BlockId>& blocks = holding.blocks;
    const std::int64_t required = blocks_for(main_tokens, group.block) + group.drafts;
    const std::int64_t before = std::ssize(blocks);
    if (required == before) return;
    if (required < before) raise(Raised::assertion_error, "MambaManager.allocate_new_blocks", "a step needs fewer blocks than are held");
    if (holding.states.allocated) holding.states.last_state = before - 1 - group.drafts;
    else if (before > 0) holding.states.last_state = before - 1;

    const std::int64_t skipped = required - group.drafts - 1;
    if (before < skipped) blocks.resize(static_cast<std::size_t>(skipped), null_block);
    if (holding.states.allocated) {
        for (std::int64_t i = std::max<std::int64_t>(before - group.drafts, 0); i < before && i < skipped; ++i) {
            blocks.push_back(blocks[static_cast<std::size_t>(i)]);  // The drafts' blocks of the step before serve again.
            blocks[static_cast<std::size_t>(i)] = null_block;
        }
    }
    const std::int64_t fresh = required - std::ssize(blocks);
    if (fresh > (holding.states.allocated ? 1 : group.drafts + 1))
        raise(Raised::assertion_error, "MambaManager.allocate_new_blocks", "a step takes more blocks than its state and its drafts");
    take_blocks(core, fresh, holding, nullptr);
    holding.states.allocated = true;
    core.new_ids.insert(core.new_ids.end(), blocks.begin() + before, blocks.end());
}

}  // namespace kv
