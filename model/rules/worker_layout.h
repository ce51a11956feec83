// How a worker's memory becomes blocks and tensors, and what the other workers do when one has fewer blocks.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

WorkerPlan shared_tensors(const Planning& planning, std::vector<Group> groups, Bytes memory);
WorkerPlan strided_tensors(const Planning& planning, std::vector<Group> groups, Bytes memory);
void shrink_tensors(const Planning& planning, std::vector<WorkerPlan>& workers);
void plan_again(const Planning& planning, std::vector<WorkerPlan>& workers);

inline constexpr WorkerLayout layers_share_tensors{
    .id = "shared-tensors",
    .meaning = "as many tensors as the largest group has layers; the i-th is shared by the i-th layer of every group",
    .source = "vllm 0.18.0, get_kv_cache_config_from_groups",
    .decide = shared_tensors};
inline constexpr WorkerLayout layers_have_strides{
    .id = "strided-tensors",
    .meaning = "one allocation; each group's layers lie in it by layer and block strides, groups over each other from byte 0",
    .source = "vllm 0.32.0, get_kv_cache_config_from_groups and compute_layout_strides",
    .decide = strided_tensors};
inline constexpr std::array worker_layout_rules{layers_share_tensors, layers_have_strides};

inline constexpr SmallestRank shrink{.id = "shrink",
                                     .meaning = "every worker gets the fewest blocks that one has; tensors shrink in proportion",
                                     .source = "vllm 0.18.0, get_kv_cache_configs",
                                     .decide = shrink_tensors};
inline constexpr SmallestRank replan{.id = "replan",
                                     .meaning = "every worker gets the fewest blocks that one has, and is laid out again",
                                     .source = "vllm 0.32.0, get_kv_cache_configs",
                                     .decide = plan_again};
inline constexpr std::array smallest_rank_rules{shrink, replan};

}  // namespace kv
