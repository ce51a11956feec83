// Whether layers with pages of different size are packed side by side into one block instead of being made equal.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

std::optional<std::vector<Group>> never_packed(Planning& planning);
std::optional<std::vector<Group>> packed_by_pattern(Planning& planning);

// The chunk size from `smallest` up that rounds the values up by least in total; of several, the largest.
std::int64_t chunk_with_least_padding(std::span<const std::int64_t> values, std::int64_t smallest);

inline constexpr Packing no_packing{
    .id = "none", .meaning = "pages are always made equal", .source = "vllm 0.18.0, get_kv_cache_groups", .decide = never_packed};
inline constexpr Packing page_pattern{
    .id = "page-pattern",
    .meaning = "in a block-outermost layout, layers are bundled by type and split so that every group packs into the same bytes a block",
    .source = "vllm 0.32.0, _get_packed_kv_cache_groups",
    .decide = packed_by_pattern};
inline constexpr std::array packing_rules{no_packing, page_pattern};

}  // namespace kv
