// One model under some arguments of an engine, as the engine itself saw it: the specs of its layers, and what it planned of them.
// What comes out of the reader is checked: indexes are in range, counts agree, sizes are bounded (their products may still overflow).
#pragma once

#include "scenarios/golden_plan.h"
#include "scenarios/json.h"
#include "scenarios/model_file.h"
#include "scenarios/recorded_arguments.h"
#include "scenarios/recorded_model_plan.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// What the engine resolved and derived before it planned.
struct RecordedServing {
    std::string architecture;  // That it chose.
    std::string dtype, cache_dtype;
    std::optional<TokensPerBlock> state_block = {};
    std::optional<Bytes> state_page_padded = {};
    bool chunked_prefill = true;
    std::vector<std::pair<std::string, std::string>> shared;  // A layer, and the one whose cache it reads.
    std::int64_t uncached = 0;
};

struct ModelRecording {
    std::string engine;    // "vllm-0.18.0"
    std::size_t line = 1;  // Of its file.
    RecordShape shape = RecordShape::vllm_0_32;
    RecordedArguments arguments;
    ModelFile model;  // As if a scenario file had stated it.
    RecordedServing serving;
    std::optional<Tokens> in_flight_max;  // As the engine derived them; since 0.32.0.
    std::optional<Tokens> prefill_lookahead;
    std::variant<RecordedModelPlan, RecordedError> expect;
};

// A combination that the engine refuses before there is any layer.
struct RefusedModel {
    std::string model, engine, reason;
    std::optional<RecordedArguments> arguments;  // None: it cannot run the model at all.
};

// What a line is, told by its keys.
bool is_model_recording(JsonValue line);
bool is_refused_model(JsonValue line);

std::variant<ModelRecording, Diagnostics> read_model_recording(const JsonDocument& line);
std::variant<RefusedModel, Diagnostics> read_refused_model(const JsonDocument& line);

}  // namespace kv
