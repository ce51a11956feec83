// How many bytes one block of one layer takes, padding included.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

// Heads x states x content: the form in which 0.32.0 describes every attention page, without padding.
Bytes packed_page_bytes(const AttentionCache& cache);
std::int64_t head_slots(const AttentionCache& cache);
std::int64_t states_per_block(const AttentionCache& cache);
Bytes state_bytes(const AttentionCache& cache);
Bytes state_bytes(const MambaSpec& spec);  // Of all states of one position.

// A page without its padding, as the engine that `padded` belongs to counts it.
Bytes keys_and_values_bytes(const KvSpec& spec);
Bytes head_slots_and_states_bytes(const KvSpec& spec);
Bytes padded_keys_and_values(const KvSpec& spec);
Bytes padded_head_slots_and_states(const KvSpec& spec);

inline constexpr PageBytes keys_and_values{
    .id = "keys-and-values",
    .meaning = "tokens x heads x (key + value elements); latent caches hold one vector a token, or 656 bytes as fp8_ds_mla",
    .source = "vllm 0.18.0, AttentionSpec.page_size_bytes and its overrides",
    .decide = padded_keys_and_values};
inline constexpr PageBytes head_slots_and_states{
    .id = "head-slots-and-states",
    .meaning = "head slots x stored states x bytes of a state, each of which a backend may publish in packed form",
    .source = "vllm 0.32.0, AttentionSpec.unpadded_page_size_bytes",
    .decide = padded_head_slots_and_states};
inline constexpr std::array page_bytes_rules{keys_and_values, head_slots_and_states};

}  // namespace kv
