#include "scenarios/hub/latent_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kv {
namespace {

constexpr std::int64_t quantised_run = 128;  // Values that share a scale.
constexpr std::int64_t scale_bytes = 4;

bool stated(const ConfigObject& text, std::string_view key) { return text.has(key) || text.place().member(key).has_value(); }

// Mirrors DeepseekV2DecoderLayer: models without the parts of a split head have plain attention.
bool plain_heads(const ConfigView& config) {
    return config.text.count_if("qk_nope_head_dim").value_or(0) == 0 && config.text.count_if("qk_rope_head_dim").value_or(0) == 0;
}

bool picks_tokens(const ConfigView& config) {
    if (!stated(config.text, "index_topk")) return false;
    config.text.size("index_topk");
    return true;
}

// Layers that use the picks of one before them have an 'S' in the pattern.
std::vector<bool> shared_picks(const ConfigView& config, JsonValue pattern, std::size_t layers) {
    std::vector<bool> shared(layers);
    if (pattern.kind() == JsonKind::string) {
        const std::string_view letters = pattern.string();
        for (std::size_t i = 0; i < std::min(layers, letters.size()); ++i) shared[i] = letters[i] == 'S';
        return shared;
    }
    const std::vector<std::string> words = config.text.words("index_topk_pattern", static_cast<std::size_t>(config_layers_max));
    for (std::size_t i = 0; i < std::min(layers, words.size()); ++i) shared[i] = words[i] == "S";
    return shared;
}

// Without a pattern: from an offset on all but every n-th.
std::vector<bool> shared_picks(const ConfigView& config, std::size_t layers) {
    if (config.classes == ModelClasses::vllm_0_18) return std::vector<bool>(layers);
    if (const auto pattern = config.text.find("index_topk_pattern")) return shared_picks(config, *pattern, layers);
    const std::int64_t every = config.text.size_if("index_topk_freq").value_or(1);
    const std::int64_t offset = config.text.count_if("index_skip_topk_offset").value_or(2);
    std::vector<bool> shared(layers);
    for (std::size_t i = 0; i < layers; ++i) shared[i] = std::max<std::int64_t>(static_cast<std::int64_t>(i) - offset + 1, 0) % every != 0;
    return shared;
}

// Mirrors DeepseekV2MLAAttention: whatever scaling of positions a config names, it is computed as the one of these models.
std::optional<std::string_view> missing_of_positions(const ConfigView& config) {
    auto scaling = config.text.find("rope_scaling");
    if (!scaling) scaling = config.text.find("rope_parameters");
    if (!scaling || scaling->kind() != JsonKind::object) return std::nullopt;
    auto type = scaling->member("rope_type");
    if (!type) type = scaling->member("type");
    if (!type || type->kind() != JsonKind::string || type->string() == "default") return std::nullopt;
    constexpr std::string_view factor = "factor", original = "original_max_position_embeddings";
    if (!scaling->member(factor)) return factor;
    // Transformers 5 fills it in for those kinds that it knows to have it.
    const bool filled_in = config.classes == ModelClasses::vllm_0_32 &&
                           (type->string() == "yarn" || type->string() == "llama3" || type->string() == "longrope");
    return filled_in || scaling->member(original) ? std::nullopt : std::optional(original);
}

// Mirrors DeepseekV2MoE: experts are routed by groups, whose number must be stated.
std::optional<Refusal> failing_experts(const ConfigView& config, std::int64_t layers) {
    const ConfigObject& text = config.text;
    const bool grouped = text.has("n_group") && text.has("topk_group");
    if (grouped || !text.has("n_routed_experts")) return std::nullopt;
    const std::int64_t every = text.size_if("moe_layer_freq").value_or(1);
    const std::int64_t first = round_up(text.count_if("first_k_dense_replace").value_or(0), every);
    if (first >= layers) return std::nullopt;
    const bool is_0_18 = config.classes == ModelClasses::vllm_0_18;
    return Refusal{.type = is_0_18 ? Raised::assertion_error : Raised::value_error,
                   .raised_in = "FusedMoE",
                   .message = "experts are routed by groups, and their number is not stated"};
}

}  // namespace

std::vector<LayerKind> latent_kinds(const ConfigView& config, std::int64_t layers) {
    const auto count = static_cast<std::size_t>(layers);
    if (config.root.word_if("model_type") == "deepseek")
        refuse({.type = Raised::value_error, .raised_in = "ModelConfig", .message = "this type is read only by the checkpoint's own code"});
    if (plain_heads(config)) return std::vector<LayerKind>(count, LayerKind::full);
    if (!picks_tokens(config)) return std::vector<LayerKind>(count, LayerKind::latent);
    std::vector<LayerKind> kinds;
    for (const bool shared : shared_picks(config, count)) kinds.push_back(shared ? LayerKind::latent : LayerKind::indexed);
    return kinds;
}

std::vector<LayerKind> indexed_kinds(const ConfigView& config, std::int64_t layers) {
    if (!stated(config.text, "index_topk"))
        refuse({.type = Raised::assertion_error, .raised_in = "DeepseekV32ForCausalLM", .message = "`index_topk` is missing"});
    return latent_kinds(config, layers);
}

LayerKind latent_drafter_kind(const ConfigView& config) {
    if (plain_heads(config)) return LayerKind::full;
    return picks_tokens(config) ? LayerKind::indexed : LayerKind::latent;
}

MixerShape equal_heads(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    shape.head_size = std::max<std::int64_t>(1, place.config.text.size("hidden_size") / shape.heads);
    return shape;
}

MixerShape joined_heads(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = text.size("num_attention_heads");
    shape.kv_heads = shape.heads;
    shape.head_size = checked_add(text.count("qk_nope_head_dim"), text.count("qk_rope_head_dim"));
    return shape;
}

MixerShape latent_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    return LatentShape{.heads = text.size("num_attention_heads"),
                       .latent = text.count("kv_lora_rank"),
                       .rotary = text.count("qk_rope_head_dim"),
                       .sparse = text.has("index_topk"),
                       .has_indexer = place.kind == LayerKind::indexed,
                       .head = LatentShape::Head{.plain = text.count("qk_nope_head_dim"), .value = text.count("v_head_dim")}};
}

MixerShape indexer_cache(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    text.size("index_n_heads");
    text.size("q_lora_rank");  // Of the compressed queries that an indexer reads.
    const std::int64_t head = text.size("index_head_dim");
    return IndexerShape{.head_size = head + head / quantised_run * scale_bytes};
}

void latent_model(const ConfigView& config, ModelShape& shape) {
    if (plain_heads(config)) return;
    if (stated(config.text, "max_position_embeddings")) config.text.size("max_position_embeddings", config_length_max);
    if (const auto missing = missing_of_positions(config))
        shape.refused_when_made = Refusal{.type = Raised::key_error,
                                          .raised_in = "get_rope",
                                          .message = fmt::format("positions are scaled, and `{}` is missing", *missing)};
    shape.traits.latent = true;
    shape.traits.sparse = config.text.has("index_topk");
    shape.kv_heads = 1;
    shape.head_size = checked_add(config.text.count("kv_lora_rank"), config.text.count("qk_rope_head_dim"));
}

void grouped_experts_model(const ConfigView& config, ModelShape& shape) {
    shape.refused_after_backend = failing_experts(config, shape.decoder_layers);
    latent_model(config, shape);
}

void indexed_model(const ConfigView& config, ModelShape& shape) {
    grouped_experts_model(config, shape);
    if (!shape.refused_when_made || config.classes == ModelClasses::vllm_0_18) return;
    shape.refused_after_backend = std::exchange(shape.refused_when_made, std::nullopt);
}

}  // namespace kv
