// Bytes that one block of the pool takes on a worker: all layers of the widest group.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

constexpr bool is_block_outermost(CacheLayout layout) { return name_of(layout)[0] == 'B'; }
constexpr bool is_layer_outermost(CacheLayout layout) { return name_of(layout)[0] == 'L'; }
// Each page is one contiguous run: only layers and blocks are outside it.
constexpr bool is_block_compact(CacheLayout layout) {
    const std::string_view order = name_of(layout);
    return (order[0] == 'L' && order[1] == 'B') || (order[0] == 'B' && order[1] == 'L');
}

// What the distance between two blocks of this spec must be a multiple of.
Bytes stride_alignment(const Planning& planning, SpecId spec);
// The page in a layout where every layer has a region of its own.
Bytes aligned_page(const Planning& planning, SpecId spec);

Bytes widest_group_of_equal_pages(const Planning& planning, std::span<const Group> groups);
Bytes widest_group_aligned(const Planning& planning, std::span<const Group> groups);

inline constexpr BlockBytes layers_times_page{
    .id = "layers-times-page",
    .meaning = "layers of the largest group x the page that all groups share; a bundle's: the sum of its pages",
    .source = "vllm 0.18.0, get_kv_cache_config_from_groups",
    .decide = widest_group_of_equal_pages};
inline constexpr BlockBytes widest_aligned{
    .id = "widest-group",
    .meaning = "the widest group's pages, each (or their sum, in block-outermost layouts) rounded up to its stride alignment",
    .source = "vllm 0.32.0, _get_kv_cache_bytes_per_block",
    .decide = widest_group_aligned};
inline constexpr std::array block_bytes_rules{layers_times_page, widest_aligned};

}  // namespace kv
