// What becomes of a hybrid model when its hybrid manager is switched off: local attention is kept like full attention.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

void promote_windows(Planning& planning);
void promote_windows_to_full_block(Planning& planning);

// Specs with their local attention promoted, for a caller that does not yet know whether to use them. Refuses where they do not
// come out as one type.
std::vector<WorkerLayer> promoted_layers(Planning& planning, std::vector<WorkerLayer> layers);

inline constexpr Promotion windows_as_full{
    .id = "windows-as-full",
    .meaning = "sliding-window and chunked layers become full-attention layers of their own block size",
    .source = "vllm 0.18.0, unify_hybrid_kv_cache_specs",
    .decide = promote_windows};
inline constexpr Promotion windows_as_full_block{
    .id = "windows-as-full-block",
    .meaning = "the same with the full-attention layers' block size, replicated and sharded layers apart; windowed latent caches cannot be",
    .source = "vllm 0.32.0, _promote_local_kv_cache_specs",
    .decide = promote_windows_to_full_block};
inline constexpr std::array promotion_rules{windows_as_full, windows_as_full_block};

}  // namespace kv
