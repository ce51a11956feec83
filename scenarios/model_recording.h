// One model under some arguments of an engine, as the engine itself saw it: the specs of its layers, and what it planned of them.
// What comes out of the reader is checked: indexes are in range, counts agree, sizes are bounded (their products may still overflow).
#pragma once

#include "scenarios/golden_plan.h"
#include "scenarios/json.h"
#include "scenarios/model_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// An argument that the engine was given, as the line spells it: {"tp", "2"}, {"kv_cache_dtype", "\"fp8\""}.
struct RecordedArgument {
    std::string name, value;
    friend bool operator==(const RecordedArgument&, const RecordedArgument&) = default;
};

struct RecordedGroups {
    std::vector<std::vector<LayerId>> layers;  // Of each group.
};

struct RecordedModelPlan {
    Tokens model_len_max;                 // After fitting.
    std::vector<RecordedGroups> workers;  // Each worker's groups.
    std::vector<Blocks> blocks;           // One figure a worker.
    std::vector<TokensPerBlock> group_blocks;
    std::optional<Capacity> capacity;  // None where there is no group.
    std::optional<Tokens> block;
    std::optional<Tokens> scheduler_block, hash_block;  // Since 0.32.0.
};

struct ModelRecording {
    std::string engine;    // "vllm-0.18.0"
    std::size_t line = 1;  // Of its file.
    RecordShape shape = RecordShape::vllm_0_32;
    std::vector<RecordedArgument> arguments;  // Without the longest request, ordered by name.
    ModelFile model;                          // As if a scenario file had stated it.
    std::optional<Tokens> in_flight_max;      // As the engine derived them; since 0.32.0.
    std::optional<Tokens> prefill_lookahead;
    std::variant<RecordedModelPlan, RecordedError> expect;
};

// A combination that the engine refuses before there is any layer.
struct RefusedModel {
    std::string model, engine, reason;
    std::optional<std::vector<RecordedArgument>> arguments;  // None: it cannot run the model at all.
};

// What a line is, told by its keys.
bool is_model_recording(JsonValue line);
bool is_refused_model(JsonValue line);

std::variant<ModelRecording, Diagnostics> read_model_recording(const JsonDocument& line);
std::variant<RefusedModel, Diagnostics> read_refused_model(const JsonDocument& line);

}  // namespace kv
