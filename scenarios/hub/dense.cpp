// Architectures whose layers are full attention, or all in one window.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

// Mirrors Qwen2Model: a window for some layers is not served.
void one_kind_of_layer(const ConfigView& config, ModelShape&) {
    if (!config.layer_types || config.layer_types->empty()) return;
    const std::vector<std::string>& types = *config.layer_types;
    if (std::ranges::all_of(types, [&](const std::string& type) { return type == types.front(); })) return;
    const std::int64_t layers = config.text.size("num_hidden_layers", config_layers_max);
    const std::int64_t first = config.text.count("max_window_layers");
    if (first != layers)
        refuse({.type = Raised::assertion_error,
                .raised_in = "Qwen2Model",
                .message = "a window for some layers but not all is not served",
                .figures = {first, layers}});
}

// Mirrors MRotaryEmbedding: rotated dimensions are divided among time, height and width.
void sections_fill_heads(const ConfigView& config, ModelShape& shape) {
    one_kind_of_layer(config, shape);
    const auto rope = config.text.find("rope_scaling");
    const auto sections = rope ? rope->member("mrope_section") : std::nullopt;
    if (sections && sections->kind() == JsonKind::array && !shape.layers.empty()) {
        std::int64_t sum = 0;
        for (const JsonValue element : read_array(*sections, 8, config.text.errors()))
            sum += read_integer(element, {0, config_size_max}, config.text.errors());
        if (sum != std::get<AttentionShape>(shape.layers.front().mixer).head_size / 2)
            refuse(
                {.type = Raised::assertion_error, .raised_in = "MRotaryEmbedding", .message = "the sections do not fill a rotated head"});
    }
}

constexpr std::array decoder{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", full_attention},
                             LayerPart{LayerKind::sliding, "model.layers.{i}.self_attn.attn", window_attention}};
constexpr std::array divided{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", divided_attention}};
constexpr std::array nested_divided{LayerPart{LayerKind::full, "language_model.model.layers.{i}.self_attn.attn", divided_attention}};

constexpr std::array entries{
    Architecture{.name = "LlamaForCausalLM", .kinds = window_kinds, .parts = decoder},
    Architecture{.name = "MistralForCausalLM", .kinds = window_kinds, .parts = decoder},
    Architecture{.name = "Phi3ForCausalLM", .kinds = window_kinds, .parts = decoder},
    Architecture{.name = "MixtralForCausalLM", .kinds = all_full, .parts = decoder},
    Architecture{.name = "Qwen2ForCausalLM", .kinds = all_full, .parts = divided, .adjust = one_kind_of_layer},
    Architecture{.name = "Qwen3ForCausalLM", .kinds = all_full, .parts = decoder, .adjust = one_kind_of_layer},
    Architecture{.name = "Qwen3MoeForCausalLM", .kinds = all_full, .parts = decoder},
    Architecture{.name = "Qwen2MoeForCausalLM", .kinds = all_full, .parts = divided},
    Architecture{.name = "Qwen2VLForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen2_vl_text",
                 .text_at_root = true,
                 .kinds = all_full,
                 .parts = nested_divided,
                 .adjust = sections_fill_heads},
    Architecture{.name = "Qwen2_5_VLForConditionalGeneration",
                 .text = "text_config",
                 .text_type = "qwen2_5_vl_text",
                 .text_at_root = true,
                 .kinds = all_full,
                 .parts = nested_divided,
                 .adjust = sections_fill_heads},
};

}  // namespace

ArchitectureFamily dense_family() { return {entries, plain_types()}; }

}  // namespace kv
