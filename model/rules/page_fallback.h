// What happens where pages of different size cannot be made equal.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

std::optional<std::vector<Group>> no_fallback(Planning& planning);
std::optional<std::vector<Group>> latents_and_windows_whole(Planning& planning);

inline constexpr PageFallback refuse_pages{
    .id = "refuse", .meaning = "the model is refused", .source = "vllm 0.18.0, get_kv_cache_groups", .decide = no_fallback};
inline constexpr PageFallback full_allocation{
    .id = "full-allocation",
    .meaning = "sliding windows next to latent caches are kept for every token, all in one bundle; other models are refused",
    .source = "vllm 0.32.0, _try_get_full_allocation_fallback_groups",
    .decide = latents_and_windows_whole};
inline constexpr std::array page_fallback_rules{refuse_pages, full_allocation};

}  // namespace kv
