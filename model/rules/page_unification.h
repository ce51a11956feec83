// How layers with pages of different size come to share one pool of equal pages.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

std::optional<Refusal> unify_by_scaling(Planning& planning);
std::optional<Refusal> unify_by_scaling_or_padding(Planning& planning);

inline constexpr PageUnification scale_blocks{
    .id = "scale-blocks",
    .meaning = "smaller pages get more tokens a block; a page that does not divide the largest is refused",
    .source = "vllm 0.18.0, unify_kv_cache_spec_page_size",
    .decide = unify_by_scaling};
inline constexpr PageUnification scale_or_pad{
    .id = "scale-or-pad",
    .meaning = "the same, but states and attention pages that do not divide the largest are padded to it (B29); latent caches are refused",
    .source = "vllm 0.32.0, unify_kv_cache_spec_page_size",
    .decide = unify_by_scaling_or_padding};
inline constexpr std::array page_unification_rules{scale_blocks, scale_or_pad};

}  // namespace kv
