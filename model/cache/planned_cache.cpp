#include "model/cache/planned_cache.h"

#include <algorithm>

namespace kv {
namespace {

// Where the plan has no sizes of their own for them, blocks are hashed and scheduled by the smallest block of any group, over all ranks
// that share it (vllm 0.18.0, EngineCore.__init__).
Tokens smallest_block(const Plan& plan, const Settings& settings) {
    std::int64_t smallest = plan.scheduler.groups.front().block.value;
    for (const SchedulerView::GroupView& group : plan.scheduler.groups) smallest = std::min(smallest, group.block.value);
    return settings.parallel.context() * Tokens{smallest};
}

}  // namespace

CacheSetup planned_cache(const Engine& engine, const Plan& plan, const Settings& settings) {
    require(!plan.scheduler.groups.empty(), "a cache has groups");
    CacheSetup setup;
    const std::vector<Group>& groups = plan.workers.front().groups;
    for (std::size_t i = 0; i < plan.scheduler.groups.size(); ++i)
        setup.groups.push_back({.spec = plan.spec(plan.scheduler.groups[i].spec), .draft = groups[i].draft});
    setup.blocks = plan.scheduler.blocks;
    setup.prefix_caching = settings.prefix_caching;
    setup.model_len_max = plan.model_len_max;
    setup.hash_block = TokensPerBlock{plan.scheduler.hash_block.value_or(smallest_block(plan, settings)).value};
    setup.scheduler_block = TokensPerBlock{plan.scheduler.scheduler_block.value_or(smallest_block(plan, settings)).value};
    setup.decode_context = settings.parallel.decode_context;
    const bool later = engine.scheduler.choice == SchedulerRules::vllm_0_32;
    setup.eagle = later ? drops_eagle_block(settings.drafting) : uses_eagle(settings.drafting);
    setup.prefill_context = later ? 1 : settings.parallel.prefill_context;  // 0.32.0's scheduler tells its manager of decode ranks alone.
    if (!later) return setup;
    setup.in_flight_max = in_flight_max(settings);
    setup.prefill_lookahead = prefill_lookahead(settings).value;
    setup.retention_interval = Tokens{0};  // The default of CacheConfig.prefix_cache_retention_interval.
    return setup;
}

}  // namespace kv
