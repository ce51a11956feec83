// Further architectures with attention only. Many of them have a class of their own in 0.18.0, and in 0.32.0 run as transformers has
// them, with the engine's attention in the place of theirs.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::string_view decoder_name = "model.layers.{i}.self_attn.attn";
constexpr std::string_view nested_name = "language_model.model.layers.{i}.self_attn.attn";

// Every head has keys and values of its own, whatever the config says.
MixerShape all_heads(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(divided_attention(place));
    shape.kv_heads = shape.heads;
    return shape;
}

// Heads as the engine reads them off the config for the model as a whole.
MixerShape model_heads(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(full_attention(place));
    shape.share = HeadShare::one_at_least;
    return shape;
}
MixerShape model_window(const LayerPlace& place) {
    AttentionShape shape = std::get<AttentionShape>(window_attention(place));
    shape.share = HeadShare::one_at_least;
    return shape;
}

// 0.18.0 does not look at the types of these layers.
std::vector<LayerKind> later_windows(const ConfigView& config, std::int64_t layers) {
    return config.classes == ModelClasses::vllm_0_18 ? all_full(config, layers) : window_kinds(config, layers);
}

// 0.18.0 reads a head size that its config class does not fill in.
void states_head_size(const ConfigView& config, ModelShape&) {
    if (config.classes == ModelClasses::vllm_0_18 && !config.text.states("head_dim"))
        config.text.missing("head_dim", "an integer: the class in 0.18.0 reads it, and nothing fills it in");
}

// Transformers makes a table of words that must have a row for padding.
void has_a_row_for_padding(const ConfigView& config, ModelShape&) {
    if (config.text.states("pad_token_id") && !config.text.has("pad_token_id")) return;
    const std::int64_t padding = config.text.whole_if("pad_token_id").value_or(128004);
    if (padding >= config.text.count_if("vocab_size").value_or(128256))
        refuse({.type = Raised::assertion_error, .raised_in = "Embedding", .message = "the padding is no word of the vocabulary"});
}

constexpr std::array stated{LayerPart{LayerKind::full, decoder_name, full_attention},
                            LayerPart{LayerKind::sliding, decoder_name, window_attention}};
constexpr std::array nested_stated{LayerPart{LayerKind::full, nested_name, full_attention},
                                   LayerPart{LayerKind::sliding, nested_name, window_attention}};
constexpr std::array divided{LayerPart{LayerKind::full, decoder_name, divided_attention}};
constexpr std::array many{LayerPart{LayerKind::full, decoder_name, all_heads}};
constexpr std::array transformers{LayerPart{LayerKind::full, decoder_name, model_heads},
                                  LayerPart{LayerKind::sliding, decoder_name, model_window}};

constexpr std::array entries{
    Architecture{.name = "ApertusForCausalLM", .kinds = window_kinds, .parts = stated},
    Architecture{.name = "Ernie4_5ForCausalLM", .kinds = window_kinds, .parts = stated},
    Architecture{.name = "Ernie4_5_MoeForCausalLM", .kinds = all_full, .parts = stated},
    Architecture{.name = "Exaone4ForCausalLM", .kinds = window_kinds, .parts = stated},
    Architecture{.name = "GemmaForCausalLM", .kinds = all_full, .parts = stated},
    Architecture{.name = "Glm4ForCausalLM", .kinds = all_full, .parts = stated},
    Architecture{.name = "Glm4MoeForCausalLM", .kinds = all_full, .parts = stated, .adjust = states_head_size},
    Architecture{.name = "GraniteForCausalLM", .kinds = later_windows, .parts = stated},
    Architecture{.name = "GraniteMoeForCausalLM", .kinds = all_full, .parts = divided},
    Architecture{.name = "GraniteMoeSharedForCausalLM", .kinds = all_full, .parts = divided},
    Architecture{.name = "MiniMaxM2ForCausalLM", .release = Release::only_0_32, .kinds = all_full, .parts = stated},
    Architecture{.name = "Ministral3ForCausalLM",
                 .release = Release::only_0_32,
                 .chosen = "MistralForCausalLM",
                 .kinds = window_kinds,
                 .parts = stated},
    Architecture{.name = "Mistral3ForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "mistral",
                 .kinds = window_kinds,
                 .parts = nested_stated},
    Architecture{.name = "NemotronForCausalLM", .kinds = all_full, .parts = stated},
    Architecture{.name = "OlmoeForCausalLM", .kinds = all_full, .parts = divided},
    Architecture{.name = "PhiMoEForCausalLM", .kinds = all_full, .parts = stated},
    Architecture{.name = "Qwen3VLForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen3_vl_text",
                 .kinds = all_full,
                 .parts = nested_stated},
    Architecture{.name = "Qwen3VLMoeForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen3_vl_moe_text",
                 .kinds = all_full,
                 .parts = nested_stated},
    // With a class in 0.18.0, as transformers has them in 0.32.0.
    Architecture{.name = "ArceeForCausalLM", .release = Release::only_0_18, .kinds = window_kinds, .parts = stated},
    Architecture{.name = "ArceeForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "GlmForCausalLM", .release = Release::only_0_18, .kinds = window_kinds, .parts = stated},
    Architecture{.name = "GlmForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "HunYuanDenseV1ForCausalLM", .release = Release::only_0_18, .kinds = all_full, .parts = stated},
    Architecture{.name = "HunYuanDenseV1ForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "OlmoForCausalLM", .release = Release::only_0_18, .kinds = all_full, .parts = many},
    Architecture{.name = "OlmoForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "PhiForCausalLM", .release = Release::only_0_18, .kinds = all_full, .parts = many},
    Architecture{.name = "PhiForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "SeedOssForCausalLM", .release = Release::only_0_18, .kinds = all_full, .parts = stated},
    Architecture{.name = "SeedOssForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
    Architecture{.name = "SmolLM3ForCausalLM", .kinds = window_kinds, .parts = transformers, .adjust = has_a_row_for_padding},
    Architecture{.name = "Starcoder2ForCausalLM", .release = Release::only_0_18, .kinds = all_full, .parts = divided},
    Architecture{.name = "Starcoder2ForCausalLM", .release = Release::only_0_32, .kinds = window_kinds, .parts = transformers},
};

}  // namespace

ArchitectureFamily further_family() { return {entries, {}}; }

}  // namespace kv
