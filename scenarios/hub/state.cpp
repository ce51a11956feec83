// Architectures with Mamba layers, beside attention or alone.
#include "scenarios/hub/state_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr ModelTraits hybrid{.hybrid = true, .states_at_every_block = true};

// Mamba 2 with its numbers as Bamba, Granite 4 and Falcon H1 spell them.
Mamba2Shape mamba_of(const ConfigView& config, std::int64_t inner) {
    const ConfigObject& text = config.text;
    const HeadSizes heads = filling_heads(text, {.count_key = "mamba_n_heads", .size_key = "mamba_d_head"}, inner);
    return {.inner = inner,
            .groups = text.size("mamba_n_groups"),
            .heads = heads.heads,
            .head_size = heads.size,
            .state = text.size("mamba_d_state"),
            .kernel = text.size("mamba_d_conv")};
}

Mamba2Shape expanded_mamba(const ConfigView& config) { return mamba_of(config, expanded_size(config, "mamba_expand", Expansion::whole)); }

Mamba2Shape falcon_mamba2(const ConfigView& config) {
    const auto inner = config.text.size_if("mamba_d_ssm");
    return mamba_of(config, inner ? *inner : expanded_size(config, "mamba_expand", Expansion::rounded));
}

// What 0.18.0's class says of its layers forgets that a convolution keeps drafted tokens.
void states_of_class(const ConfigView& config, ModelShape& shape, Mamba2Shape state) {
    state.counts_drafts = newer(config);
    shape.state = state;
}

// Falcon H1: attention and states in every layer, side by side.

MixerShape falcon_states(const LayerPlace& place) { return StateShape(falcon_mamba2(place.config)); }

constexpr std::array falcon_parts{LayerPart{LayerKind::states, "model.layers.{i}.attn", full_attention},
                                  LayerPart{LayerKind::states, "model.{i+n}.mixer", falcon_states}};

void hybrid_types(TypedLayers& typed) { typed.types.assign(static_cast<std::size_t>(typed.layers), "hybrid"); }

void adjust_falcon(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {});
    states_of_class(config, shape, falcon_mamba2(config));
    shape.state_chunk = state_chunk_of(config.text);
}

// Granite 4: a list of kinds; Bamba: a list of the layers that attend.

MixerShape expanded_states(const LayerPlace& place) { return StateShape(expanded_mamba(place.config)); }

std::vector<LayerKind> granite_kinds(const ConfigView& config, std::int64_t layers) {
    constexpr std::array older{KindWord{"mamba", LayerKind::states}, KindWord{"attention", LayerKind::full}};
    return newer(config) ? linear_kinds(config, layers) : kinds_of_types(config, layers, older);
}

constexpr std::array granite_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", derived_attention},
                                   LayerPart{LayerKind::states, "model.layers.{i}.mixer", expanded_states}};

void adjust_granite(const ConfigView& config, ModelShape& shape) {
    states_of_class(config, shape, expanded_mamba(config));
    shape.state_chunk = state_chunk_of(config.text);
    forget_hybrid_without_states(config, shape);
}

std::vector<LayerKind> bamba_kinds(const ConfigView& config, std::int64_t layers) {
    std::vector<LayerKind> kinds = all_states(config, layers);
    for (const std::int64_t i :
         config.text.numbers("attn_layer_indices", {0, config_layers_max}, static_cast<std::size_t>(config_layers_max)))
        if (i < layers) kinds[static_cast<std::size_t>(i)] = LayerKind::full;
    return kinds;
}

constexpr std::array bamba_parts{LayerPart{LayerKind::full, "model.layers.{i}.attn", derived_attention},
                                 LayerPart{LayerKind::states, "model.layers.{i}.mixer", expanded_states}};

void adjust_bamba(const ConfigView& config, ModelShape& shape) {
    states_of_class(config, shape, expanded_mamba(config));
    shape.state_chunk = state_chunk_of(config.text);
}

// Jamba: Mamba 1, attention at every so many layers.

void jamba_types(TypedLayers& typed) {
    const ConfigObject& text = typed.text;
    for (const std::string_view of : {"attn", "expert"}) {
        const std::int64_t period = text.size(fmt::format("{}_layer_period", of), config_layers_max);
        const std::string key = fmt::format("{}_layer_offset", of);
        if (text.count(key, config_layers_max) >= period) text.note(key, fmt::format("expected less than the period of {} layers", period));
    }
    typed.types.assign(static_cast<std::size_t>(typed.layers), "linear_attention");
    const std::int64_t period = text.size("attn_layer_period", config_layers_max);
    for (std::int64_t i = text.count("attn_layer_offset", config_layers_max); i < typed.layers; i += period)
        typed.types[static_cast<std::size_t>(i)] = "full_attention";
}

// 0.18.0's class makes no list of types, only one of its own.
std::vector<LayerKind> jamba_kinds(const ConfigView& config, std::int64_t layers) {
    TypedLayers typed{.text = config.text, .layers = layers, .window = {}, .listed = false, .types = {}};
    jamba_types(typed);
    std::vector<LayerKind> kinds;
    for (const std::string& type : typed.types) kinds.push_back(type == "full_attention" ? LayerKind::full : LayerKind::states);
    return kinds;
}

Mamba1Shape jamba_mamba(const ConfigView& config) {
    return {.inner = expanded_size(config, "mamba_expand", Expansion::whole),
            .state = config.text.size("mamba_d_state"),
            .kernel = config.text.size("mamba_d_conv")};
}

MixerShape jamba_states(const LayerPlace& place) { return StateShape(jamba_mamba(place.config)); }

constexpr std::array jamba_parts{LayerPart{LayerKind::full, "model.layers.{i}.attn", derived_attention},
                                 LayerPart{LayerKind::states, "model.layers.{i}.mixer", jamba_states}};

void adjust_jamba(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {"num_key_value_heads"});
    shape.state = jamba_mamba(config);
    shape.state_chunk = state_chunk_of(config.text);
    forget_hybrid_without_states(config, shape);
}

// Mamba alone.

MixerShape mamba1_states(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    const bool stated = text.has("intermediate_size");  // Instead of the expanded one.
    return StateShape(
        Mamba1Shape{.inner = stated ? text.size("intermediate_size") : expanded_size(place.config, "expand", Expansion::rounded),
                    .state = text.size("state_size"),
                    .kernel = text.size("conv_kernel")});
}

MixerShape mamba2_states(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    const std::int64_t expanded = expanded_size(place.config, "expand", Expansion::whole), heads = text.size("num_heads"),
                       head_size = text.size("head_dim");
    if (text.errors().none() && checked_mul(heads, head_size) != expanded)
        text.note("num_heads", fmt::format("{} heads of {} do not fill the expanded hidden size of {}", heads, head_size, expanded));
    return StateShape(Mamba2Shape{.inner = text.size_if("intermediate_size").value_or(expanded),
                                  .groups = text.size("n_groups"),
                                  .heads = heads,
                                  .head_size = head_size,
                                  .state = text.size("state_size"),
                                  .kernel = text.size("conv_kernel")});
}

constexpr std::array mamba1_parts{LayerPart{LayerKind::states, "backbone.layers.{i}.mixer", mamba1_states}};
constexpr std::array mamba2_parts{LayerPart{LayerKind::states, "backbone.layers.{i}.mixer", mamba2_states}};
constexpr ModelTraits alone{.attention_free = true, .states_at_every_block = true};
constexpr ModelTraits alone_in_one_stage{.attention_free = true, .pipeline = false, .states_at_every_block = true};

constexpr std::array entries{
    Architecture{.name = "FalconH1ForCausalLM", .kinds = all_states, .parts = falcon_parts, .traits = hybrid, .adjust = adjust_falcon},
    Architecture{
        .name = "GraniteMoeHybridForCausalLM", .kinds = granite_kinds, .parts = granite_parts, .traits = hybrid, .adjust = adjust_granite},
    Architecture{.name = "BambaForCausalLM",
                 .release = Release::only_0_18,
                 .kinds = bamba_kinds,
                 .parts = bamba_parts,
                 .traits = hybrid,
                 .adjust = adjust_bamba},
    Architecture{.name = "JambaForCausalLM", .kinds = jamba_kinds, .parts = jamba_parts, .traits = hybrid, .adjust = adjust_jamba},
    Architecture{.name = "MambaForCausalLM", .kinds = all_states, .parts = mamba1_parts, .traits = alone},
    Architecture{.name = "FalconMambaForCausalLM", .chosen = {}, .kinds = all_states, .parts = mamba1_parts, .traits = alone},
    Architecture{.name = "Mamba2ForCausalLM", .kinds = all_states, .parts = mamba2_parts, .traits = alone_in_one_stage}};

using Whole = std::int64_t;

constexpr std::array falcon_h1_defaults{TypeDefault{"hidden_size", Whole{4096}},       TypeDefault{"num_hidden_layers", Whole{32}},
                                        TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"num_key_value_heads", Whole{8}},
                                        TypeDefault{"mamba_d_ssm", Whole{1024}},       TypeDefault{"mamba_n_heads", Whole{128}},
                                        TypeDefault{"mamba_n_groups", Whole{1}},       TypeDefault{"mamba_d_state", Whole{256}},
                                        TypeDefault{"mamba_d_conv", Whole{4}},         TypeDefault{"mamba_expand", Whole{2}},
                                        TypeDefault{"mamba_chunk_size", Whole{256}},   TypeDefault{"max_position_embeddings", Whole{8192}}};
constexpr std::array granite_defaults{TypeDefault{"hidden_size", Whole{4096}},       TypeDefault{"num_hidden_layers", Whole{32}},
                                      TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"mamba_n_heads", Whole{128}},
                                      TypeDefault{"mamba_n_groups", Whole{1}},       TypeDefault{"mamba_d_state", Whole{256}},
                                      TypeDefault{"mamba_d_conv", Whole{4}},         TypeDefault{"mamba_expand", Whole{2}},
                                      TypeDefault{"mamba_chunk_size", Whole{256}},   TypeDefault{"max_position_embeddings", Whole{2048}}};
constexpr std::array bamba_defaults{TypeDefault{"hidden_size", Whole{4096}},
                                    TypeDefault{"num_hidden_layers", Whole{32}},
                                    TypeDefault{"num_attention_heads", Whole{32}},
                                    TypeDefault{"num_key_value_heads", Whole{8}},
                                    TypeDefault{"mamba_n_heads", Whole{128}},
                                    TypeDefault{"mamba_n_groups", Whole{1}},
                                    TypeDefault{"mamba_d_state", Whole{256}},
                                    TypeDefault{"mamba_d_conv", Whole{4}},
                                    TypeDefault{"mamba_expand", Whole{2}},
                                    TypeDefault{"mamba_chunk_size", Whole{256}},
                                    TypeDefault{"max_position_embeddings", Whole{262144}}};
constexpr std::array jamba_defaults{TypeDefault{"hidden_size", Whole{4096}},       TypeDefault{"num_hidden_layers", Whole{32}},
                                    TypeDefault{"num_attention_heads", Whole{32}}, TypeDefault{"num_key_value_heads", Whole{8}},
                                    TypeDefault{"attn_layer_period", Whole{8}},    TypeDefault{"attn_layer_offset", Whole{4}},
                                    TypeDefault{"expert_layer_period", Whole{2}},  TypeDefault{"expert_layer_offset", Whole{1}},
                                    TypeDefault{"mamba_d_state", Whole{16}},       TypeDefault{"mamba_d_conv", Whole{4}},
                                    TypeDefault{"mamba_expand", Whole{2}},         TypeDefault{"max_position_embeddings", Whole{262144}}};
constexpr std::array mamba1_defaults{TypeDefault{"hidden_size", Whole{768}}, TypeDefault{"num_hidden_layers", Whole{32}},
                                     TypeDefault{"state_size", Whole{16}}, TypeDefault{"conv_kernel", Whole{4}},
                                     TypeDefault{"expand", Whole{2}}};
constexpr std::array mamba2_defaults{TypeDefault{"hidden_size", Whole{4096}}, TypeDefault{"num_hidden_layers", Whole{64}},
                                     TypeDefault{"num_heads", Whole{128}},    TypeDefault{"head_dim", Whole{64}},
                                     TypeDefault{"n_groups", Whole{8}},       TypeDefault{"state_size", Whole{128}},
                                     TypeDefault{"conv_kernel", Whole{4}},    TypeDefault{"expand", Whole{2}}};

constexpr std::array types{
    ConfigType{.model_type = "falcon_h1", .release = Release::only_0_18, .defaults = falcon_h1_defaults},
    ConfigType{.model_type = "falcon_h1", .release = Release::only_0_32, .defaults = falcon_h1_defaults, .layer_types = hybrid_types},
    ConfigType{.model_type = "granitemoehybrid", .release = Release::only_0_18, .defaults = granite_defaults},
    ConfigType{.model_type = "granitemoehybrid", .release = Release::only_0_32, .defaults = granite_defaults, .layer_types = linear_types},
    ConfigType{.model_type = "bamba", .defaults = bamba_defaults},
    ConfigType{.model_type = "jamba", .release = Release::only_0_18, .defaults = jamba_defaults},
    ConfigType{.model_type = "jamba", .release = Release::only_0_32, .defaults = jamba_defaults, .layer_types = jamba_types},
    ConfigType{.model_type = "mamba", .defaults = mamba1_defaults},
    ConfigType{.model_type = "falcon_mamba", .defaults = mamba1_defaults},
    ConfigType{.model_type = "mamba2", .defaults = mamba2_defaults}};

}  // namespace

ArchitectureFamily state_family() { return {entries, types}; }

}  // namespace kv
