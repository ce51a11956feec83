// What a worker does with a step once its tokens are chosen and have slots: what it writes where, and what it tells its peers. Each a
// choice that is made when a rank is set up.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

std::int64_t rows_of_batch_budget(const StepBufferDemand& demand);
std::int64_t rows_of_chunk_or_running(const StepBufferDemand& demand);
std::int64_t rows_of_chunk_or_running_of_ranks(const StepBufferDemand& demand);
std::int64_t rows_of_largest_batch(const StepBufferDemand& demand);

inline constexpr std::array window_table_rules{
    Algorithm<WindowTable>{"whole-request", "a row of a bounded group's table has a column for every block of the request",
                           "vllm 0.18.0, BlockTable", WindowTable::whole_request},
    Algorithm<WindowTable>{"window-only",
                           "a row has the columns of one window and zeros to their right, and positions are looked up as if it had all: "
                           "those past the window go to block 0 (B42)",
                           "tenstorrent/tt-metal#45184", WindowTable::window_only}};
inline constexpr Algorithm whole_request_table = window_table_rules[0];

inline constexpr std::array draft_slots_rules{
    Algorithm<DraftSlots>{"from-table", "a guess has the slot of its position", "vllm 0.18.0, BlockTable.compute_slot_mapping",
                          DraftSlots::from_table},
    Algorithm<DraftSlots>{"contiguous", "guesses follow on the slot of the token before them, wherever its block ends (B45)",
                          "huggingface/text-generation-inference#2711", DraftSlots::contiguous}};
inline constexpr Algorithm draft_slots_from_table = draft_slots_rules[0];

inline constexpr std::array cache_pad_rules{
    Algorithm<CachePad>{"inert", "a slot of -1 is skipped: nothing is written", "vllm 0.18.0, reshape_and_cache", CachePad::inert},
    Algorithm<CachePad>{"indexed", "-1 is taken for an index: the last slot of the last block is written (B40)", "vllm-project/vllm#43810",
                        CachePad::indexed}};
inline constexpr Algorithm cache_pad_inert = cache_pad_rules[0];

inline constexpr std::array kernel_offsets_rules{
    Algorithm<KernelOffsets>{"64-bits", "block x stride is formed in 64 bits", "vllm 0.18.0, reshape_and_cache", KernelOffsets::bits_64},
    Algorithm<KernelOffsets>{"32-bits", "block x stride is formed in 32 bits, and wraps in a large pool (B47)",
                             "vllm-project/vllm#50483, vllm-xpu-kernels#445", KernelOffsets::bits_32}};
inline constexpr Algorithm kernel_offsets_64 = kernel_offsets_rules[0];

inline constexpr std::array batch_agreement_rules{
    Algorithm<BatchAgreement>{"agreed", "ranks exchange their sizes, and all take the largest, the same graph and as many parts",
                              "vllm 0.18.0, coordinate_batch_across_dp", BatchAgreement::agreed},
    Algorithm<BatchAgreement>{"own-counts", "each rank goes by its own tokens (B57)", "vllm-project/vllm#25906",
                              BatchAgreement::own_counts},
    Algorithm<BatchAgreement>{"own-dummies", "ranks agree, but a dummy batch takes the graph of its own few tokens (B57)",
                              "vllm-project/vllm#21963", BatchAgreement::own_dummies}};
inline constexpr Algorithm batches_agreed = batch_agreement_rules[0];

inline constexpr std::array draft_pool_rules{
    Algorithm<DraftPool>{"as-target", "a drafter's pool has a block for each of the target's", "sgl-project/sglang#17630, fix",
                         DraftPool::as_target},
    Algorithm<DraftPool>{"own-blocks",
                         "it has the blocks that were counted for it before the target's pool grew, and is indexed by the target's slots "
                         "(B36)",
                         "sgl-project/sglang#17630", DraftPool::own_blocks}};
inline constexpr Algorithm draft_pool_as_target = draft_pool_rules[0], draft_pool_own_blocks = draft_pool_rules[1];

inline constexpr std::array transfer_lists_rules{
    Algorithm<TransferLists>{"counted", "blocks there and here must come out even, in size and in number: else the engine raises",
                             "vllm 0.18.0, NixlConnectorWorker", TransferLists::counted},
    Algorithm<TransferLists>{"by-position", "the n-th block here is filled from the n-th there, and the longer list is cut (B58)",
                             "vllm-project/vllm-ascend#12781", TransferLists::by_position},
    Algorithm<TransferLists>{"by-tokens", "each block is filled with its own tokens, as far as the other side has them",
                             "kvproof: a list of blocks says which tokens they hold", TransferLists::by_tokens}};
inline constexpr Algorithm transfers_counted = transfer_lists_rules[0], transfers_by_tokens = transfer_lists_rules[2];

inline constexpr std::array late_outputs_rules{
    Algorithm<LateOutputs>{"counted",
                           "a preempted request may be admitted again before its outputs in flight have come, which are then settled like "
                           "any: guesses that they reject are taken back from what it has computed anew (B56)",
                           "vllm 0.18.0, Scheduler.update_from_output; vllm-project/vllm#49620", LateOutputs::counted},
    Algorithm<LateOutputs>{"known-late",
                           "a preempted request waits until its outputs in flight have come: they are kept, and nothing is taken back",
                           "vllm 0.32.0, Scheduler.update_from_output", LateOutputs::known_late}};
inline constexpr Algorithm late_outputs_counted = late_outputs_rules[0], late_outputs_known = late_outputs_rules[1];

inline constexpr std::array router_blocks_rules{
    Algorithm<RouterBlocks>{"as-told", "a router takes the blocks of cache events for as many tokens as it was told when it started (B44)",
                            "vllm 0.18.0, kv_events.py; ai-dynamo/dynamo#13653", RouterBlocks::as_told},
    Algorithm<RouterBlocks>{"learnt", "events say how many tokens their blocks have, and a router goes by that", "ai-dynamo/dynamo#13904",
                            RouterBlocks::learnt}};
inline constexpr Algorithm router_blocks_as_told = router_blocks_rules[0], router_blocks_learnt = router_blocks_rules[1];

inline constexpr std::array group_scope_rules{
    Algorithm<GroupScope>{"whole-model", "layers of all pipeline stages are grouped together, and each stage takes its own of every group",
                          "vllm 0.18.0, get_kv_cache_configs", GroupScope::whole_model},
    Algorithm<GroupScope>{"own-layers", "each stage groups its own layers, and sizes their blocks by them alone (B39)",
                          "vllm-project/vllm#23883, #51752", GroupScope::own_layers}};
inline constexpr Algorithm groups_of_whole_model = group_scope_rules[0];

inline constexpr std::array row_writer_rules{
    Algorithm<RowWriterGroup>{"capture-group", "a row goes to the slot that its token has in the capture group, where it is read",
                              "vllm 0.18.0, GPUModelRunner", RowWriterGroup::capture_group},
    Algorithm<RowWriterGroup>{
        "first-group", "it goes by the block ids of group 0, taken for blocks of the capture group's size; whoever reads does not (B03)",
        "vllm-project/tpu-inference#3583, vllm-project/vllm-ascend#8231", RowWriterGroup::first_group}};
inline constexpr Algorithm rows_to_capture_group = row_writer_rules[0];

inline constexpr std::array row_stride_rules{
    Algorithm<RowStride>{"routed", "a row's ids follow each other: top-k to the next", "vllm 0.18.0, RoutedExpertsCapturer",
                         RowStride::routed},
    Algorithm<RowStride>{"with-shared", "rows are written as far apart as routed and shared experts together (B14)",
                         "flashinfer-ai/flashinfer#4894", RowStride::with_shared}};
inline constexpr Algorithm routed_stride = row_stride_rules[0];

inline constexpr StepBufferRows batch_budget{.id = "batch-budget",
                                             .meaning = "a row for each token that a step may schedule",
                                             .source = "vllm 0.18.0, RoutedExpertsCapturer.init_buffer",
                                             .decide = rows_of_batch_budget};
inline constexpr StepBufferRows chunk_or_running{
    .id = "chunk-or-running",
    .meaning =
        "a prefill chunk of each rank, or one token of each running request of one rank (B09); nothing for a prompt in one piece "
        "(B10)",
    .source = "sgl-project/sglang#26123, #26860",
    .decide = rows_of_chunk_or_running};
inline constexpr StepBufferRows chunk_or_running_of_ranks{
    .id = "chunk-or-running-of-ranks",
    .meaning = "the same, with the running requests of all ranks; still nothing for a prompt in one piece (B10)",
    .source = "sgl-project/sglang#26123, fix",
    .decide = rows_of_chunk_or_running_of_ranks};
inline constexpr StepBufferRows largest_batch{.id = "largest-batch",
                                              .meaning = "the largest batch of a rank, padding included, of every rank whose rows it takes",
                                              .source = "kvproof: what can be offered has room",
                                              .decide = rows_of_largest_batch};
inline constexpr std::array step_buffer_rules{batch_budget, chunk_or_running, chunk_or_running_of_ranks, largest_batch};

}  // namespace kv
