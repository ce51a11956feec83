// The prefix cache is told of every full block, as 0.18.0 does it.
#include "model/cache/cache_core.h"

#include <algorithm>

namespace kv {

namespace {

constexpr std::string_view here = "BlockPool.cache_full_blocks";

void cache_group(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens) {
    if (group.kind == GroupKind::cross)
        raise(Raised::value_error, "CrossAttentionManager.cache_blocks", "cross attention caches no prefix");
    if (!group.cacheable) return;
    Holding& holding = listed_holding(request, group);
    const std::int64_t full = tokens / group.block, cached = holding.cached_blocks;
    if (cached >= full) return;
    if (std::ssize(request.keys) < full) raise(Raised::assertion_error, here, "a cached block has a hash");
    const KeysByBlock keys{request.keys, group.block / core.hash_block()};
    for (std::int64_t i = cached; i < std::min(full, std::ssize(holding.blocks)); ++i) {
        const BlockId block = holding.blocks[static_cast<std::size_t>(i)];
        if (block == null_block) continue;
        if (core.pool.is_cached(block)) raise(Raised::assertion_error, here, "a block is cached once");
        if (i >= keys.size()) raise(Raised::index_error, here, "a cached block has a hash");
        core.pool.cache_own(block, keys[i], group.index, Tokens((i + 1) * group.block));
        if (group.kind == GroupKind::mamba) group.cached_this_step.insert(keys[i]);
    }
    holding.cached_blocks = full;
    holding.admitted = true;
}

}  // namespace

void cache_every_full_block(CacheCore& core, CacheRequest& request, std::int64_t tokens) {
    for (GroupState& group : core.groups) cache_group(core, group, request, tokens);
}

}  // namespace kv
