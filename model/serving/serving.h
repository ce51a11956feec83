// What an engine makes of a model and the arguments that it is started with: layers with specs on each worker and the settings that
// planning reads, or its refusal.
#pragma once

#include "model/engine.h"
#include "model/layers.h"
#include "model/refusal.h"
#include "model/serving/model_shape.h"
#include "model/settings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kv {

// Empty: the engine's default, of its HTTP server on a GPU with 80 GB.
struct ServingArguments {
    std::optional<Tokens> model_len_max = {};
    LengthChoice length = LengthChoice::as_given;  // Fitted: `model_len_max` is not looked at.
    Parallel parallel = {};
    std::string cache_dtype = "auto";
    std::optional<DType> dtype = {};
    std::optional<TokensPerBlock> block = {};
    std::optional<bool> prefix_caching = {};
    std::optional<MambaMode> mamba_mode = {};
    std::optional<TokensPerBlock> state_block = {};
    std::optional<DType> conv_dtype = {}, state_dtype = {};  // Of the parts of a state.
    std::optional<Tokens> batched_max = {};
    std::optional<std::int64_t> sequences_max = {};
    HybridManager hybrid_manager = HybridManager::enabled;
    Drafting drafting = {};
};

// Resolved before planning: what a log or a debugger would show.
struct Resolved {
    DType dtype = DType::bfloat16;
    std::string cache_dtype = "auto";
    std::optional<TokensPerBlock> state_block = {};
    std::optional<Bytes> state_page_padded = {};
    std::optional<DType> state_dtype = {};  // Empty: as the model's.
    bool chunked_prefill = true;
};

struct ServedModel {
    ModelLayers layers;
    Settings settings;
    Resolved resolved;
    std::vector<std::pair<std::string, std::string>> shared;  // A layer without a cache of its own, and the layer whose cache it reads.
    std::vector<std::string> uncached;                        // Attention layers that keep nothing.
};

std::variant<ServedModel, Refusal> serve(const Engine& engine, const ModelShape& model, const ServingArguments& arguments);

}  // namespace kv
