#include "model/rules/host_tier.h"

#include <algorithm>

namespace kv {
namespace {

// Of a block of a group in one layer; of a bundle in all its layers.
Bytes page_of(const HostRowAsked& asked, const Group& group) {
    if (!group.bundle) return asked.engine.page_bytes(asked.plan.spec(group.spec));
    Bytes page;
    for (const SpecId id : group.bundle->specs) page += asked.engine.page_bytes(asked.plan.spec(id));
    return page;
}

Bytes stored(const HostRowAsked& asked, const Group& group) {
    const Bytes page = page_of(asked, group);
    return group.bundle ? page : std::ssize(group.layers) * page;
}

bool laid_out(const Plan& plan) {
    return std::ranges::none_of(plan.workers, [](const WorkerPlan& worker) { return worker.tensors.empty(); });
}

}  // namespace

Bytes row_of_own_group(const HostRowAsked& asked) { return stored(asked, asked.plan.groups[asked.group]); }

Bytes row_of_pool_block(const HostRowAsked& asked) {
    Bytes row;
    if (laid_out(asked.plan)) {
        for (const WorkerPlan& worker : asked.plan.workers) row += Bytes{worker.bytes_per_block.value};
        return row;
    }
    for (const Group& group : asked.plan.groups) row = std::max(row, stored(asked, group));
    return row;
}

Bytes row_of_page_and_tensors(const HostRowAsked& asked) {
    std::int64_t tensors = 0;
    for (const WorkerPlan& worker : asked.plan.workers) {
        std::int64_t layers = 0;
        for (const Group& group : worker.groups) layers = std::max<std::int64_t>(layers, std::ssize(group.layers));
        tensors += worker.tensors.empty() ? layers : std::ssize(worker.tensors);
    }
    return tensors * page_of(asked, asked.plan.groups.front());
}

Bytes row_of_all_groups(const HostRowAsked& asked) {
    Bytes row;
    for (const Group& group : asked.plan.groups)
        if (prefix_cacheable(asked.plan.spec(group.spec))) row += stored(asked, group);
    return row;
}

}  // namespace kv
