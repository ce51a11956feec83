// What an engine takes where nobody asks, as its HTTP server does on a GPU with 80 GB.
// Mirrors EngineArgs, ModelConfig, SchedulerConfig and VllmConfig.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr Tokens server_batch{8192};
constexpr std::int64_t server_sequences = 1024;
constexpr Tokens unstated_length{2048};  // Of a config that names none.

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) { return std::ranges::find(names, name) != names.end(); }

// Models that float16 overflows.
bool takes_float16(const Serving& serving) {
    return !one_of(serving.model.model_type, {"gemma2", "gemma3", "gemma3_text", "glm4"}) &&
           !(serving.model.model_type == "plamo2" && !serving.described());
}

// Mirrors _get_and_verify_dtype.
DType model_dtype(const Serving& serving) {
    if (const auto asked = serving.arguments.dtype) {
        if (asked == DType::float16 && !takes_float16(serving))
            refuse({.type = Raised::value_error, .raised_in = "ModelConfig", .message = "models of this type do not take float16"});
        return *asked;
    }
    const bool pooling = serving.model.traits.runner == Runner::pooling;
    const DType preferred = pooling && takes_float16(serving) ? DType::float16 : DType::bfloat16;
    const DType of_checkpoint = serving.model.dtype.value_or(DType::float32);
    const bool taken = of_checkpoint == DType::bfloat16 || (of_checkpoint == DType::float16 && takes_float16(serving));
    return taken ? of_checkpoint : preferred;
}

// The types that the release knows by name; which of them a layer takes is its backend's to say.
std::string cache_dtype(const Serving& serving) {
    const std::string& asked = serving.arguments.cache_dtype;
    const bool known = one_of(asked, {"auto", "float16", "bfloat16", "fp8", "fp8_e4m3", "fp8_e5m2", "fp8_inc", "fp8_ds_mla"}) ||
                       (serving.described() && one_of(asked, {"nvfp4_ds_mla", "turboquant_k8v4", "turboquant_4bit_nc", "turboquant_k3v4_nc",
                                                              "turboquant_3bit_nc", "ultraquant_4bit", "int4_per_token_head",
                                                              "int8_per_token_head", "fp8_per_token_head", "nvfp4", "nvfp4_4over6"}));
    if (!known) refuse({.type = Raised::value_error, .raised_in = "CacheConfig", .message = "this release has no such cache type"});
    // Scales for keys and values say nothing of a latent cache.
    if (serving.model.cache_is_fp8 && !serving.model.traits.latent && (asked == "auto" || !serving.described())) return "fp8";
    if (asked == "auto") return serving.model.cache_dtype.value_or(asked);
    if (asked == "fp8_e5m2" && serving.model.scales_for_cache)
        refuse({.type = Raised::value_error, .raised_in = "Attention", .message = "an fp8 checkpoint takes no cache of this type"});
    return asked;
}

// Mirrors EngineArgs._set_default_max_num_seqs_and_batched_tokens_args and SchedulerConfig.verify_max_model_len.
void resolve_step(Serving& serving) {
    const ServingArguments& arguments = serving.arguments;
    Settings& settings = serving.settings;
    const Tokens length = settings.model_len_max;
    std::int64_t sequences = arguments.sequences_max.value_or(server_sequences);
    Tokens batch = arguments.batched_max.value_or(server_batch);
    if (!arguments.batched_max) {
        if (!serving.resolved.chunked_prefill) batch = std::max(batch, length);
        if (length.value <= batch.value / std::max<std::int64_t>(1, sequences)) batch = std::min(batch, sequences * length);
    }
    if (!arguments.sequences_max) sequences = std::min(sequences, batch.value);
    if (batch < length && !serving.resolved.chunked_prefill)
        refuse({.type = Raised::value_error,
                .raised_in = "SchedulerConfig",
                .message = "a step takes fewer tokens than a request may have, and prompts are not cut",
                .figures = {batch.value, length.value}});
    if (batch.value < sequences)
        refuse({.type = Raised::value_error,
                .raised_in = "SchedulerConfig",
                .message = "a step takes fewer tokens than requests",
                .figures = {batch.value, sequences}});
    settings.batched_max = batch;
    settings.encoder_tokens_max = batch;
    settings.sequences_max = sequences;
}

bool drafts_asynchronously(std::string_view method, bool described) {
    const bool target_states = one_of(method, {"eagle", "eagle3", "extract_hidden_states", "mtp", "ngram_gpu"}) || method.ends_with("_mtp");
    return target_states || (described && one_of(method, {"dflash", "dspark", "draft_model"}));
}

// Mirrors VllmConfig.__post_init__ and use_v2_model_runner.
void resolve_runner(Serving& serving) {
    Settings& settings = serving.settings;
    const Drafting& drafting = settings.drafting;
    const bool pooling = serving.model.traits.runner == Runner::pooling;
    settings.v2_runner = serving.described();
    if (drafting.method && one_of(*drafting.method, {"suffix", "medusa", "mlp_speculator", "custom_class"})) settings.v2_runner = false;
    settings.async_scheduling = !drafting.method || drafts_asynchronously(*drafting.method, serving.described());
    if (serving.described() && (pooling || (settings.parallel.pipeline > 1 && !settings.v2_runner))) settings.async_scheduling = false;
    // Chunked attention and drafters that read hidden states do not go together with several kinds of blocks.
    const bool chunked = std::ranges::any_of(serving.model.layers, [](const ShapedLayer& layer) {
        const auto* attention = std::get_if<AttentionShape>(&layer.mixer);
        return attention != nullptr && attention->chunk.has_value();
    });
    if (chunked && uses_eagle(drafting)) settings.hybrid_manager = HybridManager::disabled;
}

// A model that names no length has none to begin fitting with.
[[noreturn]] void nothing_to_fit(const Serving& serving) {
    if (serving.described())
        refuse({.type = Raised::value_error,
                .raised_in = "ModelConfig",
                .message = "the longest request is no positive number of tokens",
                .figures = {-1, 2048}});
    refuse({.type = Raised::value_error, .raised_in = "SchedulerConfig", .message = "a step takes at least one token", .figures = {1}});
}

}  // namespace

void resolve_defaults(Serving& serving) {
    const ServingArguments& arguments = serving.arguments;
    const ModelTraits& traits = serving.model.traits;
    Settings& settings = serving.settings;
    serving.resolved.dtype = model_dtype(serving);
    serving.resolved.state_block = arguments.state_block;
    settings.parallel = arguments.parallel;
    settings.length = arguments.length;
    settings.model_len_max = serving.model.length_max.value_or(unstated_length);
    if (arguments.length == LengthChoice::fitted_to_memory && !serving.model.length_max) nothing_to_fit(serving);
    if (arguments.length == LengthChoice::as_given) settings.model_len_max = arguments.model_len_max.value_or(settings.model_len_max);
    settings.hybrid_manager = arguments.hybrid_manager;
    settings.drafting = arguments.drafting;
    settings.model_type = serving.model.model_type;
    const bool whole_prompts = traits.encoder_decoder || traits.encoder_only;
    serving.resolved.chunked_prefill = !whole_prompts;
    // A decoder that reads an encoder shares no prefixes, but for what it makes of them as vectors nobody switches them off.
    const bool apart = traits.encoder_only || (traits.encoder_decoder && traits.runner == Runner::generate);
    settings.prefix_caching = arguments.prefix_caching.value_or(!apart && !traits.attention_free);
    serving.resolved.cache_dtype = cache_dtype(serving);
    resolve_step(serving);
    resolve_runner(serving);
    settings.block = arguments.block.value_or(TokensPerBlock{16});
}

}  // namespace kv
