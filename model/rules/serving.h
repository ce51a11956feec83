// How a model is read and served before anything is planned: each a whole algorithm.
#pragma once

#include "model/rules/cache.h"

#include <array>
#include <cstdint>

namespace kv {

enum class ModelClasses : std::uint8_t { vllm_0_18, vllm_0_32 };
enum class ServingDefaults : std::uint8_t { plain_hybrids, shared_hybrids };
enum class Backends : std::uint8_t { vllm_0_18, vllm_0_32 };
enum class LayerSpecs : std::uint8_t { plain, described };
enum class StateAlignment : std::uint8_t { before_backend, after_backend };

inline constexpr std::array model_classes_rules{
    Algorithm<ModelClasses>{"model-classes-0.18", "the architectures of 0.18.0, as its classes and transformers 4.57 read a config",
                            "vllm 0.18.0, model_executor/models", ModelClasses::vllm_0_18},
    Algorithm<ModelClasses>{"model-classes-0.32", "the architectures of 0.32.0, as its classes and transformers 5 read a config",
                            "vllm 0.32.0, model_executor/models", ModelClasses::vllm_0_32}};
inline constexpr Algorithm classes_of_0_18 = model_classes_rules[0], classes_of_0_32 = model_classes_rules[1];

inline constexpr std::array serving_defaults_rules{
    Algorithm<ServingDefaults>{"plain-hybrids", "models with states share no prefixes unless asked; then in mode all where they can",
                               "vllm 0.18.0, EngineArgs, MambaModelConfig", ServingDefaults::plain_hybrids},
    Algorithm<ServingDefaults>{"shared-hybrids", "models with states share prefixes in mode align",
                               "vllm 0.32.0, EngineArgs, MambaModelConfig", ServingDefaults::shared_hybrids}};
inline constexpr Algorithm plain_hybrids = serving_defaults_rules[0], shared_hybrids = serving_defaults_rules[1];

inline constexpr std::array backends_rules{
    Algorithm<Backends>{"backends-0.18", "the attention backends that 0.18.0 tries on compute capability 9.0, in its order",
                        "vllm 0.18.0, platforms/cuda.py", Backends::vllm_0_18},
    Algorithm<Backends>{"backends-0.32", "the attention backends that 0.32.0 tries on compute capability 9.0, in its order",
                        "vllm 0.32.0, platforms/cuda.py", Backends::vllm_0_32}};
inline constexpr Algorithm backends_of_0_18 = backends_rules[0], backends_of_0_32 = backends_rules[1];

inline constexpr std::array layer_specs_rules{
    Algorithm<LayerSpecs>{"plain-specs", "a layer says its heads, element type and window", "vllm 0.18.0, get_kv_cache_spec",
                          LayerSpecs::plain},
    Algorithm<LayerSpecs>{"described-specs", "a layer also says its quantisation, sharding, alignment and checkpoints",
                          "vllm 0.32.0, get_kv_cache_spec", LayerSpecs::described}};
inline constexpr Algorithm plain_specs = layer_specs_rules[0], described_specs = layer_specs_rules[1];

inline constexpr std::array state_alignment_rules{
    Algorithm<StateAlignment>{"before-backend",
                              "attention blocks grow until a page holds a state, before the backend is known, which sets them back",
                              "vllm 0.18.0, HybridAttentionMambaModelConfig", StateAlignment::before_backend},
    Algorithm<StateAlignment>{"after-backend", "attention blocks grow by whole kernel blocks of the chosen backend",
                              "vllm 0.32.0, Platform._align_hybrid_block_size", StateAlignment::after_backend}};
inline constexpr Algorithm aligned_before_backend = state_alignment_rules[0], aligned_after_backend = state_alignment_rules[1];

}  // namespace kv
