// Kimi Linear and Kimi K3: Kimi delta attention beside latent attention. Layers are listed from 1.
#include "scenarios/hub/state_parts.h"

#include <array>

namespace kv {
namespace {

std::optional<ConfigObject> linear_config(const ConfigObject& text) {
    const auto object = text.find("linear_attn_config");
    if (object && object->kind() == JsonKind::object) return ConfigObject(*object, true, {}, text.errors());
    text.missing("linear_attn_config", "an object that names `kda_layers`");
    return std::nullopt;
}

std::vector<LayerKind> kimi_kinds(const ConfigView& config, std::int64_t layers) {
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::latent);
    const auto linear = linear_config(config.text);
    if (!linear) return kinds;
    for (const std::string_view key : {"kda_layers", "full_attn_layers"})
        if (!linear->has(key)) linear->missing(key, "the layers of Kimi delta attention, and the others, counted from 1");
    for (const std::int64_t i : linear->numbers("kda_layers", {0, config_layers_max}, static_cast<std::size_t>(config_layers_max)))
        if (i >= 1 && i <= layers) kinds[static_cast<std::size_t>(i - 1)] = LayerKind::states;
    return kinds;
}

KimiDeltaShape kimi_delta(const ConfigView& config) {
    const auto linear = linear_config(config.text);
    if (!linear) return {};
    return {.heads = linear->size("num_heads"),
            .head_size = linear->size("head_dim"),
            .kernel = linear->size("short_conv_kernel_size"),
            .full_rank_gate = linear->flag("use_full_rank_gate", false),
            .bounded_gate = linear->has("gate_lower_bound")};
}

MixerShape kimi_states(const LayerPlace& place) { return StateShape(kimi_delta(place.config)); }

void assert_kimi(bool holds, std::string_view what) {
    if (!holds) refuse({.type = Raised::assertion_error, .raised_in = "KimiDecoderLayer", .message = std::string(what)});
}

MixerShape kimi_latent(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    assert_kimi(text.flag("mla_use_nope", false), "latent attention of this model has no rotary positions");
    assert_kimi(newer(place.config) || !text.has("q_lora_rank"), "latent attention of this model has no latent queries in this release");
    for (const std::string_view key : {"qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "kv_lora_rank"})
        assert_kimi(!newer(place.config) || text.has(key), "latent attention of this model states all its sizes");
    if (!newer(place.config) && text.word_if("hidden_act").value_or("silu") != "silu")
        refuse({.type = Raised::value_error, .raised_in = "KimiMLP", .message = "this release has no other activation than silu"});
    return LatentShape{.heads = text.size("num_attention_heads"),
                       .latent = text.size("kv_lora_rank"),
                       .rotary = text.count("qk_rope_head_dim"),
                       .head = LatentShape::Head{.plain = text.count("qk_nope_head_dim"), .value = text.count("v_head_dim")}};
}

constexpr std::array kimi_parts_of_0_18{LayerPart{LayerKind::latent, "model.layers.{i}.self_attn.attn", kimi_latent},
                                        LayerPart{LayerKind::states, "model.layers.{i}.self_attn", kimi_states}};
constexpr std::array kimi_parts_of_0_32{LayerPart{LayerKind::latent, "model.layers.{i}.self_attn", kimi_latent},
                                        LayerPart{LayerKind::states, "model.layers.{i}.self_attn", kimi_states}};
constexpr std::array kimi_k3_parts{LayerPart{LayerKind::latent, "language_model.model.layers.{i}.self_attn", kimi_latent},
                                   LayerPart{LayerKind::states, "language_model.model.layers.{i}.self_attn", kimi_states}};
constexpr std::array kimi_draft_parts{LayerPart{LayerKind::latent, "model.layers.{i+n}.self_attn", kimi_latent},
                                      LayerPart{LayerKind::states, "model.layers.{i+n}.self_attn", kimi_states}};

// The list of delta layers goes on over the drafter's.
LayerKind kimi_draft_kind(const ConfigView& config) {
    const std::int64_t drafts_from = config.text.size("num_hidden_layers", config_layers_max);
    return kimi_kinds(config, drafts_from + 1).back();
}

constexpr DraftForm kimi_k3_draft{.count_key = "num_nextn_predict_layers", .parts = kimi_draft_parts, .kind = kimi_draft_kind};
constexpr ModelTraits latent_hybrid{.hybrid = true, .latent = true};

void adjust_kimi(const ConfigView& config, ModelShape& shape) {
    KimiDeltaShape of_class = kimi_delta(config);
    of_class.full_rank_gate = true;  // The class asks no layer which gate it has.
    shape.state = of_class;
    const auto latent = config.text.size_if("kv_lora_rank");
    shape.traits.latent = latent.has_value();
    if (latent) shape.head_size = *latent + config.text.count_if("qk_rope_head_dim").value_or(0);
}

constexpr std::array entries{Architecture{.name = "KimiLinearForCausalLM",
                                          .release = Release::only_0_18,
                                          .kinds = kimi_kinds,
                                          .parts = kimi_parts_of_0_18,
                                          .traits = latent_hybrid,
                                          .adjust = adjust_kimi},
                             Architecture{.name = "KimiLinearForCausalLM",
                                          .release = Release::only_0_32,
                                          .kinds = kimi_kinds,
                                          .parts = kimi_parts_of_0_32,
                                          .traits = latent_hybrid,
                                          .adjust = adjust_kimi},
                             Architecture{.name = "KimiK3ForConditionalGeneration",
                                          .release = Release::only_0_32,
                                          .text = "text_config",
                                          .text_type = "kimi_linear",
                                          .kinds = kimi_kinds,
                                          .parts = kimi_k3_parts,
                                          .draft = kimi_k3_draft,
                                          .traits = latent_hybrid,
                                          .adjust = adjust_kimi}};

using Whole = std::int64_t;

constexpr std::array kimi_defaults{TypeDefault{"hidden_size", Whole{4096}}, TypeDefault{"num_hidden_layers", Whole{32}},
                                   TypeDefault{"num_attention_heads", Whole{32}}};
constexpr std::array kimi_defaults_of_0_32{
    TypeDefault{"hidden_size", Whole{4096}}, TypeDefault{"num_hidden_layers", Whole{32}}, TypeDefault{"num_attention_heads", Whole{32}},
    TypeDefault{"max_position_embeddings", Whole{4096}}, TypeDefault{"num_nextn_predict_layers", Whole{0}}};

constexpr std::array types{ConfigType{.model_type = "kimi_linear", .release = Release::only_0_18, .defaults = kimi_defaults},
                           ConfigType{.model_type = "kimi_linear", .release = Release::only_0_32, .defaults = kimi_defaults_of_0_32}};

}  // namespace

ArchitectureFamily kimi_family() { return {entries, types}; }

}  // namespace kv
