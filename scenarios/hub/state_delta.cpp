// Architectures with gated delta nets, linear attention or short convolutions beside attention.
#include "scenarios/hub/state_parts.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr ModelTraits hybrid{.hybrid = true};
constexpr ModelTraits hybrid_of_one_stage{.hybrid = true, .pipeline = false};

// Qwen3-Next and Qwen3.5: gated delta nets, full attention at every fourth layer.

DeltaNetShape delta_net(const ConfigView& config) {
    const ConfigObject& text = config.text;
    return {.key_heads = text.size("linear_num_key_heads"),
            .value_heads = text.size("linear_num_value_heads"),
            .key_size = text.size("linear_key_head_dim"),
            .value_size = text.size("linear_value_head_dim"),
            .kernel = text.size("linear_conv_kernel_dim")};
}

MixerShape delta_states(const LayerPlace& place) { return StateShape(delta_net(place.config)); }

// The parts of a head that are rotated by each coordinate of an image make up all that is rotated; asserted where the head is made.
void check_rotary_sections(const LayerPlace& place, std::int64_t head_size) {
    const auto rope = place.config.text.find("rope_parameters");
    const auto sections = rope ? rope->member("mrope_section") : std::nullopt;
    const auto type = rope ? rope->member("rope_type") : std::nullopt;
    const bool by_sections = !type || type->kind() != JsonKind::string || type->string() == "default" || type->string() == "yarn";
    if (!by_sections) return;
    if (!sections || sections->kind() != JsonKind::array || sections->size() == 0) return;
    std::int64_t sum = 0;
    for (const JsonValue section : sections->elements())
        sum += section.kind() == JsonKind::integer ? std::clamp<std::int64_t>(section.integer(), 0, config_size_max) : 0;
    const auto factor = rope->member("partial_rotary_factor");
    const bool stated = factor && (factor->kind() == JsonKind::number || factor->kind() == JsonKind::integer);
    const double part = stated ? factor->number() : 0.25;
    if (!(part > 0 && part <= 1)) return;
    if (sum != static_cast<std::int64_t>(static_cast<double>(head_size) * part) / 2)
        refuse({.type = Raised::assertion_error,
                .raised_in = "MRotaryEmbedding",
                .message = "the rotary sections are not all that is rotated"});
}

MixerShape qwen_attention(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    shape.window = place.config.shared_window;
    if (!place.config.text.size_if("head_dim")) shape.rank_width = place.config.text.size("hidden_size");
    return shape;
}

// Of the model that also sees: its heads turn by three coordinates.
MixerShape seeing_qwen_attention(const LayerPlace& place) {
    MixerShape shape = qwen_attention(place);
    check_rotary_sections(place, std::get<AttentionShape>(shape).head_size);
    return shape;
}

constexpr std::array qwen_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", qwen_attention},
                                LayerPart{LayerKind::states, "model.layers.{i}.linear_attn", delta_states}};
constexpr std::array nested_qwen_parts{LayerPart{LayerKind::full, "language_model.model.layers.{i}.self_attn.attn", seeing_qwen_attention},
                                       LayerPart{LayerKind::states, "language_model.model.layers.{i}.linear_attn", delta_states}};
constexpr std::array qwen_draft_parts{LayerPart{LayerKind::full, "mtp.layers.{i}.self_attn.attn", qwen_attention}};
constexpr DraftForm qwen_next_draft{.count_key = "num_nextn_predict_layers", .parts = qwen_draft_parts, .otherwise = 1};
constexpr DraftForm qwen_draft_of_0_18{
    .count_key = "mtp_num_hidden_layers", .parts = qwen_draft_parts, .otherwise = 1, .release = Release::only_0_18};
constexpr DraftForm qwen_draft{.count_key = "mtp_num_hidden_layers", .parts = qwen_draft_parts, .otherwise = 1, .pipeline = true};

// Mirrors Qwen3NextDecoderLayer: experts at every so many layers, but for some.
void add_qwen_experts(const ConfigView& config, ModelShape& shape) {
    const ConfigObject& text = config.text;
    const std::int64_t step = text.size_if("decoder_sparse_step", config_layers_max).value_or(1);
    const std::vector<std::int64_t> plain =
        text.numbers("mlp_only_layers", {0, config_layers_max}, static_cast<std::size_t>(config_layers_max));
    shape.expert_layers.emplace();
    if (text.count_if("num_experts") == 0) return;
    for (std::int64_t i = step - 1; i < shape.decoder_layers; i += step)
        if (std::ranges::find(plain, i) == plain.end()) shape.expert_layers->push_back(i);
}

void adjust_qwen_next(const ConfigView& config, ModelShape& shape) {
    add_qwen_experts(config, shape);
    expect_integers(config, {"num_key_value_heads", "head_dim"});
    shape.state = delta_net(config);
    forget_hybrid_without_states(config, shape);
}

void adjust_qwen(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {"num_key_value_heads", "head_dim"});
    shape.state = delta_net(config);
    shape.state_dtype = state_dtype_of(config.text, "mamba_ssm_dtype");
}

void adjust_qwen_text(const ConfigView& config, ModelShape& shape) {
    adjust_qwen(config, shape);
    forget_hybrid_without_states(config, shape);
}

// OLMo hybrid: sizes that the config does not state follow from the heads of attention.

DeltaNetShape olmo_delta_net(const ConfigView& config) {
    const ConfigObject& text = config.text;
    const std::int64_t heads = text.size("num_attention_heads");
    const std::int64_t key_heads = text.size_if("linear_num_key_heads").value_or(heads);
    const std::int64_t three_quarters = std::max<std::int64_t>(1, checked_mul(3, text.size("hidden_size")) / checked_mul(4, key_heads));
    const std::int64_t key_size = text.size_if("linear_key_head_dim").value_or(three_quarters);
    return {.key_heads = key_heads,
            .value_heads = text.size_if("linear_num_value_heads").value_or(heads),
            .key_size = key_size,
            .value_size = text.size_if("linear_value_head_dim").value_or(checked_mul(2, key_size)),
            .kernel = text.size("linear_conv_kernel_dim")};
}

MixerShape olmo_states(const LayerPlace& place) { return StateShape(olmo_delta_net(place.config)); }

constexpr std::array olmo_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", derived_attention},
                                LayerPart{LayerKind::states, "model.layers.{i}.linear_attn", olmo_states}};

void olmo_types(TypedLayers& typed) {
    linear_but_every_fourth(typed);
    if (!typed.listed && typed.layers > 0 && typed.layers < 4) typed.types.back() = "full_attention";
    const auto states = std::ranges::count(typed.types, "linear_attention");
    if (states == 0 || states == std::ssize(typed.types)) typed.text.note("layer_types", "expected both linear and full attention");
}

void adjust_olmo(const ConfigView& config, ModelShape& shape) { shape.state = olmo_delta_net(config); }

// MiniMax: lightning attention, of which only one matrix a head is kept.

std::vector<LayerKind> minimax_kinds(const ConfigView& config, std::int64_t layers) {
    for (const std::string_view key : {"attn_type_list", "decoder_attention_types"}) {
        const std::vector<std::int64_t> listed = config.text.numbers(key, {0, 1}, static_cast<std::size_t>(config_layers_max));
        if (listed.empty()) continue;
        if (std::ssize(listed) < layers)
            refuse({.type = Raised::index_error, .raised_in = "layer_fn", .message = "the list of attention types names too few layers"});
        std::vector<LayerKind> kinds;
        for (std::int64_t i = 0; i < layers; ++i)
            kinds.push_back(listed[static_cast<std::size_t>(i)] == 0 ? LayerKind::states : LayerKind::full);
        return kinds;
    }
    return linear_kinds(config, layers);
}

void every_second_linear(TypedLayers& typed) {
    if (typed.listed) return;
    for (std::int64_t i = 0; i < typed.layers; ++i) typed.types.emplace_back(i % 2 == 0 ? "full_attention" : "linear_attention");
}

LinearAttentionShape lightning(const ConfigView& config) {
    const std::int64_t heads = config.text.size("num_attention_heads");
    return {.heads = heads, .head_size = config.text.size("head_dim")};
}

MixerShape lightning_states(const LayerPlace& place) { return StateShape(lightning(place.config)); }

constexpr std::array minimax_parts{LayerPart{LayerKind::full, "model.layers.{i}.attn", full_attention},
                                   LayerPart{LayerKind::states, "model.layers.{i}", lightning_states}};

void adjust_minimax(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {});
    if (config.text.states_null("max_position_embeddings")) config.text.missing("max_position_embeddings", "an integer");
    shape.state = lightning(config);
}

// 0.32.0 has no class for it: it goes through transformers, where lightning attention cannot be served, nor is the rest modelled.
MixerShape lightning_through_transformers(const LayerPlace& place) {
    refuse({.type = Raised::value_error,
            .raised_in = "TransformersBase",
            .message = "a layer of linear attention is not served through transformers",
            .figures = {place.layer}});
}
void only_lightning_is_known(const ConfigView& config, ModelShape&) {
    config.text.note("layer_types", "this release serves a model of full attention alone through transformers, which is not modelled");
}
constexpr std::array minimax_parts_of_0_32{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", full_attention},
                                           LayerPart{LayerKind::states, "model.layers.{i}.self_attn", lightning_through_transformers}};

// LFM2: short convolutions.

std::vector<LayerKind> lfm2_kinds(const ConfigView& config, std::int64_t layers) {
    constexpr std::array words{KindWord{"conv", LayerKind::states}, KindWord{"full_attention", LayerKind::full}};
    return kinds_of_types(config, layers, words);
}

void lfm2_types(TypedLayers& typed) {
    if (typed.listed) return;
    const bool chosen = typed.text.has("full_attn_idxs");
    typed.types.assign(static_cast<std::size_t>(typed.layers), chosen ? "conv" : "full_attention");
    for (const std::int64_t i : typed.text.numbers("full_attn_idxs", {0, config_layers_max}, static_cast<std::size_t>(config_layers_max)))
        if (i < typed.layers) typed.types[static_cast<std::size_t>(i)] = "full_attention";
}

// What its class says of a convolution forgets drafted tokens; so do its layers in 0.18.0.
template <const char* width_key>
ShortConvShape convolution(const ConfigView& config, bool counts_drafts) {
    return {.width = config.text.size(width_key), .kernel = config.text.size("conv_L_cache"), .counts_drafts = counts_drafts};
}
constexpr char of_convolution[] = "conv_dim", of_hidden[] = "hidden_size";

template <const char* width_key>
MixerShape convolution_states(const LayerPlace& place) {
    return StateShape(convolution<width_key>(place.config, newer(place.config)));
}

template <const char* width_key>
void adjust_lfm2(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {"num_key_value_heads"});
    shape.state = convolution<width_key>(config, false);
    forget_hybrid_without_states(config, shape);
}

template <const char* width_key>
constexpr std::array lfm2_parts_of_0_18{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", derived_attention},
                                        LayerPart{LayerKind::states, "model.layers.{i}.conv", convolution_states<width_key>}};
template <const char* width_key>
constexpr std::array lfm2_parts_of_0_32{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", derived_attention},
                                        LayerPart{LayerKind::states, "model.layers.{i}.short_conv", convolution_states<width_key>}};

constexpr std::array entries{
    Architecture{.name = "Qwen3NextForCausalLM",
                 .kinds = linear_kinds,
                 .parts = qwen_parts,
                 .draft = qwen_next_draft,
                 .traits = hybrid,
                 .adjust = adjust_qwen_next},
    Architecture{.name = "Qwen3_5ForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen3_5_text",
                 .kinds = linear_kinds,
                 .parts = nested_qwen_parts,
                 .draft = qwen_draft,
                 .traits = hybrid,
                 .adjust = adjust_qwen},
    Architecture{.name = "Qwen3_5MoeForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen3_5_moe_text",
                 .kinds = linear_kinds,
                 .parts = nested_qwen_parts,
                 .draft = qwen_draft,
                 .traits = hybrid,
                 .adjust = adjust_qwen},
    Architecture{.name = "Qwen3_5ForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = linear_kinds,
                 .parts = qwen_parts,
                 .draft = qwen_draft,
                 .traits = hybrid,
                 .adjust = adjust_qwen_text},
    Architecture{.name = "Qwen3_5MoeForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = linear_kinds,
                 .parts = qwen_parts,
                 .draft = qwen_draft,
                 .traits = hybrid,
                 .adjust = adjust_qwen_text},
    Architecture{.name = "MiniMaxForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = minimax_kinds,
                 .parts = minimax_parts,
                 .traits = hybrid_of_one_stage,
                 .adjust = adjust_minimax},
    Architecture{.name = "MiniMaxForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = minimax_kinds,
                 .parts = minimax_parts_of_0_32,
                 .adjust = only_lightning_is_known},
    Architecture{.name = "MiniMaxText01ForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = minimax_kinds,
                 .parts = minimax_parts,
                 .traits = hybrid_of_one_stage,
                 .adjust = adjust_minimax},
    Architecture{.name = "MiniMaxM1ForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = minimax_kinds,
                 .parts = minimax_parts,
                 .traits = hybrid_of_one_stage,
                 .adjust = adjust_minimax},
    Architecture{.name = "OlmoHybridForCausalLM", .kinds = linear_kinds, .parts = olmo_parts, .traits = hybrid, .adjust = adjust_olmo},
    Architecture{.name = "Lfm2ForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = lfm2_kinds,
                 .parts = lfm2_parts_of_0_18<of_convolution>,
                 .traits = hybrid,
                 .adjust = adjust_lfm2<of_convolution>},
    Architecture{.name = "Lfm2ForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = lfm2_kinds,
                 .parts = lfm2_parts_of_0_32<of_convolution>,
                 .traits = hybrid,
                 .adjust = adjust_lfm2<of_convolution>},
    Architecture{.name = "Lfm2MoeForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = lfm2_kinds,
                 .parts = lfm2_parts_of_0_18<of_hidden>,
                 .traits = hybrid,
                 .adjust = adjust_lfm2<of_hidden>},
    Architecture{.name = "Lfm2MoeForCausalLM",
                 .release = Release::only_0_32,
                 .kinds = lfm2_kinds,
                 .parts = lfm2_parts_of_0_32<of_hidden>,
                 .traits = hybrid,
                 .adjust = adjust_lfm2<of_hidden>}};

using Whole = std::int64_t;

constexpr std::array qwen_next_defaults{TypeDefault{"hidden_size", Whole{2048}},
                                        TypeDefault{"num_hidden_layers", Whole{48}},
                                        TypeDefault{"num_attention_heads", Whole{16}},
                                        TypeDefault{"num_key_value_heads", Whole{2}},
                                        TypeDefault{"head_dim", Whole{256}},
                                        TypeDefault{"max_position_embeddings", Whole{32768}},
                                        TypeDefault{"linear_num_key_heads", Whole{16}},
                                        TypeDefault{"linear_num_value_heads", Whole{32}},
                                        TypeDefault{"linear_key_head_dim", Whole{128}},
                                        TypeDefault{"linear_value_head_dim", Whole{128}},
                                        TypeDefault{"linear_conv_kernel_dim", Whole{4}}};
constexpr std::array qwen_text_defaults{TypeDefault{"hidden_size", Whole{4096}},
                                        TypeDefault{"num_hidden_layers", Whole{32}},
                                        TypeDefault{"num_attention_heads", Whole{16}},
                                        TypeDefault{"num_key_value_heads", Whole{4}},
                                        TypeDefault{"head_dim", Whole{256}},
                                        TypeDefault{"max_position_embeddings", Whole{32768}},
                                        TypeDefault{"linear_num_key_heads", Whole{16}},
                                        TypeDefault{"linear_num_value_heads", Whole{32}},
                                        TypeDefault{"linear_key_head_dim", Whole{128}},
                                        TypeDefault{"linear_value_head_dim", Whole{128}},
                                        TypeDefault{"linear_conv_kernel_dim", Whole{4}}};
constexpr std::array qwen_moe_text_defaults{TypeDefault{"hidden_size", Whole{2048}},
                                            TypeDefault{"num_hidden_layers", Whole{40}},
                                            TypeDefault{"num_attention_heads", Whole{16}},
                                            TypeDefault{"num_key_value_heads", Whole{2}},
                                            TypeDefault{"head_dim", Whole{256}},
                                            TypeDefault{"max_position_embeddings", Whole{32768}},
                                            TypeDefault{"linear_num_key_heads", Whole{16}},
                                            TypeDefault{"linear_num_value_heads", Whole{32}},
                                            TypeDefault{"linear_key_head_dim", Whole{128}},
                                            TypeDefault{"linear_value_head_dim", Whole{128}},
                                            TypeDefault{"linear_conv_kernel_dim", Whole{4}}};
constexpr std::array minimax_defaults{TypeDefault{"hidden_size", Whole{4096}}, TypeDefault{"num_hidden_layers", Whole{32}},
                                      TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"num_key_value_heads", Whole{8}},
                                      TypeDefault{"max_position_embeddings", Whole{131072}}};
constexpr std::array lfm2_defaults{TypeDefault{"hidden_size", Whole{2560}},       TypeDefault{"num_hidden_layers", Whole{32}},
                                   TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"num_key_value_heads", Whole{8}},
                                   TypeDefault{"conv_L_cache", Whole{3}},         TypeDefault{"max_position_embeddings", Whole{128000}}};
constexpr std::array lfm2_moe_defaults{
    TypeDefault{"hidden_size", Whole{2048}},       TypeDefault{"num_hidden_layers", Whole{32}},
    TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"num_key_value_heads", Whole{8}},
    TypeDefault{"conv_L_cache", Whole{3}},         TypeDefault{"max_position_embeddings", Whole{128000}}};
constexpr std::array olmo_defaults{TypeDefault{"hidden_size", Whole{3840}}, TypeDefault{"num_hidden_layers", Whole{32}},
                                   TypeDefault{"num_attention_heads", Whole{30}}, TypeDefault{"linear_conv_kernel_dim", Whole{4}},
                                   TypeDefault{"max_position_embeddings", Whole{65536}}};

constexpr std::array types{
    ConfigType{.model_type = "olmo_hybrid", .defaults = olmo_defaults, .layer_types = olmo_types, .checks_layer_types = true},
    ConfigType{
        .model_type = "qwen3_next", .release = Release::only_0_18, .defaults = qwen_next_defaults, .layer_types = linear_but_every_fourth},
    ConfigType{
        .model_type = "qwen3_next", .release = Release::only_0_32, .defaults = qwen_next_defaults, .layer_types = linear_but_at_interval},
    ConfigType{
        .model_type = "qwen3_5_text", .defaults = qwen_text_defaults, .layer_types = linear_but_at_interval, .checks_layer_types = true},
    ConfigType{.model_type = "qwen3_5_moe_text",
               .defaults = qwen_moe_text_defaults,
               .layer_types = linear_but_at_interval,
               .checks_layer_types = true},
    ConfigType{.model_type = "minimax", .defaults = minimax_defaults, .layer_types = every_second_linear, .checks_layer_types = true},
    ConfigType{.model_type = "lfm2", .defaults = lfm2_defaults, .layer_types = lfm2_types},
    ConfigType{.model_type = "lfm2_moe", .defaults = lfm2_moe_defaults}};

}  // namespace

ArchitectureFamily delta_family() { return {entries, types}; }

}  // namespace kv
