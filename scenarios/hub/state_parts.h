// What the families whose layers keep states have in common. What a config class of the engine refuses is noted at its place.
#pragma once

#include "scenarios/hub/architecture.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

inline bool newer(const ConfigView& config) { return config.classes == ModelClasses::vllm_0_32; }

std::vector<LayerKind> all_states(const ConfigView& config, std::int64_t layers);

// Layer types, each of them a kind; a type that is not among the words is noted. Too few for the layers are refused, as the engine's
// lookup of one fails.
struct KindWord {
    std::string_view word;
    LayerKind kind;
};
std::vector<LayerKind> kinds_of_types(const ConfigView& config, std::int64_t layers, std::span<const KindWord> words);
std::vector<LayerKind> linear_kinds(const ConfigView& config, std::int64_t layers);  // Linear and full attention.

// A list under another key, as long as it is.
std::vector<LayerKind> kinds_of_words(const ConfigView& config, std::string_view key, std::span<const KindWord> words);

// What config classes make where no types are listed.
void linear_types(TypedLayers& typed);
void linear_but_every_fourth(TypedLayers& typed);
void linear_but_at_interval(TypedLayers& typed);  // `full_attention_interval`, or 4.

// Heads as usual, but of hidden size / heads whatever `head_dim` says.
MixerShape derived_attention(const LayerPlace& place);

// A multiple of the hidden size; broken ones only where the engine rounds.
enum class Expansion : std::uint8_t { whole, rounded };
std::int64_t expanded_size(const ConfigView& config, std::string_view factor, Expansion expansion);

// The size of a head: as stated, or what is left of `inner` where the config says "auto". Noted where heads do not fill `inner`.
struct Heads {
    std::string_view count_key, size_key;
};
struct HeadSizes {
    std::int64_t heads = 1, size = 1;
};
HeadSizes filling_heads(const ConfigObject& text, Heads keys, std::int64_t inner);

std::optional<DType> state_dtype_of(const ConfigObject& text, std::string_view key);
std::optional<std::int64_t> state_chunk_of(const ConfigObject& text);

// Keys that 0.32.0's config class takes as integers only, not as null; `hidden_size` is one in both releases.
void expect_integers(const ConfigView& config, std::initializer_list<std::string_view> keys);

// A model is no hybrid, whatever its class says, where the root of its config types every layer as attention.
void forget_hybrid_without_states(const ConfigView& config, ModelShape& shape);

}  // namespace kv
