// The block sizes that the scheduler works with: its own, that of block hashes, and the unit in which prefix hits land.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

struct BlockSizesFound {
    Tokens scheduler;
    Tokens hash;
};

// Refuses a prefix_match_unit that does not fit the groups. `smallest` is the engine core's block size.
BlockSizesFound find_block_sizes(const Planning& planning, std::span<const Group> groups, Tokens smallest);

void one_block_size(const Planning& planning, std::span<const Group> groups, SchedulerView& scheduler);
void scheduler_and_hash_sizes(const Planning& planning, std::span<const Group> groups, SchedulerView& scheduler);

inline constexpr BlockSizes smallest_of_groups{.id = "smallest-of-groups",
                                               .meaning = "the smallest block of the groups is the engine's block size",
                                               .source = "vllm 0.18.0, EngineCore._initialize_kv_caches",
                                               .decide = one_block_size};
inline constexpr BlockSizes lcm_and_gcd{
    .id = "lcm-and-gcd",
    .meaning =
        "the scheduler takes the least common multiple of the groups' blocks, hashes their greatest common divisor or prefix_match_unit",
    .source = "vllm 0.32.0, resolve_kv_cache_block_sizes and resolve_cache_hit_alignment_tokens",
    .decide = scheduler_and_hash_sizes};
inline constexpr std::array block_sizes_rules{smallest_of_groups, lcm_and_gcd};

}  // namespace kv
