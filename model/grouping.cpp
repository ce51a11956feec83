#include "model/grouping.h"

#include "model/rules/hidden_states.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

std::vector<LayerId> layer_ids(const Planning& planning) {
    std::vector<LayerId> ids;
    ids.reserve(planning.layers().size());
    for (const WorkerLayer& layer : planning.layers()) ids.push_back(layer.layer);
    return ids;
}

// The bucket with the fewest layers sets the size, unless the largest is less than half as big again: then the largest does, which
// wastes less (12 sliding + 13 full layers become 13 + 13, not 12 + 24).
std::int64_t group_size(const std::vector<std::vector<std::size_t>>& buckets) {
    const auto [fewest, most] = std::ranges::minmax(buckets, {}, &std::vector<std::size_t>::size);
    return static_cast<std::int64_t>(2 * most.size() < 3 * fewest.size() ? most.size() : fewest.size());
}

// Layers i, i + n, i + 2n, ... of a bucket make group i of n, so that each pipeline stage has its share of every group.
std::vector<Group> groups_of_equal_size(Planning& planning) {
    const std::vector<std::vector<std::size_t>> buckets = planning.engine.layer_buckets(planning);
    if (buckets.empty())
        refuse(
            {.type = Raised::value_error, .raised_in = "_get_kv_cache_groups_uniform_page_size", .message = "there is no layer to group"});
    const std::int64_t size = group_size(buckets);
    std::vector<std::vector<LayerId>> layers;
    std::vector<std::vector<SpecId>> specs;
    for (const std::vector<std::size_t>& bucket : buckets) {
        const std::int64_t count = ceil_div(std::ssize(bucket), size);
        if (const std::int64_t padding = count * size - std::ssize(bucket); padding != 0) planning.padding_layers.push_back(padding);
        for (std::int64_t i = 0; i < count; ++i) {
            std::vector<LayerId>& group = layers.emplace_back();
            std::vector<SpecId>& group_specs = specs.emplace_back();
            group.reserve(static_cast<std::size_t>(size));
            for (std::size_t place = static_cast<std::size_t>(i); place < bucket.size(); place += static_cast<std::size_t>(count)) {
                const WorkerLayer& layer = planning.layers()[bucket[place]];
                group.push_back(layer.layer);
                if (std::ranges::find(group_specs, layer.spec) == group_specs.end()) group_specs.push_back(layer.spec);
            }
        }
    }
    return merged_groups(planning, layers, specs);
}

}  // namespace

std::vector<Group> group_layers(Planning& planning) {
    if (planning.settings.hybrid_manager == HybridManager::disabled && !planning.layers().empty()) planning.engine.promotion(planning);
    if (planning.layers().empty()) return {};
    if (merge_into_one(planning)) {
        const std::vector<std::vector<LayerId>> layers{layer_ids(planning)};
        const std::vector<std::vector<SpecId>> specs{planning.distinct_specs()};
        return merged_groups(planning, layers, specs);
    }
    if (one_uniform_type(planning)) return {bundle_of(planning.layers())};

    // Hidden states keep a block table of their own and stay out of the other layers' groups.
    const std::vector<WorkerLayer> all = planning.layers();
    const std::vector<WorkerLayer> hidden = take_hidden_layers(planning);
    if (auto packed = planning.engine.packing(planning)) {
        for (const WorkerLayer& layer : hidden) packed->push_back({.layers = {layer.layer}, .spec = layer.spec});
        return std::move(*packed);
    }
    if (auto conflict = planning.engine.page_unification(planning)) {
        if (!hidden.empty()) planning.set_layers(all);
        std::optional<std::vector<Group>> fallback = planning.engine.page_fallback(planning);
        if (!fallback) refuse(std::move(*conflict));
        return std::move(*fallback);
    }
    std::vector<Group> groups = groups_of_equal_size(planning);
    if (!hidden.empty()) add_hidden_groups(planning, groups, hidden);
    // The engine looks for the drafter's layer in the order of registration.
    if (!hidden.empty()) planning.set_layers(all);
    planning.engine.draft_groups(planning, groups);
    return groups;
}

}  // namespace kv
