#include "model/rules/capture.h"

#include "model/rules/block_sizes.h"

#include <algorithm>

namespace kv {
namespace {

template <class Question>
std::optional<std::size_t> first_group_that(const Reporting& report, Question question) {
    for (std::size_t i = 0; i < report.groups.size(); ++i)
        if (question(report.groups[i])) return i;
    return std::nullopt;
}

}  // namespace

std::size_t capture_in_first_group(const Reporting&) { return 0; }

std::size_t capture_in_first_attention_group(const Reporting& report) {
    // A bundle is not of an attention kind to the engine; it is then the only group.
    return first_group_that(report,
                            [&](const Group& group) { return !group.bundle && attention_of(report.planning.spec(group.spec)) != nullptr; })
        .value_or(0);
}

std::size_t capture_in_first_full_group(const Reporting& report) {
    const auto full = first_group_that(report, [&](const Group& group) {
        return std::ranges::all_of(specs_of(group), [&](SpecId id) { return full_of(report.planning.spec(id)) != nullptr; });
    });
    return full ? *full : capture_in_first_attention_group(report);
}

SideBuffer rows_of_share(const Reporting& report, std::size_t capture_group, const SchedulerView&) {
    std::int64_t smallest = block_of(report.planning.spec(report.groups[0].spec)).value;
    for (const Group& group : report.groups) smallest = std::min(smallest, block_of(report.planning.spec(group.spec)).value);
    const Rows share{checked_mul(report.blocks.value / std::ssize(report.groups), smallest)};
    return {.rows = report.planning.settings.parallel.context() * share, .capture_group = capture_group};
}

SideBuffer rows_of_group_slots(const Reporting& report, std::size_t capture_group, const SchedulerView&) {
    const RowsPerBlock block{block_of(report.planning.spec(report.groups[capture_group].spec)).value};
    return {.rows = report.blocks * block, .capture_group = capture_group};
}

SideBuffer rows_of_object_store(const Reporting& report, std::size_t, const SchedulerView& scheduler) {
    // The connector asks for block sizes with the worker's groups, whose bundles still name every layer.
    const bool bundles = std::ranges::any_of(report.groups, [](const Group& group) { return group.bundle.has_value(); });
    const bool known = !bundles && scheduler.scheduler_block && scheduler.hash_block;
    const BlockSizesFound sizes = known ? BlockSizesFound{*scheduler.scheduler_block, *scheduler.hash_block}
                                        : find_block_sizes(report.planning, report.groups, *scheduler.block);
    const std::int64_t objects = checked_mul(report.blocks.value, sizes.scheduler.value / sizes.hash.value);
    return {.rows = Rows{checked_mul(objects, sizes.hash.value)}, .rows_per_object = Rows{sizes.hash.value}};
}

}  // namespace kv
