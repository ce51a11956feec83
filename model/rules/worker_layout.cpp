#include "model/rules/worker_layout.h"

#include "model/rules/block_bytes.h"
#include "model/rules/page_bytes.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {
namespace {

constexpr std::string_view laid_out_in = "get_kv_cache_config_from_groups";

Blocks blocks_in(const Planning& planning, Bytes memory, Bytes block) {
    const Blocks fitting{std::max<std::int64_t>(memory.value / divisor(block, laid_out_in).value, 0)};
    return planning.settings.blocks_override.value_or(fitting);
}

WorkerPlan without_groups() { return {.blocks = Blocks{1}}; }  // The pool always takes a null block.

WorkerPlan bundle_tensors(const Planning& planning, std::vector<Group> groups, Bytes memory) {
    const Group& group = groups[0];
    const Bytes block = page_of(planning, group);
    const Blocks blocks = blocks_in(planning, memory, block);
    WorkerPlan plan{.blocks = blocks, .bytes_per_block = BytesPerBlock{block.value}};
    for (const LayerId layer : group.layers) {
        const Bytes page = planning.page(spec_of_layer(group, layer));
        plan.tensors.push_back({.size = blocks.value * page, .layers = {layer}});
    }
    plan.groups = std::move(groups);
    return plan;
}

// The shape of one layer's cache, in the engine's terms: heads, states of a block, content.
struct PageShape {
    std::int64_t heads, states, content;
};

PageShape shape_of(const KvSpec& spec) {
    if (const auto* cache = attention_of(spec)) return {head_slots(*cache), states_per_block(*cache), state_bytes(*cache).value};
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return {mamba->heads, 1, state_bytes(*mamba).value};
    return {1, 1, std::get<CustomSpec>(spec).page.value};
}

struct Strides {
    std::int64_t layer, block;
};

// Mirrors compute_layout_strides of vllm 0.32.0: byte strides of the dimensions L, B, H, N, C in the order of the layout.
Strides strides_of(const KvSpec& spec, Blocks blocks, std::int64_t layers, CacheLayout layout, std::optional<Bytes> fixed_block_stride) {
    constexpr std::string_view dimensions = "LBHNC";
    const PageShape page = shape_of(spec);
    const std::array<std::int64_t, 5> shape{layers, blocks.value, page.heads, page.states, page.content};
    const std::string_view order = name_of(layout);
    const auto extent = [&](std::size_t place) { return shape[dimensions.find(order[place])]; };
    const std::optional<Bytes> padded = padded_page_of(spec);
    const std::size_t grid_end = std::max(order.find('L'), order.find('B')) + 1;
    std::int64_t grid = 1;
    for (std::size_t place = 0; place < grid_end; ++place) grid = checked_mul(grid, extent(place));
    if (padded && grid != checked_mul(layers, blocks.value))
        refuse({.type = Raised::assertion_error,
                .raised_in = "compute_layout_strides",
                .message = "padded pages need a layout with only layers and blocks outside the page, not " + std::string(order),
                .figures = {shape.begin(), shape.end()}});
    std::array<std::int64_t, 5> strides{};
    std::int64_t current = 1;
    for (std::size_t place = order.size(); place-- > 0;) {
        if (padded && place == grid_end - 1) {
            current = std::max(current, padded->value);
            if (current % padded->value != 0)
                refuse({.type = Raised::assertion_error,
                        .raised_in = "compute_layout_strides",
                        .message = "a padded page is not a multiple of its padding"});
        }
        std::int64_t& own = strides[dimensions.find(order[place])];
        own = order[place] == 'B' && fixed_block_stride ? fixed_block_stride->value : current;
        current = checked_mul(own, extent(place));
    }
    return {strides[0], strides[1]};
}

// Layers of a group that lie side by side: those with equal specs.
struct SameSpec {
    SpecId spec;
    std::vector<LayerId> layers;
};

std::vector<SameSpec> layers_by_spec(const Group& group) {
    if (!group.bundle) return group.layers.empty() ? std::vector<SameSpec>{} : std::vector<SameSpec>{{group.spec, group.layers}};
    std::vector<SameSpec> parts;
    // All of the bundle's layers, also where this worker holds none of them.
    for (std::size_t i = 0; i < group.bundle->layers.size(); ++i) {
        auto found = std::ranges::find(parts, group.bundle->specs[i], &SameSpec::spec);
        if (found == parts.end()) found = parts.insert(parts.end(), {group.bundle->specs[i], {}});
        found->layers.push_back(group.bundle->layers[i]);
    }
    return parts;
}

void refuse_unless_expressible(const Planning& planning, std::span<const Group> groups) {
    std::vector<std::int64_t> pages;
    for (const Group& group : groups) {
        if (group.layers.empty()) continue;
        if (!group.bundle) pages.push_back(planning.page(group.spec).value);
        else
            for (const LayerId layer : group.layers) pages.push_back(planning.page(spec_of_layer(group, layer)).value);
    }
    std::ranges::sort(pages);
    pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
    const CacheLayout layout = planning.settings.layout;
    if (pages.size() == 1 || (is_block_compact(layout) && !(groups.size() > 1 && is_layer_outermost(layout)))) return;
    refuse({.type = Raised::value_error,
            .raised_in = "validate_kv_cache_layout",
            .message = "layout " + std::string(name_of(layout)) + " cannot hold " + std::to_string(pages.size()) +
                       " page sizes; a block-outermost one such as BLHNC can",
            .figures = pages});
}

std::int64_t tp_replicas(const Planning& planning, std::span<const Group> groups) {
    const Parallel& parallel = planning.settings.parallel;
    std::int64_t replicas = parallel.tensor;
    bool any = false;
    for (const Group& group : groups) {
        for (const SpecId id : specs_of(group)) {
            any = true;
            const AttentionCache* cache = attention_of(planning.spec(id));
            std::int64_t own = 1;
            const bool split = cache != nullptr && cache->sharding == ContextSharding::sharded && parallel.decode_context > 1;
            if (cache != nullptr && cache->tp_shards_max && !split)
                own = std::max<std::int64_t>(1, parallel.tensor / *cache->tp_shards_max);
            replicas = std::gcd(replicas, own);
        }
    }
    return any ? replicas : 1;
}

}  // namespace

WorkerPlan shared_tensors(const Planning& planning, std::vector<Group> groups, Bytes memory) {
    if (groups.empty()) return without_groups();
    if (groups.size() == 1 && groups[0].bundle) return bundle_tensors(planning, std::move(groups), memory);
    std::size_t layers = 0;
    for (const Group& group : groups) layers = std::max(layers, group.layers.size());
    const Bytes block = planning.engine.block_bytes(planning, groups);
    if (layers == 0)
        refuse({.type = Raised::assertion_error,
                .raised_in = laid_out_in,
                .message = "the largest group of a worker has 0 layers",
                .figures = {0}});
    const Blocks blocks = blocks_in(planning, memory, block);
    const Bytes size = blocks.value * page_of(planning, groups[0]);
    WorkerPlan plan{.blocks = blocks, .bytes_per_block = BytesPerBlock{block.value}};
    plan.tensors.reserve(layers);
    for (std::size_t i = 0; i < layers; ++i) {
        std::vector<LayerId> sharing;
        sharing.reserve(groups.size());
        for (const Group& group : groups)
            if (i < group.layers.size()) sharing.push_back(group.layers[i]);
        plan.tensors.push_back({.size = size, .layers = std::move(sharing)});
    }
    plan.groups = std::move(groups);
    return plan;
}

WorkerPlan strided_tensors(const Planning& planning, std::vector<Group> groups, Bytes memory) {
    if (groups.empty()) return without_groups();
    const CacheLayout layout = planning.settings.layout;
    refuse_unless_expressible(planning, groups);
    const Bytes block = planning.engine.block_bytes(planning, groups);
    const Blocks blocks = blocks_in(planning, memory, block);
    WorkerPlan plan{.blocks = blocks, .bytes_per_block = BytesPerBlock{block.value}};
    const Bytes size = blocks * plan.bytes_per_block;
    const bool outermost = is_block_outermost(layout);
    for (const Group& group : groups) {
        Bytes offset;
        for (SameSpec& part : layers_by_spec(group)) {
            const Bytes page = planning.page(part.spec);
            std::optional<Bytes> block_stride;
            if (outermost) block_stride = block;
            else if (const Bytes aligned = aligned_page(planning, part.spec); aligned != page) {
                if (!is_block_compact(layout))
                    refuse({.type = Raised::assertion_error,
                            .raised_in = laid_out_in,
                            .message = "layout " + std::string(name_of(layout)) + " cannot pad pages"});
                block_stride = aligned;
            }
            const auto layers = std::ssize(part.layers);
            const Strides strides = strides_of(planning.spec(part.spec), blocks, layers, layout, block_stride);
            plan.tensors.push_back({.size = size,
                                    .layers = std::move(part.layers),
                                    .layer_stride = Bytes{strides.layer},
                                    .block_stride = Bytes{strides.block},
                                    .offset = offset});
            offset += layers * (outermost ? page : Bytes{strides.layer});
        }
    }
    plan.tp_replicas = tp_replicas(planning, groups);
    plan.groups = std::move(groups);
    return plan;
}

void shrink_tensors(const Planning&, std::vector<WorkerPlan>& workers) {
    const Blocks fewest = std::ranges::min(workers, {}, &WorkerPlan::blocks).blocks;
    for (WorkerPlan& worker : workers) {
        if (worker.blocks == Blocks{0} && !worker.tensors.empty())
            refuse({.type = Raised::zero_division_error,
                    .raised_in = "get_kv_cache_configs",
                    .message = "tensors of 0 blocks are divided by their blocks"});
        for (Tensor& tensor : worker.tensors) tensor.size = fewest.value * Bytes{tensor.size.value / worker.blocks.value};
        worker.blocks = fewest;
    }
}

void plan_again(const Planning& planning, std::vector<WorkerPlan>& workers) {
    const Blocks fewest = std::ranges::min(workers, {}, &WorkerPlan::blocks).blocks;
    for (WorkerPlan& worker : workers) {
        if (worker.blocks == fewest) continue;
        const Bytes memory = fewest.value * planning.engine.block_bytes(planning, worker.groups);
        worker = planning.engine.worker_layout(planning, std::move(worker.groups), memory);
    }
}

}  // namespace kv
