// Architectures whose layers keep a window of latent vectors, and of all tokens one for every few of them.
#include "scenarios/hub/architecture.h"

#include <array>

namespace kv {
namespace {

constexpr std::int64_t quantised_run = 128;  // Values that share a scale.
constexpr std::int64_t scale_bytes = 4;
constexpr std::int64_t indexed_ratio = 4,
                       long_ratio = 128;  // Of compressed vectors that an indexer picks from; of those that are all read.

// What its layers are made with whether it decides sizes or not.
constexpr std::array<std::string_view, 8> needed{"hidden_size", "num_attention_heads", "head_dim", "qk_rope_head_dim",
                                                 "q_lora_rank", "o_lora_rank",         "o_groups", "index_topk"};

LayerKind kind_of_ratio(std::int64_t ratio) {
    if (ratio <= 1) return LayerKind::sliding;
    if (ratio == indexed_ratio) return LayerKind::indexed;
    if (ratio == long_ratio) return LayerKind::compressed;
    refuse({.type = Raised::assertion_error, .raised_in = "CompressorStateCache", .message = "vectors are compressed by 4 or 128"});
}

std::vector<LayerKind> compressed_kinds(const ConfigView& config, std::int64_t layers) {
    const auto count = static_cast<std::size_t>(layers);
    const auto ratios =
        config.text.numbers("compress_ratios", {-config_size_max, config_size_max}, static_cast<std::size_t>(config_layers_max));
    if (ratios.size() < count)
        refuse({.type = Raised::index_error, .raised_in = "DeepseekV4Attention", .message = "a layer without a compression ratio"});
    std::vector<LayerKind> kinds;
    for (const std::string_view key : needed) config.text.size(key);
    for (std::size_t i = 0; i < count; ++i) kinds.push_back(kind_of_ratio(ratios[i]));
    return kinds;
}

std::int64_t ratio_of(LayerKind kind) {
    if (kind == LayerKind::sliding) return 1;
    return kind == LayerKind::indexed ? indexed_ratio : long_ratio;
}

MixerShape latent(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    return CompressedShape{CompressedLatentShape{
        .heads = text.size("num_attention_heads"), .head_size = text.size("head_dim"), .ratio = ratio_of(place.kind)}};
}

MixerShape window(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    return CompressedShape{
        LatentWindowShape{.head_size = text.size("head_dim"), .window = Tokens{text.size("sliding_window", config_length_max)}}};
}

MixerShape indexer(const LayerPlace& place) {
    const std::int64_t head = place.config.text.size("index_head_dim");
    return CompressedShape{CompressedIndexerShape{.head_size = head + head / quantised_run * scale_bytes, .ratio = ratio_of(place.kind)}};
}

// Two sums (of values and of weights) for each vector in the making, of which overlapping ones have two at once.
CompressedShape compressor_of(std::int64_t head, const LayerPlace& place) {
    if (head != 512 && head != 128 && place.config.text.errors().none())
        refuse({.type = Raised::value_error,
                .raised_in = "DeepseekCompressor",
                .message = "compressed heads have 128 or 512 elements",
                .figures = {head}});
    const std::int64_t at_once = place.kind == LayerKind::indexed ? 2 : 1;
    return CompressorShape{.head_size = 2 * at_once * head, .ratio = ratio_of(place.kind)};
}

MixerShape compressor(const LayerPlace& place) { return compressor_of(place.config.text.size("head_dim"), place); }
MixerShape indexer_compressor(const LayerPlace& place) { return compressor_of(place.config.text.size("index_head_dim"), place); }

constexpr std::array parts{LayerPart{LayerKind::sliding, "model.layers.{i}.attn.swa_cache", window},
                           LayerPart{LayerKind::sliding, "model.layers.{i}.attn", latent},
                           LayerPart{LayerKind::indexed, "model.layers.{i}.attn.indexer.k_cache", indexer},
                           LayerPart{LayerKind::indexed, "model.layers.{i}.attn.indexer.compressor.state_cache", indexer_compressor},
                           LayerPart{LayerKind::indexed, "model.layers.{i}.attn.swa_cache", window},
                           LayerPart{LayerKind::indexed, "model.layers.{i}.attn", latent},
                           LayerPart{LayerKind::indexed, "model.layers.{i}.attn.compressor.state_cache", compressor},
                           LayerPart{LayerKind::compressed, "model.layers.{i}.attn.swa_cache", window},
                           LayerPart{LayerKind::compressed, "model.layers.{i}.attn", latent},
                           LayerPart{LayerKind::compressed, "model.layers.{i}.attn.compressor.state_cache", compressor}};
constexpr std::array drafter_parts{LayerPart{LayerKind::sliding, "model.layers.{i+n}.attn.swa_cache", window},
                                   LayerPart{LayerKind::sliding, "model.layers.{i+n}.attn", latent}};

void one_head(const ConfigView& config, ModelShape& shape) {
    shape.traits.latent = true;
    shape.traits.sparse = true;
    shape.kv_heads = 1;
    shape.head_size = config.text.size("head_dim");
    if (config.text.place().member("num_key_value_heads")) config.text.size("num_key_value_heads");
}

constexpr std::array entries{Architecture{.name = "DeepseekV4ForCausalLM",
                                          .release = Release::only_0_32,
                                          .kinds = compressed_kinds,
                                          .parts = parts,
                                          .draft = {.count_key = "num_nextn_predict_layers", .parts = drafter_parts},
                                          .adjust = one_head}};

constexpr std::array deepseek_v4{TypeDefault{"max_position_embeddings", std::int64_t{1048576}}};
constexpr std::array types{ConfigType{.model_type = "deepseek_v4", .release = Release::only_0_32, .defaults = deepseek_v4}};

}  // namespace

ArchitectureFamily compressed_family() { return {entries, types}; }

}  // namespace kv
