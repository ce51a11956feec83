// How wide a row of the host's tier is: what one key of it, a block of one group by its content, takes of the host's memory.
#pragma once

#include "model/engine.h"
#include "model/plan.h"

#include <array>

namespace kv {

Bytes row_of_own_group(const HostRowAsked& asked);
Bytes row_of_pool_block(const HostRowAsked& asked);
Bytes row_of_page_and_tensors(const HostRowAsked& asked);
Bytes row_of_all_groups(const HostRowAsked& asked);

inline constexpr HostRow own_group_row{.id = "own-group",
                                       .meaning = "the layers of the key's group",
                                       .source = "vllm-project/vllm#56871, #56953, the fix",
                                       .decide = row_of_own_group};
inline constexpr HostRow pool_block_row{.id = "pool-block",
                                        .meaning = "a block of the device's pool: the layers of the widest group",
                                        .source = "vllm 0.32.0, OffloadingConfig.worker_kv_bytes_per_block",
                                        .decide = row_of_pool_block};
inline constexpr HostRow page_times_tensors_row{
    .id = "page-times-tensors",
    .meaning =
        "the first group's page times the tensors: where that page is the sum over a bundle's layers, each of them counts twice (B31)",
    .source = "vllm 0.18.0, CPUOffloadingSpec; vllm-project/vllm#50443, #39850",
    .decide = row_of_page_and_tensors};
inline constexpr HostRow all_groups_row{.id = "all-groups",
                                        .meaning = "the layers of all groups that can be hit, whosever key it is (B30)",
                                        .source = "vllm-project/vllm#56871, #56953",
                                        .decide = row_of_all_groups};
inline constexpr std::array host_row_rules{own_group_row, pool_block_row, page_times_tensors_row, all_groups_row};

}  // namespace kv
