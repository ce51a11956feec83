#include "model/rules/report.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// A worker's groups as the scheduler sees them: a bundle is stood for by its first layer.
class PlainGroups {
public:
    explicit PlainGroups(const std::vector<Group>& groups) : groups_(groups) {
        if (std::ranges::none_of(groups, [](const Group& group) { return group.bundle.has_value(); })) return;
        for (const Group& group : groups)
            copies_.push_back({.layers = group.layers, .spec = specs_of(group).front(), .draft = group.draft});
        groups_ = copies_;
    }
    std::span<const Group> groups() const { return groups_; }
    PlainGroups(const PlainGroups&) = delete;
    PlainGroups& operator=(const PlainGroups&) = delete;

private:
    std::vector<Group> copies_;  // Only where there is a bundle.
    std::span<const Group> groups_;
};

SchedulerView scheduler_view(const Planning& planning, Blocks blocks, std::span<const Group> groups) {
    SchedulerView view{.blocks = blocks};
    view.groups.reserve(groups.size());
    std::optional<Tokens> smallest, smallest_cacheable;
    const auto lower = [](std::optional<Tokens>& least, Tokens block) { least = least ? std::min(*least, block) : block; };
    for (const Group& group : groups) {
        const KvSpec& spec = planning.spec(group.spec);
        view.groups.push_back({group.spec, block_of(spec)});
        lower(smallest, Tokens{block_of(spec).value});
        if (prefix_cacheable(spec)) lower(smallest_cacheable, Tokens{block_of(spec).value});
    }
    view.block = smallest_cacheable ? smallest_cacheable : smallest;
    return view;
}

Capacity capacity_of(const Reporting& report) {
    const Engine& engine = report.planning.engine;
    const double concurrency = engine.concurrency(report);
    return {.reported = engine.reported_tokens(report, concurrency), .concurrency = concurrency};
}

SideBuffer side_buffer_of(const Reporting& report, const SchedulerView& scheduler) {
    const Engine& engine = report.planning.engine;
    return engine.side_buffer_rows(report, engine.capture_group(report), scheduler);
}

}  // namespace

void report_each_worker(const Planning& planning, Plan& plan) {
    const WorkerPlan& first = plan.workers.front();
    const PlainGroups plain(first.groups);
    const std::span<const Group> groups = plain.groups();
    plan.scheduler = scheduler_view(planning, first.blocks, groups);
    if (groups.empty()) return;
    for (WorkerPlan& worker : plan.workers) {
        const Reporting report{planning, worker.groups, worker.blocks};
        worker.capacity = capacity_of(report);
        worker.side_buffer = side_buffer_of(report, plan.scheduler);
    }
    plan.capacity = first.capacity;
    plan.side_buffer = first.side_buffer;
    plan.scheduler.capture_group = planning.engine.capture_group({planning, groups, first.blocks});
    planning.engine.block_sizes(planning, groups, plan.scheduler);
}

void report_scheduler(const Planning& planning, Plan& plan) {
    const WorkerPlan& first = plan.workers.front();
    const PlainGroups plain(first.groups);
    const std::span<const Group> groups = plain.groups();
    plan.scheduler = scheduler_view(planning, first.blocks, groups);
    try {
        if (!groups.empty()) plan.capacity = capacity_of({planning, groups, first.blocks});
    } catch (RefusedByEngine& refused) {
        plan.capacity_refusal = std::move(refused.refusal);
        return;
    }
    try {
        planning.engine.block_sizes(planning, groups, plan.scheduler);
        if (groups.empty()) return;
        plan.side_buffer = side_buffer_of({planning, first.groups, first.blocks}, plan.scheduler);
        plan.scheduler.capture_group = plan.side_buffer->capture_group;
    } catch (RefusedByEngine& refused) {
        plan.block_size_refusal = std::move(refused.refusal);
    }
}

}  // namespace kv
