// Which group's block table says where a token's captured row lies, and how many rows the side buffer has.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

std::size_t capture_in_first_group(const Reporting& report);
std::size_t capture_in_first_attention_group(const Reporting& report);
std::size_t capture_in_first_full_group(const Reporting& report);
SideBuffer rows_of_share(const Reporting& report, std::size_t capture_group, const SchedulerView& scheduler);
SideBuffer rows_of_group_slots(const Reporting& report, std::size_t capture_group, const SchedulerView& scheduler);
SideBuffer rows_of_object_store(const Reporting& report, std::size_t capture_group, const SchedulerView& scheduler);

inline constexpr CaptureGroup capture_first_group{
    .id = "first-group",
    .meaning = "the first group, whatever it holds: a Mamba group's block ids as row addresses (B02, B03)",
    .source = "vllm-project/vllm#35744",
    .decide = capture_in_first_group};
inline constexpr CaptureGroup capture_first_attention{
    .id = "first-attention",
    .meaning = "the first group of an attention kind, a sliding window too: most of its blocks are null by the time rows are read (R03)",
    .source = "vllm 0.18.0, GPUModelRunner._get_attention_kv_cache_gid",
    .decide = capture_in_first_attention_group};
inline constexpr CaptureGroup capture_first_full{
    .id = "first-full",
    .meaning = "the first group that keeps every token; where none does, the first of an attention kind",
    .source = "vllm 0.32.0, is_full_attention_spec",
    .decide = capture_in_first_full_group};
inline constexpr std::array capture_group_rules{capture_first_group, capture_first_attention, capture_first_full};

inline constexpr SideBufferRows share_of_blocks{
    .id = "share-of-blocks",
    .meaning = "blocks / groups x the smallest block, although block ids run over the whole pool (B01)",
    .source = "vllm 0.18.0, GPUModelRunner.init_routed_experts_capturer",
    .decide = rows_of_share};
inline constexpr SideBufferRows group_slots{.id = "group-slots",
                                            .meaning = "blocks x block size of the capture group: every slot that its table can name",
                                            .source = "vllm-project/vllm#37118",
                                            .decide = rows_of_group_slots};
inline constexpr SideBufferRows object_store{
    .id = "object-store",
    .meaning = "a store of objects of one hash block, as many as the pool's blocks have; rows are keyed by content, not by slot",
    .source = "vllm 0.32.0, AuxOutputWorkerConnector",
    .decide = rows_of_object_store};
inline constexpr std::array side_buffer_rules{share_of_blocks, group_slots, object_store};

}  // namespace kv
