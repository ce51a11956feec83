// Which rows of a router's tensor are this rank's, and where in its step buffer they go. Released engines guess the layout from row counts.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

RowsAnswer rows_of_joined_ranks(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_by_count(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_by_padded_count(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_by_count_and_shards(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_by_descriptor(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_by_decode_graph(const RouterCall& call, const Dispatch& dispatch);
RowsAnswer rows_as_declared(const RouterCall& call, const Dispatch& dispatch);

inline constexpr CaptureLayout joined_ranks{.id = "joined-ranks",
                                            .meaning = "all ranks' rows one after another, asserted; any other layout stops the rank (B04)",
                                            .source = "vllm 0.18.0, RoutedExpertsCapturer.capture; vllm-project/vllm#37857",
                                            .decide = rows_of_joined_ranks};
inline constexpr CaptureLayout by_count{
    .id = "by-count",
    .meaning = "as many rows as all ranks have: a slice by running sum; as many as this rank has: from row 0; else skipped (B05)",
    .source = "vllm-project/vllm#37879",
    .decide = rows_by_count};
inline constexpr CaptureLayout by_padded_count{
    .id = "by-padded-count",
    .meaning = "the same, and as many rows as all ranks would have, each padded to the largest: from rank x that",
    .source = "vllm-project/vllm#43737",
    .decide = rows_by_padded_count};
inline constexpr CaptureLayout by_count_and_shards{
    .id = "by-count-and-shards",
    .meaning =
        "all ranks', this rank's, gathered shards', one shard's (then gathered), tried in this order; else an error. Without data "
        "parallelism the tensor as it is",
    .source = "vllm 0.32.0, RoutedExpertsCapturer.capture",
    .decide = rows_by_count_and_shards};
inline constexpr CaptureLayout by_descriptor{
    .id = "by-descriptor",
    .meaning = "the same, and without data parallelism the batch descriptor says how many rows are the rank's",
    .source = "vllm 0.33.0, RoutedExpertsCapturer._restore_local_topk_ids",
    .decide = rows_by_descriptor};
inline constexpr CaptureLayout by_decode_graph{
    .id = "by-decode-graph",
    .meaning =
        "where a graph is replayed, from rank x the rows of the graph that decoded last, although a prefill may replay another (B11); else "
        "a slice by running sum",
    .source = "sgl-project/sglang#30712",
    .decide = rows_by_decode_graph};
inline constexpr CaptureLayout as_declared{.id = "declared",
                                           .meaning = "the layout that the dispatch declares; rows that do not fit it are refused",
                                           .source = "kvproof: a layout is said, not guessed",
                                           .decide = rows_as_declared};
inline constexpr std::array capture_layout_rules{joined_ranks,  by_count,        by_padded_count, by_count_and_shards,
                                                 by_descriptor, by_decode_graph, as_declared};

}  // namespace kv
