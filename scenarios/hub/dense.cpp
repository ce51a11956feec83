// Architectures whose every layer is full attention.
#include "scenarios/hub/architecture.h"

#include <array>

namespace kv {
namespace {

constexpr std::array decoder_parts{LayerPart{LayerKind::full, "model.layers.{i}.self_attn.attn", full_attention}};

constexpr std::array entries{Architecture{.name = "LlamaForCausalLM", .kinds = all_full, .parts = decoder_parts}};

constexpr std::array llama_defaults{TypeDefault{"num_hidden_layers", std::int64_t{32}},
                                    TypeDefault{"num_attention_heads", std::int64_t{32}}, TypeDefault{"hidden_size", std::int64_t{4096}},
                                    TypeDefault{"max_position_embeddings", std::int64_t{2048}}};
constexpr std::array types{ConfigType{.model_type = "llama", .defaults = llama_defaults}};

}  // namespace

ArchitectureFamily dense_family() { return {entries, types}; }

}  // namespace kv
