// Architectures whose config spells which layers keep states: Nemotron-H letter by letter, Zamba 2 word by word.
#include "scenarios/hub/state_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

// Nemotron-H

constexpr std::array nemotron_words{KindWord{"linear_attention", LayerKind::states},
                                    KindWord{"full_attention", LayerKind::full},
                                    KindWord{"moe", LayerKind::none},
                                    KindWord{"mlp", LayerKind::none},
                                    KindWord{"mamba", LayerKind::states},
                                    KindWord{"attention", LayerKind::full}};

std::vector<LayerKind> kinds_of_letters(const ConfigObject& text, std::string_view key, std::string_view otherwise) {
    std::vector<LayerKind> kinds;
    const std::string letters = text.word_if(key).value_or(std::string(otherwise));
    if (std::ssize(letters) > config_layers_max) {
        text.note(key, fmt::format("expected at most {} layers", config_layers_max));
        return kinds;
    }
    for (const char letter : letters) {
        if (std::string_view("M*-E").find(letter) == std::string_view::npos)
            text.note(key, fmt::format("'{}' is no kind of layer: expected M, *, - or E", letter));
        kinds.push_back(letter == 'M' ? LayerKind::states : letter == '*' ? LayerKind::full : LayerKind::none);
    }
    return kinds;
}

std::vector<LayerKind> nemotron_pattern(const ConfigView& config) {
    constexpr std::string_view key = "hybrid_override_pattern";
    if (newer(config))
        for (const std::string_view list : {"layers_block_type", "layer_types"})
            if (config.text.has(list)) return kinds_of_words(config, list, nemotron_words);
    if (newer(config)) return kinds_of_letters(config.text, key, "ME*-");
    if (!config.text.has(key)) config.text.missing(key, "a letter for each layer: M, *, - or E");
    return kinds_of_letters(config.text, key, "");
}

// Which layers have experts.
std::vector<bool> nemotron_experts(const ConfigView& config) {
    std::vector<bool> experts;
    if (newer(config))
        for (const std::string_view list : {"layers_block_type", "layer_types"})
            if (config.text.has(list)) {
                for (const std::string& word : config.text.words(list, static_cast<std::size_t>(config_layers_max)))
                    experts.push_back(word == "moe");
                return experts;
            }
    for (const char letter : config.text.word_if("hybrid_override_pattern").value_or("")) experts.push_back(letter == 'E');
    return experts;
}

std::int64_t nemotron_layers(const ConfigView& config) { return std::ssize(nemotron_pattern(config)); }
std::vector<LayerKind> nemotron_kinds(const ConfigView& config, std::int64_t) { return nemotron_pattern(config); }

// Some numbers have a second name, which 0.32.0's config class prefers.
std::int64_t renamed_size(const ConfigView& config, std::string_view key, std::string_view other) {
    const auto preferred = newer(config) ? config.text.size_if(other) : std::nullopt;
    return preferred ? *preferred : config.text.size(key);
}

Mamba2Shape nemotron_mamba(const ConfigView& config) {
    const std::int64_t heads = config.text.size("mamba_num_heads"), head_size = config.text.size("mamba_head_dim");
    return {.inner = checked_mul(heads, head_size),
            .groups = renamed_size(config, "n_groups", "mamba_n_groups"),
            .heads = heads,
            .head_size = head_size,
            .state = config.text.size("ssm_state_size"),
            .kernel = renamed_size(config, "conv_kernel", "mamba_d_conv")};
}

MixerShape nemotron_states(const LayerPlace& place) { return StateShape(nemotron_mamba(place.config)); }

MixerShape nemotron_attention(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    shape.window = place.config.window;
    return shape;
}

constexpr std::array nemotron_parts{LayerPart{LayerKind::full, "model.layers.{i}.mixer.attn", nemotron_attention},
                                    LayerPart{LayerKind::states, "model.layers.{i}.mixer", nemotron_states}};

// A drafter is one module with a pattern of its own.
void add_nemotron_draft(const ConfigView& config, ModelShape& shape) {
    const std::int64_t modules = config.text.count_if("num_nextn_predict_layers", config_layers_max).value_or(0);
    if (modules == 0) return;
    DrafterShape drafter{.predicts = modules, .modules = modules, .pipeline = true};
    const std::vector<LayerKind> kinds = kinds_of_letters(config.text, "mtp_hybrid_override_pattern", "*E");
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const LayerPlace place{.config = config, .layer = shape.decoder_layers, .layers = shape.decoder_layers, .kind = kinds[i]};
        if (kinds[i] == LayerKind::full)
            drafter.layers.push_back({.name = fmt::format("mtp.layers.{}.mixer.attn", i),
                                      .decoder_layer = shape.decoder_layers,
                                      .mixer = nemotron_attention(place)});
    }
    if (modules != 1) drafter.raises = Raised::assertion_error;
    shape.drafter = std::move(drafter);
}

// Of each stage the last one is asked about its experts, if the model has any.
void add_nemotron_experts(const ConfigView& config, ModelShape& shape) {
    const std::vector<bool> experts = nemotron_experts(config);
    std::vector<std::int64_t> layers;
    for (std::size_t i = 0; i < experts.size(); ++i)
        if (experts[i]) layers.push_back(static_cast<std::int64_t>(i));
    if (!layers.empty()) shape.expert_layers = std::move(layers);
    shape.without_experts = newer(config) ? Raised::assertion_error : Raised::attribute_error;
}

void adjust_nemotron(const ConfigView& config, ModelShape& shape) {
    expect_integers(config, {"num_key_value_heads", "head_dim"});
    shape.state = nemotron_mamba(config);
    shape.state_chunk = state_chunk_of(config.text);
    const bool stated = config.text.has("mamba_ssm_cache_dtype");
    const DType otherwise = newer(config) ? DType::float32 : DType::float16;
    shape.state_dtype = stated ? state_dtype_of(config.text, "mamba_ssm_cache_dtype") : otherwise;
    add_nemotron_draft(config, shape);
    add_nemotron_experts(config, shape);
    const auto is_full = [](LayerKind kind) { return kind == LayerKind::full; };
    if (newer(config) && std::ranges::all_of(nemotron_pattern(config), is_full)) shape.traits.hybrid = false;
}

// Zamba 2: states in every layer; before some of them one of a few attention blocks, each place of use with a cache of its own. Those are
// made first, block by block.

std::vector<LayerKind> zamba_kinds(const ConfigView& config, std::int64_t layers) {
    constexpr std::array words{KindWord{"mamba", LayerKind::states}, KindWord{"hybrid", LayerKind::full},
                               KindWord{"linear_attention", LayerKind::states}};
    if (config.text.has("layers_block_type")) return kinds_of_words(config, "layers_block_type", words);
    std::vector<LayerKind> kinds = all_states(config, layers);
    for (const std::size_t i : {6U, 12U, 18U, 24U, 30U, 36U, 42U, 47U, 51U})
        if (i < kinds.size()) kinds[i] = LayerKind::full;
    return kinds;
}

std::int64_t zamba_layers(const ConfigView& config) {
    const auto list = config.text.find("layers_block_type");
    if (list && list->kind() == JsonKind::array && list->size() > 0) return static_cast<std::int64_t>(list->size());
    return config.text.size("num_hidden_layers", config_layers_max);
}

Mamba2Shape zamba_mamba(const ConfigView& config) {
    const std::int64_t inner = expanded_size(config, "mamba_expand", Expansion::whole), heads = config.text.size("n_mamba_heads");
    return {.inner = inner,
            .groups = config.text.size("mamba_ngroups"),
            .heads = heads,
            .head_size = std::max<std::int64_t>(1, inner / heads),
            .state = config.text.size("mamba_d_state"),
            .kernel = config.text.size("mamba_d_conv")};
}

AttentionShape zamba_attention(const ConfigView& config) {
    const std::int64_t heads = config.text.size("num_attention_heads");
    return {.heads = heads, .kv_heads = heads, .head_size = std::max<std::int64_t>(1, 2 * config.text.size("hidden_size") / heads)};
}

void add_zamba_layers(const ConfigView& config, const std::vector<LayerKind>& kinds, ModelShape& shape) {
    const std::int64_t uses = std::ranges::count(kinds, LayerKind::full), blocks = config.text.size("num_mem_blocks", config_layers_max);
    for (std::int64_t block = 0; block < std::min(blocks, uses); ++block) {
        std::int64_t name = block * (uses + blocks - 1) / blocks;
        for (std::int64_t use = block; use < uses; use += blocks)
            shape.layers.push_back({.name = fmt::format("model.attn.{}", name++), .mixer = zamba_attention(config)});
    }
    for (std::size_t i = 0; i < kinds.size(); ++i)
        shape.layers.push_back({.name = fmt::format("{}.mixer", uses + static_cast<std::int64_t>(i)),
                                .decoder_layer = static_cast<std::int64_t>(i),
                                .mixer = StateShape(zamba_mamba(config))});
}

void adjust_zamba(const ConfigView& config, ModelShape& shape) {
    Mamba2Shape of_class = zamba_mamba(config);
    of_class.counts_drafts = newer(config);
    shape.state = of_class;
    shape.state_chunk = state_chunk_of(config.text);
    shape.head_size = zamba_attention(config).head_size;
    if (config.text.errors().none()) add_zamba_layers(config, zamba_kinds(config, shape.decoder_layers), shape);
}

constexpr std::array entries{Architecture{.name = "NemotronHForCausalLM",
                                          .kinds = nemotron_kinds,
                                          .parts = nemotron_parts,
                                          .traits = {.hybrid = true, .states_at_every_block = true},
                                          .layers = nemotron_layers,
                                          .adjust = adjust_nemotron},
                             Architecture{.name = "Zamba2ForCausalLM",
                                          .kinds = zamba_kinds,
                                          .parts = {},
                                          .traits = {.hybrid = true, .pipeline = false, .states_at_every_block = true},
                                          .layers = zamba_layers,
                                          .adjust = adjust_zamba}};

using Whole = std::int64_t;

constexpr std::array nemotron_defaults{TypeDefault{"hidden_size", Whole{4096}},
                                       TypeDefault{"num_attention_heads", Whole{32}},
                                       TypeDefault{"num_key_value_heads", Whole{8}},
                                       TypeDefault{"head_dim", Whole{128}},
                                       TypeDefault{"mamba_num_heads", Whole{128}},
                                       TypeDefault{"mamba_head_dim", Whole{64}},
                                       TypeDefault{"n_groups", Whole{8}},
                                       TypeDefault{"ssm_state_size", Whole{128}},
                                       TypeDefault{"conv_kernel", Whole{4}},
                                       TypeDefault{"max_position_embeddings", Whole{4096}}};
constexpr std::array zamba_defaults{TypeDefault{"hidden_size", Whole{2560}},
                                    TypeDefault{"num_hidden_layers", Whole{54}},
                                    TypeDefault{"num_attention_heads", Whole{32}},
                                    TypeDefault{"num_mem_blocks", Whole{1}},
                                    TypeDefault{"n_mamba_heads", Whole{8}},
                                    TypeDefault{"mamba_ngroups", Whole{1}},
                                    TypeDefault{"mamba_d_state", Whole{64}},
                                    TypeDefault{"mamba_d_conv", Whole{4}},
                                    TypeDefault{"mamba_expand", Whole{2}},
                                    TypeDefault{"chunk_size", Whole{256}},
                                    TypeDefault{"max_position_embeddings", Whole{4096}}};

constexpr std::array types{ConfigType{.model_type = "nemotron_h", .release = Release::only_0_32, .defaults = nemotron_defaults},
                           ConfigType{.model_type = "zamba2", .defaults = zamba_defaults}};

}  // namespace

ArchitectureFamily pattern_family() { return {entries, types}; }

}  // namespace kv
