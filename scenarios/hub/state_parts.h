// What the families whose layers keep states have in common.
#pragma once

#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

std::vector<LayerKind> all_states(const ConfigView& config, std::int64_t layers);

// A list of words, each of them a kind; refused where it is too short for the layers, as the engine's lookup of one fails. A release that
// checks the list refuses one that is too long as well.
struct KindWord {
    std::string_view word;
    LayerKind kind;
};
std::vector<LayerKind> kinds_of_words(const ConfigView& config, std::string_view key, std::int64_t layers, std::span<const KindWord> words);

// `layer_types`, or full attention at every so many layers.
std::vector<LayerKind> interval_kinds(const ConfigView& config, std::int64_t layers);

// Heads as usual, but of hidden size / heads whatever `head_dim` says.
MixerShape derived_attention(const LayerPlace& place);

// A size that is a (perhaps broken) multiple of the hidden size.
std::int64_t expanded_size(const ConfigObject& text, std::string_view factor);

// The size of a head: as stated, or what is left of `inner` where the config says "auto". Refused where heads do not fill `inner`.
std::int64_t filling_head_size(const ConfigObject& text, std::string_view key, std::int64_t inner, std::int64_t heads);

std::optional<DType> state_dtype_of(const ConfigObject& text, std::string_view key);

// A model is no hybrid, whatever its class says, where a list at the root of its config names attention for every layer.
void forget_hybrid_without_states(ModelShape& shape);

[[noreturn]] void refuse_config(Raised type, std::string message, std::vector<std::int64_t> figures = {});

}  // namespace kv
