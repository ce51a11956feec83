#include "model/planning.h"

#include <algorithm>
#include <utility>

namespace kv {

SpecId Planning::intern(KvSpec spec) {
    const auto found = std::ranges::find(specs, spec);
    if (found != specs.end()) return static_cast<SpecId>(found - specs.begin());
    specs.push_back(std::move(spec));
    return static_cast<SpecId>(specs.size() - 1);
}

Blocks Planning::request_blocks(SpecId id) const { return ceil_div(request_bytes(id), divisor(page(id), "cdiv")); }

void Planning::set_layers(std::vector<WorkerLayer> changed) {
    layers_ = std::move(changed);
    distinct_.clear();
    std::vector<char> seen(specs.size(), 0);
    for (const WorkerLayer& layer : layers_) {
        if (std::exchange(seen[index(layer.spec)], 1) == 0) distinct_.push_back(layer.spec);
    }
}

std::vector<const KvSpec*> Planning::distinct_spec_values() const {
    std::vector<const KvSpec*> values;
    values.reserve(distinct_.size());
    for (const SpecId id : distinct_) values.push_back(&spec(id));
    return values;
}

void Planning::replace_specs(std::span<const SpecId> by) {
    require(by.size() == distinct_.size(), "each spec has its replacement");
    std::vector<SpecId> target(specs.size());
    for (std::size_t i = 0; i < by.size(); ++i) target[index(distinct_[i])] = by[i];
    std::vector<WorkerLayer> changed = std::move(layers_);
    for (WorkerLayer& layer : changed) layer.spec = target[index(layer.spec)];
    set_layers(std::move(changed));
}

BytesPerBlock divisor(Bytes page, std::string_view raised_in) {
    if (page == Bytes{0})
        refuse({.type = Raised::zero_division_error, .raised_in = raised_in, .message = "a page or block of 0 bytes divides a size"});
    return BytesPerBlock{page.value};
}

bool merge_into_one(const Planning& planning) {
    if (planning.layers().empty()) return true;
    auto merged = planning.engine.merge_specs(planning.distinct_spec_values());
    auto* conflict = std::get_if<Refusal>(&merged);
    if (conflict == nullptr) return true;
    if (conflict->type != Raised::assertion_error) refuse(std::move(*conflict));
    return false;
}

bool one_uniform_type(const Planning& planning) { return planning.engine.uniform_type(planning.engine, planning.distinct_spec_values()); }

std::vector<Group> merged_groups(Planning& planning, std::span<const std::vector<LayerId>> groups,
                                 std::span<const std::vector<SpecId>> specs) {
    std::vector<Group> made;
    made.reserve(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::vector<const KvSpec*> values;
        for (const SpecId id : specs[i]) values.push_back(&planning.spec(id));
        auto merged = planning.engine.merge_specs(values);
        if (auto* conflict = std::get_if<Refusal>(&merged)) refuse(std::move(*conflict));
        made.push_back({.layers = groups[i], .spec = planning.intern(std::move(std::get<KvSpec>(merged)))});
    }
    return made;
}

Group bundle_of(std::span<const WorkerLayer> layers) {
    require(!layers.empty(), "a bundle has a layer");
    Group group{.spec = layers.front().spec, .bundle = UniformBundle{}};
    group.layers.reserve(layers.size());
    group.bundle->specs.reserve(layers.size());
    for (const WorkerLayer& layer : layers) {
        group.layers.push_back(layer.layer);
        group.bundle->specs.push_back(layer.spec);
    }
    group.bundle->layers = group.layers;
    return group;
}

std::span<const SpecId> specs_of(const Group& group) {
    return group.bundle ? std::span<const SpecId>(group.bundle->specs) : std::span(&group.spec, 1);
}

SpecId spec_of_layer(const Group& group, LayerId layer) {
    if (!group.bundle) return group.spec;
    const auto found = std::ranges::find(group.bundle->layers, layer);
    require(found != group.bundle->layers.end(), "a bundle has a spec for each of its group's layers");
    return group.bundle->specs[static_cast<std::size_t>(found - group.bundle->layers.begin())];
}

Bytes page_of(const Planning& planning, const Group& group) {
    Bytes page;
    for (const SpecId id : specs_of(group)) page += planning.page(id);
    return page;
}

Blocks request_blocks_of(const Planning& planning, const Group& group) {
    Blocks most;
    for (const SpecId id : specs_of(group)) most = std::max(most, planning.request_blocks(id));
    return most;
}

Bytes request_bytes_of(const Planning& planning, const Group& group) {
    if (!group.bundle) return planning.request_bytes(group.spec);
    return request_blocks_of(planning, group).value * page_of(planning, group);
}

}  // namespace kv
