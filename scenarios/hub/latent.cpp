// Architectures whose layers keep one latent vector a token, and attend to all of them or to those that an indexer picks.
#include "scenarios/hub/latent_parts.h"

#include <array>

namespace kv {
namespace {

constexpr std::array deepseek_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", equal_heads},
                                    LayerPart{LayerKind::indexed, "model.layers.{i}.self_attn.indexer.k_cache", indexer_cache},
                                    LayerPart{LayerKind::indexed, "model.layers.{i}.self_attn.attn", latent_attention},
                                    LayerPart{LayerKind::latent, "model.layers.{i}.self_attn.attn", latent_attention}};
constexpr std::array nested_parts{LayerPart{LayerKind::full, "language_model.model.layers.{i}.self_attn.attn", equal_heads},
                                  LayerPart{LayerKind::indexed, "language_model.model.layers.{i}.self_attn.indexer.k_cache", indexer_cache},
                                  LayerPart{LayerKind::indexed, "language_model.model.layers.{i}.self_attn.attn", latent_attention},
                                  LayerPart{LayerKind::latent, "language_model.model.layers.{i}.self_attn.attn", latent_attention}};
constexpr std::array drafter_parts{LayerPart{LayerKind::full, "model.layers.{i+n}.self_attn.attn", equal_heads},
                                   LayerPart{LayerKind::indexed, "model.layers.{i+n}.self_attn.indexer.k_cache", indexer_cache},
                                   LayerPart{LayerKind::indexed, "model.layers.{i+n}.self_attn.attn", latent_attention},
                                   LayerPart{LayerKind::latent, "model.layers.{i+n}.self_attn.attn", latent_attention}};

// The engine looks for a drafter by the type of the model, not by its class.
constexpr std::array<std::string_view, 3> drafted_types{"deepseek_v3", "deepseek_v32", "glm_moe_dsa"};
constexpr DraftForm deepseek_drafter{
    .count_key = "num_nextn_predict_layers", .parts = drafter_parts, .model_types = drafted_types, .kind = latent_drafter_kind};

// Two attentions a layer, between which the experts run.
constexpr std::array paired_parts{LayerPart{LayerKind::latent, "model.layers.{i}.self_attn.0.attn", latent_attention},
                                  LayerPart{LayerKind::latent, "model.layers.{i}.self_attn.1.attn", latent_attention}};
constexpr std::array joined_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", joined_heads}};

// 0.18.0 makes as many as the config class says there are in all, which it does not derive from the pairs.
std::int64_t pairs_of_layers(const ConfigView& config) {
    const bool is_0_18 = config.classes == ModelClasses::vllm_0_18;
    return config.text.size(is_0_18 ? "num_hidden_layers" : "num_layers", config_layers_max);
}
std::int64_t after_pairs(const ConfigView& config) { return 2 * pairs_of_layers(config); }

constexpr Architecture deepseek_like(std::string_view name) {
    return {.name = name, .kinds = latent_kinds, .parts = deepseek_parts, .draft = deepseek_drafter, .adjust = grouped_experts_model};
}

constexpr std::array entries{
    deepseek_like("DeepseekForCausalLM"),
    deepseek_like("DeepseekV2ForCausalLM"),
    deepseek_like("DeepseekV3ForCausalLM"),
    Architecture{.name = "DeepseekV32ForCausalLM",
                 .kinds = indexed_kinds,
                 .parts = deepseek_parts,
                 .draft = deepseek_drafter,
                 .traits = {.bfloat16_cache_is_auto = true},
                 .adjust = indexed_model},
    Architecture{.name = "GlmMoeDsaForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = indexed_kinds,
                 .parts = deepseek_parts,
                 .draft = deepseek_drafter,
                 .adjust = indexed_model},
    Architecture{.name = "KimiK25ForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "deepseek_v3",
                 .kinds = latent_kinds,
                 .parts = nested_parts,
                 .adjust = grouped_experts_model},
    Architecture{.name = "KimiVLForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "deepseek_v3",
                 .kinds = latent_kinds,
                 .parts = nested_parts,
                 .adjust = grouped_experts_model},
    Architecture{.name = "Glm4MoeLiteForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = latent_kinds,
                 .parts = deepseek_parts,
                 .draft = {.count_key = "num_nextn_predict_layers", .parts = drafter_parts, .kind = latent_drafter_kind},
                 .adjust = latent_model},
    Architecture{.name = "LongcatFlashForCausalLM",
                 .kinds = latent_kinds,
                 .parts = paired_parts,
                 .draft = {.parts = drafter_parts, .always = 1, .kind = latent_drafter_kind, .first = after_pairs},
                 .layers = pairs_of_layers,
                 .adjust = latent_model},
    Architecture{.name = "MiniCPM3ForCausalLM", .release = Release::only_0_32, .kinds = all_full, .parts = joined_parts}};

constexpr std::array deepseek_v2{
    TypeDefault{"num_hidden_layers", std::int64_t{32}, false},   TypeDefault{"num_attention_heads", std::int64_t{32}, false},
    TypeDefault{"hidden_size", std::int64_t{4096}, false},       TypeDefault{"max_position_embeddings", std::int64_t{2048}, false},
    TypeDefault{"kv_lora_rank", std::int64_t{512}, false},       TypeDefault{"q_lora_rank", std::int64_t{1536}},
    TypeDefault{"qk_nope_head_dim", std::int64_t{128}, false},   TypeDefault{"qk_rope_head_dim", std::int64_t{64}, false},
    TypeDefault{"v_head_dim", std::int64_t{128}, false},         TypeDefault{"n_routed_experts", std::int64_t{64}, false},
    TypeDefault{"first_k_dense_replace", std::int64_t{0}, false}};
constexpr std::array deepseek_v3_in_0_32{TypeDefault{"num_hidden_layers", std::int64_t{61}, false},
                                         TypeDefault{"num_attention_heads", std::int64_t{128}, false},
                                         TypeDefault{"num_key_value_heads", std::int64_t{128}},
                                         TypeDefault{"hidden_size", std::int64_t{7168}, false},
                                         TypeDefault{"max_position_embeddings", std::int64_t{4096}, false},
                                         TypeDefault{"kv_lora_rank", std::int64_t{512}, false},
                                         TypeDefault{"q_lora_rank", std::int64_t{1536}},
                                         TypeDefault{"qk_nope_head_dim", std::int64_t{128}, false},
                                         TypeDefault{"qk_rope_head_dim", std::int64_t{64}, false},
                                         TypeDefault{"v_head_dim", std::int64_t{128}},
                                         TypeDefault{"n_routed_experts", std::int64_t{256}, false},
                                         TypeDefault{"first_k_dense_replace", std::int64_t{3}},
                                         TypeDefault{"n_group", std::int64_t{8}},
                                         TypeDefault{"topk_group", std::int64_t{4}},
                                         TypeDefault{"num_nextn_predict_layers", std::int64_t{1}, false}};
constexpr std::span deepseek_v3 =
    std::span<const TypeDefault>(deepseek_v3_in_0_32).first(deepseek_v3_in_0_32.size() - 1);  // Less the drafter.
constexpr std::array glm_moe_dsa{TypeDefault{"num_hidden_layers", std::int64_t{78}, false},
                                 TypeDefault{"num_attention_heads", std::int64_t{64}, false},
                                 TypeDefault{"num_key_value_heads", std::int64_t{64}, false},
                                 TypeDefault{"hidden_size", std::int64_t{6144}, false},
                                 TypeDefault{"max_position_embeddings", std::int64_t{202752}, false},
                                 TypeDefault{"kv_lora_rank", std::int64_t{512}, false},
                                 TypeDefault{"q_lora_rank", std::int64_t{2048}, false},
                                 TypeDefault{"qk_nope_head_dim", std::int64_t{192}, false},
                                 TypeDefault{"qk_rope_head_dim", std::int64_t{64}, false},
                                 TypeDefault{"v_head_dim", std::int64_t{256}, false},
                                 TypeDefault{"index_topk", std::int64_t{2048}, false},
                                 TypeDefault{"index_head_dim", std::int64_t{128}, false},
                                 TypeDefault{"index_n_heads", std::int64_t{32}, false},
                                 TypeDefault{"n_routed_experts", std::int64_t{256}, false},
                                 TypeDefault{"first_k_dense_replace", std::int64_t{3}, false},
                                 TypeDefault{"n_group", std::int64_t{1}, false},
                                 TypeDefault{"topk_group", std::int64_t{1}, false},
                                 TypeDefault{"head_dim", std::int64_t{64}, false}};
constexpr std::array glm4_moe_lite{TypeDefault{"num_hidden_layers", std::int64_t{47}, false},
                                   TypeDefault{"num_attention_heads", std::int64_t{20}, false},
                                   TypeDefault{"num_key_value_heads", std::int64_t{20}, false},
                                   TypeDefault{"hidden_size", std::int64_t{2048}, false},
                                   TypeDefault{"max_position_embeddings", std::int64_t{202752}, false},
                                   TypeDefault{"kv_lora_rank", std::int64_t{512}, false},
                                   TypeDefault{"q_lora_rank", std::int64_t{768}},
                                   TypeDefault{"qk_nope_head_dim", std::int64_t{192}, false},
                                   TypeDefault{"qk_rope_head_dim", std::int64_t{64}, false},
                                   TypeDefault{"v_head_dim", std::int64_t{256}, false}};
constexpr std::array longcat_flash_in_0_18{TypeDefault{"num_hidden_layers", std::int64_t{56}},
                                           TypeDefault{"num_layers", std::int64_t{28}},
                                           TypeDefault{"num_attention_heads", std::int64_t{64}},
                                           TypeDefault{"hidden_size", std::int64_t{6144}},
                                           TypeDefault{"max_position_embeddings", std::int64_t{131072}},
                                           TypeDefault{"kv_lora_rank", std::int64_t{512}},
                                           TypeDefault{"q_lora_rank", std::int64_t{1536}},
                                           TypeDefault{"qk_nope_head_dim", std::int64_t{128}},
                                           TypeDefault{"qk_rope_head_dim", std::int64_t{64}},
                                           TypeDefault{"v_head_dim", std::int64_t{128}}};
constexpr std::array longcat_flash{
    TypeDefault{"num_layers", std::int64_t{28}, false},        TypeDefault{"num_attention_heads", std::int64_t{64}, false},
    TypeDefault{"hidden_size", std::int64_t{6144}, false},     TypeDefault{"max_position_embeddings", std::int64_t{131072}, false},
    TypeDefault{"kv_lora_rank", std::int64_t{512}, false},     TypeDefault{"q_lora_rank", std::int64_t{1536}, false},
    TypeDefault{"qk_nope_head_dim", std::int64_t{128}, false}, TypeDefault{"qk_rope_head_dim", std::int64_t{64}, false},
    TypeDefault{"v_head_dim", std::int64_t{128}, false}};
constexpr std::array minicpm3{
    TypeDefault{"num_hidden_layers", std::int64_t{62}, false}, TypeDefault{"num_attention_heads", std::int64_t{40}, false},
    TypeDefault{"hidden_size", std::int64_t{2560}, false},     TypeDefault{"max_position_embeddings", std::int64_t{32768}, false},
    TypeDefault{"qk_nope_head_dim", std::int64_t{64}, false},  TypeDefault{"qk_rope_head_dim", std::int64_t{32}, false}};

constexpr std::array types{ConfigType{.model_type = "deepseek_v2", .defaults = deepseek_v2, .whole_heads = true},
                           ConfigType{.model_type = "deepseek_v3", .release = Release::only_0_18, .defaults = deepseek_v3},
                           ConfigType{.model_type = "deepseek_v3", .release = Release::only_0_32, .defaults = deepseek_v3_in_0_32},
                           ConfigType{.model_type = "deepseek_v32", .release = Release::only_0_18, .defaults = deepseek_v3},
                           ConfigType{.model_type = "deepseek_v32", .release = Release::only_0_32, .defaults = deepseek_v3_in_0_32},
                           ConfigType{.model_type = "kimi_k2", .release = Release::only_0_18, .defaults = deepseek_v3},
                           ConfigType{.model_type = "kimi_k2", .release = Release::only_0_32, .defaults = deepseek_v3_in_0_32},
                           ConfigType{.model_type = "glm_moe_dsa", .release = Release::only_0_32, .defaults = glm_moe_dsa},
                           ConfigType{.model_type = "glm4_moe_lite", .release = Release::only_0_32, .defaults = glm4_moe_lite},
                           ConfigType{.model_type = "longcat_flash", .release = Release::only_0_18, .defaults = longcat_flash_in_0_18},
                           ConfigType{.model_type = "longcat_flash", .release = Release::only_0_32, .defaults = longcat_flash},
                           ConfigType{.model_type = "minicpm3", .release = Release::only_0_32, .defaults = minicpm3, .whole_heads = true}};

}  // namespace

ArchitectureFamily latent_family() { return {entries, types}; }

}  // namespace kv
