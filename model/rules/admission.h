// Whether one request of model_len_max fits: what is asked for, of which layers, and with what it is compared.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

void kinds_of_first_release(const Planning& planning);
void kinds_registered(const Planning& planning);
void retain_nothing(Planning& planning);
void retain_for_drafters(Planning& planning);

Bytes need_of_first_group(const Planning& planning, std::span<const Group> groups);
Bytes need_of_all_groups(const Planning& planning, std::span<const Group> groups);
std::span<const Group> scope_worker(std::span<const Group> model, std::span<const Group> worker);
std::span<const Group> scope_model(std::span<const Group> model, std::span<const Group> worker);
Bytes memory_as_profiled(const Planning& planning, std::span<const Group> groups, Bytes memory);
Bytes memory_of_override(const Planning& planning, std::span<const Group> groups, Bytes memory);
Bytes all_memory(const Planning& planning, std::span<const Group> groups, Bytes memory);
Bytes memory_less_a_block(const Planning& planning, std::span<const Group> groups, Bytes memory);

inline constexpr KnownKinds known_of_0_18{
    .id = "first-kinds",
    .meaning = "kinds that came later (windowed latent, reference window, circular, hidden state, plug-ins) do not exist",
    .source = "vllm 0.18.0, v1/kv_cache_interface.py",
    .decide = kinds_of_first_release};
inline constexpr KnownKinds registered_kinds{
    .id = "registered-kinds",
    .meaning = "a layer whose kind is not registered (encoder-only) is refused before anything is planned (R13)",
    .source = "vllm 0.32.0, KVCacheSpecRegistry.check_kv_cache_spec_registry",
    .decide = kinds_registered};
inline constexpr std::array known_kinds_rules{known_of_0_18, registered_kinds};

inline constexpr Retention window_only{
    .id = "window-only", .meaning = "a window keeps what it sees", .source = "vllm 0.18.0, SlidingWindowSpec", .decide = retain_nothing};
inline constexpr Retention window_and_lookahead{
    .id = "window-and-lookahead",
    .meaning = "drafters of several modules read prompt tokens again: windows keep that many more",
    .source = "vllm 0.32.0, get_kv_cache_configs, extra_retained_tokens",
    .decide = retain_for_drafters};
inline constexpr std::array retention_rules{window_only, window_and_lookahead};

inline constexpr RequestNeed first_group{
    .id = "first-group",
    .meaning = "blocks that one request holds in the first group, as if the other groups took none from the same pool (R02)",
    .source = "vllm 0.18.0, _max_memory_usage_bytes_from_groups",
    .decide = need_of_first_group};
inline constexpr RequestNeed all_groups{.id = "all-groups",
                                        .meaning = "blocks that one request holds in every group, all from one pool",
                                        .source = "vllm 0.32.0, _max_memory_usage_bytes_from_groups",
                                        .decide = need_of_all_groups};
inline constexpr std::array request_need_rules{first_group, all_groups};

inline constexpr RankScope own_layers{.id = "own-layers",
                                      .meaning = "a worker's memory is compared with what its own layers need",
                                      .source = "vllm-project/vllm#33698; vllm 0.18.0 and 0.32.0, _project_kv_cache_groups_to_worker",
                                      .decide = scope_worker};
inline constexpr RankScope whole_model{.id = "whole-model",
                                       .meaning = "every worker's memory is compared with what the whole model's layers need (B21)",
                                       .source = "vllm-project/vllm#34076, before the fix",
                                       .decide = scope_model};
inline constexpr std::array rank_scope_rules{own_layers, whole_model};

inline constexpr OverrideOrder after_the_check{
    .id = "after-the-check",
    .meaning = "an overridden block count is not looked at by the check: 1 block is accepted (R11)",
    .source = "vllm 0.18.0, may_override_num_blocks",
    .decide = memory_as_profiled};
inline constexpr OverrideOrder before_the_check{.id = "before-the-check",
                                                .meaning = "the check looks at the memory of the overridden block count",
                                                .source = "vllm 0.32.0, get_kv_cache_configs",
                                                .decide = memory_of_override};
inline constexpr std::array override_order_rules{after_the_check, before_the_check};

inline constexpr NullBlock not_reserved{.id = "not-reserved",
                                        .meaning = "the check counts the null block among the usable ones",
                                        .source = "vllm 0.18.0, _check_enough_kv_cache_memory",
                                        .decide = all_memory};
inline constexpr NullBlock reserved{.id = "reserved",
                                    .meaning = "the check leaves out the null block, which the pool holds back for good",
                                    .source = "vllm 0.32.0, get_kv_cache_configs",
                                    .decide = memory_less_a_block};
inline constexpr std::array null_block_rules{not_reserved, reserved};

}  // namespace kv
