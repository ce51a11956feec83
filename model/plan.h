// What an engine makes of a model's layers, settings and memory: groups, blocks, tensors, and what it then says of its capacity.
#pragma once

#include "model/layers.h"
#include "model/refusal.h"
#include "model/settings.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kv {

struct Engine;

struct PlanInput {
    const ModelLayers* layers = nullptr;  // Outlives the plan's making, not the plan.
    Settings settings = {};
    std::vector<Bytes> memory = {};  // For the cache, one figure a worker.
};

// Layers of one kind but several page sizes under one block table: each keeps its own spec.
struct UniformBundle {
    std::vector<LayerId> layers = {};
    std::vector<SpecId> specs = {};  // One for each of `layers`.
    friend bool operator==(const UniformBundle&, const UniformBundle&) = default;
};

struct Group {
    std::vector<LayerId> layers = {};
    SpecId spec{};                             // Merged over the layers; a bundle's: of its first layer.
    std::optional<UniformBundle> bundle = {};  // A projected group may have no layers of its own and still carry the model's bundle.
    bool draft = false;                        // Holds the drafter's layers (the engine's is_eagle_group).
    friend bool operator==(const Group&, const Group&) = default;
};

// A region of the cache. 0.18.0: one layer of each group shares it. 0.32.0: layer l's page of block b starts at
// offset + l * layer_stride + b * block_stride.
struct Tensor {
    Bytes size = {};
    std::vector<LayerId> layers = {};
    Bytes layer_stride = {};
    Bytes block_stride = {};
    Bytes offset = {};
    friend bool operator==(const Tensor&, const Tensor&) = default;
};

struct Capacity {
    Tokens reported = {};    // "KV cache size: N tokens"
    double concurrency = 0;  // "Maximum concurrency", not rounded
};

struct SideBuffer {
    Rows rows = {};
    std::optional<std::size_t> capture_group = {};  // Whose block table says which row is a token's.
    std::optional<Rows> rows_per_object = {};       // Stores that keep rows in objects of several.
};

struct WorkerPlan {
    Blocks blocks = {};
    BytesPerBlock bytes_per_block{1};  // Of all layers of the widest group.
    std::vector<Tensor> tensors = {};
    std::vector<Group> groups = {};  // The model's groups as far as this worker holds them.
    std::int64_t tp_replicas = 1;
    std::optional<Capacity> capacity = {};  // Engines that report per worker.
    std::optional<SideBuffer> side_buffer = {};
    std::optional<std::vector<SpecId>> own_groups = {};  // Those that it makes of its own layers alone, where it does.
};

struct SchedulerView {  // Of the first worker, a bundle stood for by its first layer.
    struct GroupView {
        SpecId spec;
        TokensPerBlock block;
    };
    Blocks blocks = {};
    std::vector<GroupView> groups = {};
    std::optional<Tokens> block = {};  // What the engine core then calls its block size; none without groups.
    std::optional<std::size_t> capture_group = {};
    std::optional<Tokens> scheduler_block = {};
    std::optional<Tokens> hash_block = {};
    std::optional<Tokens> hit_alignment = {};
};

struct Plan {
    std::vector<KvSpec> specs = {};                 // All that groups refer to: the model's as the planner changed them, and merged ones.
    std::vector<Group> groups = {};                 // Of the whole model.
    std::vector<std::int64_t> padding_layers = {};  // One figure for each warning of the engine.
    Tokens model_len_max = {};                      // After fitting.
    std::vector<WorkerPlan> workers = {};
    SchedulerView scheduler = {};
    std::optional<Capacity> capacity = {};
    std::optional<SideBuffer> side_buffer = {};
    std::optional<Refusal> capacity_refusal = {};    // The plan stands, but the step that reports it raised.
    std::optional<Refusal> block_size_refusal = {};  // The same for the scheduler's block sizes.

    const KvSpec& spec(SpecId id) const { return specs[index(id)]; }
};

// A refused plan keeps the groups when the engine had made them.
struct RefusedPlan {
    Refusal refusal;
    std::vector<KvSpec> specs = {};
    std::optional<std::vector<Group>> groups = {};
};

using PlanOutcome = std::variant<Plan, RefusedPlan>;

// Throws SizeOverflow when a size does not fit 64 bits.
PlanOutcome make_plan(const Engine& engine, const PlanInput& input);

// What one layer of this spec says of itself under these settings; the refusal where the engine's spec raises.
std::variant<Bytes, Refusal> page_bytes(const Engine& engine, const KvSpec& spec);
std::variant<Bytes, Refusal> request_bytes_max(const Engine& engine, const KvSpec& spec, const Settings& settings);
std::variant<Blocks, Refusal> blocks_held_max(const Engine& engine, const KvSpec& spec, const Settings& settings);

}  // namespace kv
