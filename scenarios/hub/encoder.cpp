// Encoders, which keep nothing between steps, and decoders that read one.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

MixerShape encoder_attention(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    const std::int64_t width = place.config.text.size("hidden_size");
    if (width % shape.heads != 0)
        refuse({.type = Raised::assertion_error, .raised_in = "BertSelfAttention", .message = "the width is not a multiple of the heads"});
    shape.head_size = width / shape.heads;
    shape.kv_heads = shape.heads;
    shape.use = AttentionUse::encoder_only;
    return shape;
}
constexpr std::array bert{LayerPart{LayerKind::full, "model.encoder.layer.{i}.attention.output.attn", encoder_attention}};

// Heads of the model as a whole are the encoder's.
AttentionShape whisper_heads(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = shape.kv_heads = text.size("decoder_attention_heads");
    const std::int64_t width = text.size("d_model");
    shape.head_size = std::max<std::int64_t>(1, width / shape.heads);
    if (width % shape.heads != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "WhisperAttention",
                .message = "the width is not a multiple of the heads",
                .figures = {width, shape.heads}});
    return shape;
}
MixerShape whisper_self(const LayerPlace& place) {
    AttentionShape shape = whisper_heads(place);
    shape.window = place.config.shared_window;
    return shape;
}
MixerShape whisper_cross(const LayerPlace& place) {
    AttentionShape shape = whisper_heads(place);
    shape.use = AttentionUse::cross;
    return shape;
}
constexpr std::array whisper{LayerPart{LayerKind::full, ".decoder.layers.{i}.layers.self_attn.attn", whisper_self},
                             LayerPart{LayerKind::full, ".decoder.layers.{i}.layers.encoder_attn.attn", whisper_cross}};

std::int64_t decoder_layers(const ConfigView& config) { return config.text.count("decoder_layers", config_layers_max); }

void whisper_model(const ConfigView& config, ModelShape& shape) {
    shape.heads = shape.kv_heads = config.text.size("encoder_attention_heads");
    const std::int64_t width = config.text.size("d_model");
    shape.head_size = std::max<std::int64_t>(1, width / shape.heads);
    if (width % shape.heads == 0) return;
    shape.refused_when_made = Refusal{.type = Raised::value_error,
                                      .raised_in = "WhisperAttention",
                                      .message = "the width is not a multiple of the encoder's heads",
                                      .figures = {width, shape.heads}};
}

constexpr std::array entries{
    Architecture{.name = "BertModel",
                 .kinds = all_full,
                 .parts = bert,
                 .traits = {.runner = Runner::pooling, .encoder_only = true, .pipeline = false}},
    Architecture{.name = "RobertaModel",
                 .chosen = "RobertaEmbeddingModel",
                 .kinds = all_full,
                 .parts = bert,
                 .traits = {.runner = Runner::pooling, .encoder_only = true, .pipeline = false}},
    Architecture{.name = "XLMRobertaModel",
                 .kinds = all_full,
                 .parts = bert,
                 .traits = {.runner = Runner::pooling, .encoder_only = true, .pipeline = false}},
    Architecture{.name = "WhisperForConditionalGeneration",
                 .kinds = all_full,
                 .parts = whisper,
                 .traits = {.encoder_decoder = true, .pipeline = false},
                 .layers = decoder_layers,
                 .adjust = whisper_model},
};

}  // namespace

ArchitectureFamily encoder_family() { return {entries, {}}; }

}  // namespace kv
