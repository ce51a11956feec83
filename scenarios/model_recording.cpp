#include "scenarios/model_recording.h"

#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kv {

namespace {

RecordShape shape_of_engine(std::string_view engine) {
    return engine.starts_with("vllm-0.18.") ? RecordShape::vllm_0_18 : RecordShape::vllm_0_32;
}

// The architecture DeepseekV4ForCausalLM is of the model type deepseek_v4, as transformers derives file names from class names.
std::string model_type_of(std::string_view architecture) {
    const std::string_view name = architecture.substr(0, architecture.find("For"));
    const auto upper = [](char c) { return 'A' <= c && c <= 'Z'; };
    std::string type;
    for (const char c : name) {
        if (upper(c) && !type.empty()) type += '_';
        type += upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return type;
}

std::optional<Tokens> optional_tokens(JsonFields& fields, std::string_view key) {
    const auto value = fields.find(key);
    if (!value || value->kind() == JsonKind::null) return std::nullopt;
    return Tokens{read_integer(*value, from_zero, fields.errors())};
}

// What the engine made of what it was asked.
void read_resolved(JsonValue resolved, ModelRecording& out, JsonErrors& errors) {
    constexpr std::array<std::string_view, 3> mamba_modes{"none", "align", "all"};
    JsonFields fields(resolved, errors);
    Settings& settings = out.model.settings;
    settings.model_len_max = Tokens{fields.integer("max_model_len", from_one)};
    settings.batched_max = Tokens{fields.integer("max_num_batched_tokens", from_one)};
    settings.sequences_max = fields.integer("max_num_seqs", from_one);
    settings.encoder_tokens_max = Tokens{fields.integer("max_num_encoder_input_tokens", from_zero)};
    settings.block = TokensPerBlock{fields.integer("block_size", from_one)};
    settings.prefix_caching = fields.boolean("enable_prefix_caching");
    settings.hybrid_manager = fields.boolean("disable_hybrid_kv_cache_manager") ? HybridManager::disabled : HybridManager::enabled;
    if (const auto mode = fields.need("mamba_cache_mode"))
        settings.mamba_mode = static_cast<MambaMode>(read_choice(*mode, mamba_modes, errors));
    settings.async_scheduling = fields.boolean("async_scheduling");
    out.serving.dtype = fields.string("dtype");
    out.serving.cache_dtype = fields.string("cache_dtype");
    out.serving.chunked_prefill = fields.boolean("enable_chunked_prefill");
    if (const auto block = fields.find("mamba_block_size"))
        out.serving.state_block = TokensPerBlock{read_integer(*block, from_one, errors)};
    if (const auto page = fields.find("mamba_page_size_padded"))
        out.serving.state_page_padded = Bytes{read_integer(*page, from_one, errors)};
    if (out.shape == RecordShape::vllm_0_18) {
        settings.async_scheduling = false;  // 0.18.0's planner does not ask.
        return;
    }
    const auto layout = fields.need("kv_cache_layout");
    if (layout) settings.layout = static_cast<CacheLayout>(read_choice(*layout, cache_layout_names, errors));
    settings.v2_runner = fields.boolean("use_v2_model_runner");
    out.in_flight_max = optional_tokens(fields, "max_in_flight_tokens");
    out.prefill_lookahead = optional_tokens(fields, "num_prefill_lookahead_tokens");
}

void read_uncounted_layers(JsonFields& fields, RecordedServing& serving) {
    JsonErrors& errors = fields.errors();
    if (const auto shared = fields.find("shared_layers"); shared && shared->kind() == JsonKind::object)
        for (const JsonMember& layer : shared->members())
            serving.shared.emplace_back(std::string(layer.key.string()), read_string(layer.value, errors));
    if (const auto uncached = fields.find("layers_without_cache")) {
        JsonFields of(*uncached, errors);
        serving.uncached = of.integer("count", from_zero);
    }
}

std::size_t keys_of(JsonValue line, std::span<const std::string_view> keys) {
    return static_cast<std::size_t>(std::ranges::count_if(keys, [&](std::string_view key) { return line.member(key).has_value(); }));
}

}  // namespace

bool is_model_recording(JsonValue line) {
    constexpr std::array<std::string_view, 4> keys{"model", "args", "resolved", "available_memory"};
    return keys_of(line, keys) >= 3;
}

bool is_refused_model(JsonValue line) {
    constexpr std::array<std::string_view, 4> keys{"model", "engine", "args", "reason"};
    return keys_of(line, keys) == keys.size();
}

std::variant<ModelRecording, Diagnostics> read_model_recording(const JsonDocument& line) {
    JsonErrors errors;
    ModelRecording out;
    JsonFields fields(line.root(), errors);
    out.line = line.source().first_line;
    out.model.name = fields.string("model");
    out.engine = fields.string("engine");
    out.model.engine = out.engine;
    out.shape = shape_of_engine(out.engine);
    out.serving.architecture = fields.string("architecture");
    Settings& settings = out.model.settings;
    settings.model_type = model_type_of(out.serving.architecture);
    if (const auto args = fields.need("args")) out.arguments = read_recorded_arguments(*args, errors);
    const ServingArguments& asked = out.arguments.asked;
    settings.parallel = asked.parallel;
    settings.length = asked.length;
    settings.drafting = asked.drafting;
    if (const auto resolved = fields.need("resolved")) read_resolved(*resolved, out, errors);
    const auto workers = static_cast<std::size_t>(out.model.settings.parallel.pipeline);
    out.model.memory.assign(workers, Bytes{fields.integer("available_memory", from_zero)});
    RecordedLayers layers(out.model, out.shape, errors);
    const auto specs = fields.need("specs");
    const auto list = fields.need("layers");
    if (specs && list) layers.read(*specs, *list);
    out.expect = read_model_outcome(fields, workers, layers);
    read_uncounted_layers(fields, out.serving);
    if (!errors.none()) return errors.take();
    const SourceSpan here{.file = line.source().file, .line = out.line};
    out.model.model_place = {.where = here, .message = {}, .line_text = {}};
    out.model.spec_places.assign(out.model.layers.specs.size(), out.model.model_place);
    return out;
}

std::variant<RefusedModel, Diagnostics> read_refused_model(const JsonDocument& line) {
    JsonErrors errors;
    JsonFields fields(line.root(), errors);
    RefusedModel out{
        .model = fields.string("model"), .engine = fields.string("engine"), .reason = fields.string("reason"), .arguments = {}};
    const auto args = fields.need("args");
    const bool any = args && args->kind() == JsonKind::string && args->string() == "any";
    if (args && !any) out.arguments = read_recorded_arguments(*args, errors);
    if (!errors.none()) return errors.take();
    return out;
}

}  // namespace kv
