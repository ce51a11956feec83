// A plan in the making: what the rules of an engine work on, and change. Only model/ uses it.
#pragma once

#include "model/engine.h"

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kv {

class Planning {
public:
    Planning(const Engine& by, const ModelLayers& of, Settings with, std::vector<KvSpec> table)
        : engine(by), model(of), settings(std::move(with)), specs(std::move(table)) {}

    const Engine& engine;
    const ModelLayers& model;
    Settings settings;          // `model_len_max` moves while a length is fitted.
    std::vector<KvSpec> specs;  // A table without doubles that grows: SpecId is an index.
    std::vector<std::int64_t> padding_layers;

    const std::vector<WorkerLayer>& layers() const { return layers_; }
    const KvSpec& spec(SpecId id) const { return specs[index(id)]; }
    SpecId intern(KvSpec spec);  // The id of an equal spec, or a new one.
    Bytes page(SpecId id) const { return engine.page_bytes(spec(id)); }
    Bytes request_bytes(SpecId id) const { return engine.request_bytes(engine, spec(id), settings); }
    Blocks request_blocks(SpecId id) const;  // Whole blocks that one request of model_len_max holds in a layer of this spec.

    const std::vector<SpecId>& distinct_specs() const { return distinct_; }  // Of `layers`, in order of first appearance.
    std::vector<const KvSpec*> distinct_spec_values() const;
    void set_layers(std::vector<WorkerLayer> changed);
    void replace_specs(std::span<const SpecId> by);  // Every layer of spec distinct_specs()[i] becomes one of spec by[i].

private:
    std::vector<WorkerLayer> layers_ = {};  // The whole model's, in order of first appearance over the workers.
    std::vector<SpecId> distinct_ = {};
};

// A page (or block) as what something is divided by. Merging and scaling can leave a page of 0 bytes: the engine divides by it.
BytesPerBlock divisor(Bytes page, std::string_view raised_in);

// Questions that several rules ask.
bool merge_into_one(const Planning& planning);    // All layers may share one merged spec. A conflict of windows refuses.
bool one_uniform_type(const Planning& planning);  // All layers need the same blocks, whatever their pages.
std::vector<Group> merged_groups(Planning& planning, std::span<const std::vector<LayerId>> groups,
                                 std::span<const std::vector<SpecId>> specs);
Group bundle_of(std::span<const WorkerLayer> layers);
// Specs of a group's layers, a bundle's each; of a plain group its one spec.
std::span<const SpecId> specs_of(const Group& group);
SpecId spec_of_layer(const Group& group, LayerId layer);
Bytes page_of(const Planning& planning, const Group& group);           // A bundle's: the sum over its layers.
Bytes request_bytes_of(const Planning& planning, const Group& group);  // A bundle's: its longest layer's blocks x its page.
Blocks request_blocks_of(const Planning& planning, const Group& group);

}  // namespace kv
