// Architectures with windows or chunks beside full attention.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::string_view decoder_name = "model.layers.{i}.self_attn.attn";
constexpr std::string_view nested_name = "language_model.model.layers.{i}.self_attn.attn";

// Cohere 2: 0.18.0 divides the hidden size, 0.32.0 takes a stated head size, and counts the token itself beside its window.
MixerShape cohere_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape = usual_attention(place);
    if (place.config.classes == ModelClasses::vllm_0_18)
        shape.head_size = std::max<std::int64_t>(1, text.size("hidden_size") / shape.heads);
    else if (text.states("head_dim") && !text.has("head_dim"))
        text.note("head_dim", "expected an integer: this release takes no null here");
    return shape;
}
MixerShape cohere_full(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(cohere_attention(place));
    shape.window = place.config.shared_window;
    return shape;
}
MixerShape cohere_window(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(cohere_attention(place));
    shape.window = place.config.window;
    if (place.config.classes == ModelClasses::vllm_0_18) return shape;
    if (shape.window) shape.window = *shape.window + Tokens{1};
    else place.config.text.note("sliding_window", "expected a length: this release adds one to it");
    return shape;
}

constexpr std::array listed{LayerPart{LayerKind::full, decoder_name, full_attention},
                            LayerPart{LayerKind::sliding, decoder_name, window_attention}};
constexpr std::array nested_listed{LayerPart{LayerKind::full, nested_name, full_attention},
                                   LayerPart{LayerKind::sliding, nested_name, window_attention}};
constexpr std::array cohere{LayerPart{LayerKind::full, decoder_name, cohere_full},
                            LayerPart{LayerKind::sliding, decoder_name, cohere_window}};

// Gemma 3: each type of layer has a rope of its own.
void known_ropes(const ConfigView& config, ModelShape&) {
    const bool known = std::ranges::all_of(config.layer_types.value_or(std::vector<std::string>{}),
                                           [](const std::string& type) { return type == "full_attention" || type == "sliding_attention"; });
    if (!known && config.classes != ModelClasses::vllm_0_18)
        refuse({.type = Raised::key_error, .raised_in = {}, .message = "a type of layer has no rope"});
}

// gpt-oss: every other layer, whatever `layer_types` says; each head has a learned sink.
std::vector<LayerKind> sliding_every_other(const ConfigView&, std::int64_t layers) {
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::full);
    for (std::size_t i = 0; i < kinds.size(); i += 2) kinds[i] = LayerKind::sliding;
    return kinds;
}
MixerShape full_with_sinks(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(full_attention(place));
    shape.sinks = true;
    shape.share = HeadShare::rounded_down;
    return shape;
}
MixerShape window_with_sinks(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(window_attention(place));
    shape.sinks = true;
    shape.share = HeadShare::rounded_down;
    return shape;
}
// The class reads the settings of a yarn rope, whatever its type.
void yarn_settings(const ConfigView& config, ModelShape&) {
    const bool stated_null = config.text.states("rope_scaling") && config.classes == ModelClasses::vllm_0_18;
    const auto rope = config.text.find("rope_scaling");
    if (!rope && !stated_null) return;
    for (const std::string_view key : {"factor", "original_max_position_embeddings", "beta_fast", "beta_slow"})
        if (!rope || !rope->member(key)) refuse({.type = Raised::key_error, .raised_in = {}, .message = std::string(key)});
}
constexpr std::array with_sinks{LayerPart{LayerKind::full, "model.layers.{i}.attn.attn", full_with_sinks},
                                LayerPart{LayerKind::sliding, "model.layers.{i}.attn.attn", window_with_sinks}};

// Llama 4: layers with a rotary embedding see their own chunk.
std::vector<LayerKind> chunked_kinds(const ConfigView& config, std::int64_t layers) {
    const std::vector<std::int64_t> listed_ropes =
        config.text.numbers("no_rope_layers", {0, 1}, static_cast<std::size_t>(config_layers_max));
    if (!listed_ropes.empty() && static_cast<std::int64_t>(listed_ropes.size()) < layers)
        refuse(
            {.type = Raised::index_error, .raised_in = "Llama4Attention", .message = "`no_rope_layers` names fewer layers than there are"});
    const std::int64_t interval = config.text.size_if("no_rope_layer_interval").value_or(4);
    const bool chunks = config.text.count_if("attention_chunk_size", config_length_max).value_or(0) > 0;
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::full);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const bool rope = listed_ropes.empty() ? (static_cast<std::int64_t>(i) + 1) % interval != 0 : listed_ropes[i] != 0;
        if (rope && chunks) kinds[i] = LayerKind::chunked;
    }
    return kinds;
}
MixerShape chunk_attention(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    shape.chunk = Tokens{place.config.text.size("attention_chunk_size", config_length_max)};
    return shape;
}
constexpr std::array chunked{LayerPart{LayerKind::full, decoder_name, full_attention},
                             LayerPart{LayerKind::chunked, decoder_name, chunk_attention}};
constexpr std::array nested_chunked{LayerPart{LayerKind::full, nested_name, full_attention},
                                    LayerPart{LayerKind::chunked, nested_name, chunk_attention}};

// Gemma 2 caps its logits, unless the config says null.
bool caps(const ConfigView& config) { return config.text.has("attn_logit_softcapping") || !config.text.states("attn_logit_softcapping"); }
MixerShape capped_full(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(full_attention(place));
    shape.caps_logits = caps(place.config);
    return shape;
}
MixerShape capped_window(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(window_attention(place));
    shape.caps_logits = caps(place.config);
    return shape;
}
constexpr std::array capped{LayerPart{LayerKind::full, decoder_name, capped_full},
                            LayerPart{LayerKind::sliding, decoder_name, capped_window}};

// Gemma 3n: the last layers read the cache of the last full layer before them, windows that of the last window.
void share_last_pair(const ConfigView& config, ModelShape& shape) {
    const auto layers = static_cast<std::int64_t>(shape.layers.size());
    for (const std::string_view key : {"intermediate_size", "activation_sparsity_pattern"}) {
        const auto list = config.text.find(key);
        if (!list || list->kind() != JsonKind::array) continue;
        const auto listed_layers = static_cast<std::int64_t>(list->size());
        if (listed_layers != layers)
            refuse({.type = Raised::value_error,
                    .raised_in = "ModelConfig",
                    .message = std::string(key) + " names more or fewer layers than there are",
                    .figures = {layers, listed_layers}});
    }
    const std::int64_t first = layers - config.text.whole_if("num_kv_shared_layers").value_or(0);
    for (std::int64_t i = std::max<std::int64_t>(0, first); i < layers; ++i) {
        ShapedLayer& layer = shape.layers[static_cast<std::size_t>(i)];
        const bool slides = config.layer_types && (*config.layer_types)[static_cast<std::size_t>(i)] == "sliding_attention";
        const std::int64_t target = first - (slides && config.window ? 2 : 1);
        if (target >= 0) layer.shares = shape.layers[static_cast<std::size_t>(target)].name;
    }
}

// Olmo 2 and 3: 0.18.0 divides the width among the heads, whatever else is stated; so does 0.32.0 where no head size is.
MixerShape olmo_full(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(full_attention(place));
    if (place.config.classes == ModelClasses::vllm_0_18)
        shape.head_size = std::max<std::int64_t>(1, place.config.text.size("hidden_size") / shape.heads);
    return shape;
}
MixerShape olmo_window(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(olmo_full(place));
    shape.window = std::get<AttentionShape>(window_attention(place)).window;
    return shape;
}
constexpr std::array olmo{LayerPart{LayerKind::full, decoder_name, olmo_full}, LayerPart{LayerKind::sliding, decoder_name, olmo_window}};
void whole_width(const ConfigView& config, ModelShape& shape) {
    if (config.classes != ModelClasses::vllm_0_18 && config.text.has("head_dim")) return;
    if (config.text.size("hidden_size") % shape.heads != 0)
        config.text.note("hidden_size", fmt::format("expected a multiple of the {} attention heads", shape.heads));
}

// Gemma 4: other heads in full layers; the last layers read the cache of the last one of their kind before them.
MixerShape global_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape = std::get<AttentionShape>(full_attention(place));
    shape.head_size = text.states("global_head_dim") ? text.size("global_head_dim") : 512;
    if (text.flag("attention_k_eq_v", false)) shape.kv_heads = text.size_if("num_global_key_value_heads").value_or(shape.kv_heads);
    return shape;
}
constexpr std::array mixed{LayerPart{LayerKind::full, decoder_name, global_attention},
                           LayerPart{LayerKind::sliding, decoder_name, window_attention}};
constexpr std::array nested_mixed{LayerPart{LayerKind::full, nested_name, global_attention},
                                  LayerPart{LayerKind::sliding, nested_name, window_attention}};

void widest_heads(ModelShape& shape) {
    for (const ShapedLayer& layer : shape.layers) {
        const auto& attention = std::get<AttentionShape>(layer.mixer);
        shape.head_size = &layer == &shape.layers.front() ? attention.head_size : std::max(shape.head_size, attention.head_size);
        shape.kv_heads = &layer == &shape.layers.front() ? attention.kv_heads : std::max(shape.kv_heads, attention.kv_heads);
    }
}

void gemma4(const ConfigView& config, ModelShape& shape) {
    widest_heads(shape);
    shape.traits.image_prefix = config.text.word_if("use_bidirectional_attention") == "vision";
    const std::vector<std::string>& types = *config.layer_types;
    const auto layers = static_cast<std::int64_t>(shape.layers.size());
    const std::int64_t shared = config.text.whole_if("num_kv_shared_layers").value_or(0);
    const std::int64_t first = shared > 0 ? std::max<std::int64_t>(0, layers - shared) : layers;
    for (std::int64_t i = first; i < layers; ++i) {
        std::int64_t target = first - 1;
        while (target >= 0 && types[static_cast<std::size_t>(target)] != types[static_cast<std::size_t>(i)]) --target;
        if (target < 0)
            refuse(
                {.type = Raised::value_error, .raised_in = "Gemma4Attention", .message = "no layer of this kind is there to share with"});
        shape.layers[static_cast<std::size_t>(i)].shares = shape.layers[static_cast<std::size_t>(target)].name;
    }
}

void gemma4_with_images(const ConfigView& config, ModelShape& shape) {
    if (!config.root.find("vision_config"))
        config.root.missing("vision_config", "the settings of the image encoder, which the class reads");
    gemma4(config, shape);
}

// MiMo V2: a pattern of zeros and ones, with heads of their own for the ones; values may be narrower than keys.
std::vector<LayerKind> patterned_kinds(const ConfigView& config, std::int64_t layers) {
    const std::vector<std::int64_t> pattern = config.text.numbers("hybrid_layer_pattern", {}, static_cast<std::size_t>(config_layers_max));
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::full);
    if (!config.text.find("hybrid_layer_pattern")) config.text.missing("hybrid_layer_pattern", "a list of 0 and 1, one a layer");
    else if (pattern.size() < kinds.size())
        refuse({.type = Raised::index_error, .raised_in = "MiMoV2FlashDecoderLayer", .message = "`hybrid_layer_pattern` is too short"});
    for (std::size_t i = 0; i < std::min(kinds.size(), pattern.size()); ++i)
        if (pattern[i] == 1) kinds[i] = LayerKind::sliding;
    return kinds;
}
MixerShape mimo_full(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    return AttentionShape{.heads = text.size("num_attention_heads"),
                          .kv_heads = text.size("num_key_value_heads"),
                          .head_size = text.size("head_dim"),
                          .head_size_v = text.size_if("v_head_dim"),
                          .share = HeadShare::one_at_least};
}
MixerShape mimo_window(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    return AttentionShape{.heads = text.size("swa_num_attention_heads"),
                          .kv_heads = text.size("swa_num_key_value_heads"),
                          .head_size = text.size("swa_head_dim"),
                          .head_size_v = text.size_if("swa_v_head_dim"),
                          .window = Tokens{text.count("sliding_window_size", config_length_max)},
                          .sinks = text.flag("add_swa_attention_sink_bias", false),
                          .share = HeadShare::one_at_least};
}
constexpr std::array mimo{LayerPart{LayerKind::full, decoder_name, mimo_full}, LayerPart{LayerKind::sliding, decoder_name, mimo_window}};

constexpr std::array mimo_draft{LayerPart{LayerKind::sliding, "model.mtp.layers.{i}.self_attn.attn", mimo_window}};

constexpr std::array entries{
    Architecture{.name = "CohereForCausalLM", .kinds = all_full, .parts = cohere},
    Architecture{.name = "Cohere2ForCausalLM", .chosen = "Cohere2ForCausalLM", .kinds = window_kinds, .parts = cohere},
    Architecture{.name = "Gemma2ForCausalLM", .kinds = window_kinds, .parts = capped},
    Architecture{.name = "Gemma3ForCausalLM", .kinds = window_kinds, .parts = listed, .adjust = known_ropes},
    Architecture{.name = "Gemma3ForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "gemma3_text",
                 .kinds = window_kinds,
                 .parts = nested_listed,
                 .traits = {.image_prefix = true},
                 .adjust = known_ropes},
    Architecture{
        .name = "Gemma3nForCausalLM", .kinds = window_kinds, .parts = listed, .traits = {.pipeline = false}, .adjust = share_last_pair},
    Architecture{.name = "Gemma3nForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "gemma3n_text",
                 .kinds = window_kinds,
                 .parts = nested_listed,
                 .traits = {.pipeline = false},
                 .adjust = share_last_pair},
    Architecture{.name = "Gemma4ForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = mixed, .adjust = gemma4},
    Architecture{.name = "Gemma4ForConditionalGeneration",
                 .release = Release::only_0_32,
                 .text = "text_config",
                 .text_type = "gemma4_text",
                 .kinds = window_kinds,
                 .parts = nested_mixed,
                 .adjust = gemma4_with_images},
    Architecture{.name = "GptOssForCausalLM", .kinds = sliding_every_other, .parts = with_sinks, .adjust = yarn_settings},
    Architecture{.name = "Llama4ForCausalLM", .kinds = chunked_kinds, .parts = chunked},
    Architecture{.name = "Llama4ForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "llama4_text",
                 .kinds = chunked_kinds,
                 .parts = nested_chunked},
    Architecture{.name = "MiMoV2FlashForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = patterned_kinds,
                 .parts = mimo,
                 .draft = {.parts = mimo_draft, .always = 1}},
    Architecture{.name = "Olmo2ForCausalLM", .kinds = window_kinds, .parts = olmo, .adjust = whole_width},
    Architecture{.name = "Olmo3ForCausalLM",
                 .release = Release::only_0_18,
                 .chosen = "Olmo2ForCausalLM",
                 .kinds = window_kinds,
                 .parts = olmo,
                 .adjust = whole_width},
    Architecture{.name = "Olmo3ForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = olmo, .adjust = whole_width},
};

}  // namespace

ArchitectureFamily windowed_family() { return {entries, {}}; }

}  // namespace kv
