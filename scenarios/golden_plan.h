// One recorded answer of a real engine's KV-cache planner: what it was given, and the plan or the error that it gave back.
// What comes out of the reader is checked: indexes are in range, counts agree, sizes are bounded (their products may still overflow).
#pragma once

#include "model/plan.h"
#include "scenarios/json.h"
#include "scenarios/spec_fields.h"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::size_t worker_layers_max = 16384;  // Of one worker,
inline constexpr std::size_t workers_max = 1024;
inline constexpr std::size_t worker_layers_sum_max = 1 << 18;  // of all workers together.
inline constexpr std::size_t recorded_specs_max = 16384;

struct RecordedError {
    std::string type;
    std::string message;
    std::string raised_in;
    std::optional<AdmissionFigures> check;
};

// A page's bytes, or the name of the exception that the spec raised when it was asked.
using RecordedPage = std::variant<Bytes, std::string>;
using RecordedBytes = std::variant<Bytes, RecordedError>;

struct RecordedSpec {
    KvSpec spec;
    RecordedPage page;
};

// A spec of the model's layers, with the most bytes that it says a request takes.
struct RecordedLayerSpec {
    SpecId spec;
    RecordedPage page;
    RecordedBytes request;
};

struct RecordedBundle {
    struct Part {  // Layers with equal specs.
        std::vector<LayerId> layers;
        RecordedSpec spec;
    };
    TokensPerBlock block{1};
    std::optional<ContextSharding> sharding;  // Since 0.32.0.
    RecordedPage page;                        // Sum over the layers.
    std::vector<Part> parts;
};

struct RecordedGroup {
    std::vector<LayerId> layers;
    std::variant<RecordedSpec, RecordedBundle> spec;
    bool draft = false;  // Since 0.32.0.
};

struct RecordedWorker {
    Blocks blocks;
    std::vector<Tensor> tensors;                                    // 0.18.0: only size and layers.
    std::optional<std::vector<std::vector<LayerId>>> group_layers;  // With several workers.
    std::int64_t tp_replicas = 1;                                   // Since 0.32.0.
    std::optional<Capacity> capacity;                               // 0.18.0.
    std::optional<SideBuffer> side_buffer;                          // 0.18.0.
};

struct RecordedScheduler {
    struct GroupView {
        std::string kind;
        TokensPerBlock block;
    };
    Blocks blocks;
    std::vector<GroupView> groups;
    std::optional<Tokens> block;
    std::optional<std::size_t> capture_group;  // 0.18.0.
    std::optional<Tokens> scheduler_block;     // Since 0.32.0, as the next two.
    std::optional<Tokens> hash_block;
    std::optional<Tokens> hit_alignment;
};

struct RecordedPlan {
    std::vector<RecordedGroup> groups;
    std::vector<std::int64_t> padding_layers;
    Tokens model_len_max;
    std::vector<RecordedWorker> workers;  // Those that are not the same as an earlier one.
    std::vector<std::size_t> worker_of;   // For each worker its place in `workers`.
    RecordedScheduler scheduler;
    std::optional<Capacity> capacity;
    std::optional<SideBuffer> side_buffer;
    std::optional<RecordedError> capacity_error;
    std::optional<RecordedError> block_size_error;
};

struct RecordedRefusal {
    RecordedError error;
    std::optional<std::vector<RecordedGroup>> groups;  // If grouping itself succeeded.
};

struct GoldenPlan {
    std::string id;
    std::string family;
    std::string engine;
    RecordShape shape = RecordShape::vllm_0_32;
    ModelLayers layers;
    Settings settings;
    std::vector<Bytes> memory;
    std::vector<RecordedLayerSpec> specs;
    std::optional<Tokens> in_flight_max;  // As the engine derives them from the settings; since 0.32.0.
    std::optional<Tokens> prefill_lookahead;
    std::variant<RecordedPlan, RecordedRefusal> expect;

    PlanInput input() const { return {.layers = &layers, .settings = settings, .memory = memory}; }
};

// Whether a line is such a record, whole or not: told by its keys.
bool is_golden_plan(JsonValue line);

// The engine that a record says it is from; empty when it does not say.
std::string golden_engine(JsonValue line);

std::variant<GoldenPlan, Diagnostics> read_golden_plan(const JsonDocument& line);

}  // namespace kv
