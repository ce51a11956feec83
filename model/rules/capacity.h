// What the engine says of its capacity: the concurrency and the tokens of its log line.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

double concurrency_by_bytes(const Reporting& report);
double concurrency_by_blocks(const Reporting& report);
double concurrency_constructed(const Reporting& report);

Tokens smallest_block_over_all(const Reporting& report, double concurrency);
Tokens smallest_block_over_growing_attention(const Reporting& report, double concurrency);
Tokens smallest_block_over_positive_list(const Reporting& report, double concurrency);
Tokens smallest_block_over_negative_list(const Reporting& report, double concurrency);
Tokens concurrency_times_length(const Reporting& report, double concurrency);
Tokens all_blocks_by_smallest(const Reporting& report, double concurrency);
Tokens bytes_over_attention_rate(const Reporting& report, double concurrency);
Tokens bytes_over_layer_rate(const Reporting& report, double concurrency);
Tokens windows_at_their_width(const Reporting& report, double concurrency);
Tokens states_by_sequences_twice(const Reporting& report, double concurrency);
Tokens tokens_constructed(const Reporting& report, double concurrency);

inline constexpr Concurrency bytes_of_all_specs{
    .id = "bytes-over-first-page",
    .meaning = "blocks / (bytes of one request in one layer of every group, divided by the first group's page)",
    .source = "vllm 0.18.0, get_max_concurrency_for_kv_cache_config",
    .decide = concurrency_by_bytes};
inline constexpr Concurrency blocks_of_all_groups{
    .id = "blocks-of-all-groups",
    .meaning =
        "blocks / sum over groups of the whole blocks one request holds; the null block counts, every request pays its prefill peak (R15)",
    .source = "vllm 0.32.0, get_max_concurrency_for_kv_cache_config",
    .decide = concurrency_by_blocks};
inline constexpr Concurrency constructed_concurrency{
    .id = "constructed",
    .meaning =
        "requests of the longest length that one after another fit the pool, and the share of a further one that does; groups of other "
        "workers' layers count, a bundle as its first layer; where nothing is held per request, refused",
    .source = "kvproof: the capacity experiment, counted",
    .decide = concurrency_constructed};
inline constexpr std::array concurrency_rules{bytes_of_all_specs, blocks_of_all_groups, constructed_concurrency};

inline constexpr ReportedTokens over_all_groups{
    .id = "smallest-block-over-all-groups",
    .meaning = "blocks / groups x the smallest block: bounded groups count as if they grew with the request (B19)",
    .source = "vllm 0.18.0, _report_kv_cache_config; vllm-project/vllm#40384",
    .decide = smallest_block_over_all};
inline constexpr ReportedTokens over_growing_groups{
    .id = "smallest-block-over-growing-groups",
    .meaning = "the same, divided by the groups that grow: every attention kind, and Mamba in mode all; by all groups where none does",
    .source = "vllm-project/vllm#40384",
    .decide = smallest_block_over_growing_attention};
inline constexpr ReportedTokens over_positive_list{
    .id = "smallest-block-over-positive-list",
    .meaning = "the same, growing being full attention, what derives from it, and Mamba in mode all",
    .source = "vllm-project/vllm#40384, follow-up, fix (a)",
    .decide = smallest_block_over_positive_list};
inline constexpr ReportedTokens over_negative_list{
    .id = "smallest-block-over-negative-list",
    .meaning = "the same, growing being all but sliding window, chunked local, encoder-only, cross, and Mamba outside mode all",
    .source = "vllm-project/vllm#40384, follow-up, fix (b)",
    .decide = smallest_block_over_negative_list};
inline constexpr ReportedTokens length_times_concurrency{
    .id = "concurrency-times-length",
    .meaning = "concurrency x the longest request, cut to whole tokens; a window-only model reports tokens served, not slots held (R01)",
    .source = "vllm 0.32.0, get_kv_cache_capacity",
    .decide = concurrency_times_length};
inline constexpr ReportedTokens blocks_times_smallest{
    .id = "blocks-times-smallest-block",
    .meaning = "all blocks x the smallest block, as routers derive it from the published block size (B20)",
    .source = "vllm-project/vllm#51163, #51041",
    .decide = all_blocks_by_smallest};
inline constexpr ReportedTokens attention_rate{
    .id = "attention-layers-by-rate",
    .meaning = "pool bytes / bytes of one token in every attention layer, as if windows grew without bound (B26)",
    .source = "aiconfigurator#1201",
    .decide = bytes_over_attention_rate};
inline constexpr ReportedTokens layer_rate{
    .id = "all-layers-by-rate",
    .meaning = "pool bytes / bytes of one token of the largest attention layer x all layers; states are not priced (B27)",
    .source = "TensorRT-LLM#5371",
    .decide = bytes_over_layer_rate};
inline constexpr ReportedTokens windows_at_width{
    .id = "windows-at-their-width",
    .meaning =
        "pool bytes / bytes of a request of the longest length, in which a window that is stored as full attention costs no more than "
        "it sees (B25)",
    .source = "hf-mem#70, #60; vllm-project/vllm#39254",
    .decide = windows_at_their_width};
inline constexpr ReportedTokens sequences_twice{
    .id = "sequences-twice",
    .meaning =
        "concurrency x the longest request, in models with states divided by the sequences at once: each is charged the room of all "
        "(B28)",
    .source = "ggml-org/llama.cpp#19559, #19552",
    .decide = states_by_sequences_twice};
inline constexpr ReportedTokens constructed_tokens{
    .id = "constructed",
    .meaning = "the tokens of the requests of the longest length that one after another fit the pool, and of the further one that does",
    .source = "kvproof: the capacity experiment, counted",
    .decide = tokens_constructed};
inline constexpr std::array reported_tokens_rules{over_all_groups,          over_growing_groups,   over_positive_list, over_negative_list,
                                                  length_times_concurrency, blocks_times_smallest, attention_rate,     layer_rate,
                                                  windows_at_width,         sequences_twice,       constructed_tokens};

}  // namespace kv
