// How a group's block table is laid out, and what its rows keep.
#pragma once

#include "model/addressing/table_shape.h"
#include "model/engine.h"

#include <array>

namespace kv {

void keep_row(std::span<std::int32_t> entries, std::int64_t& length);
void clear_row(std::span<std::int32_t> entries, std::int64_t& length);
std::int64_t width_as_asked(std::int64_t columns, TokensPerBlock block);
std::int64_t width_in_128_tokens(std::int64_t columns, TokensPerBlock block);
TableBlock kernel_table_block(TokensPerBlock block, TokensPerBlock kernel_block);
TableBlock manager_table_block(TokensPerBlock block, TokensPerBlock kernel_block);
ContextShare share_of_all_ranks(const ContextPlace& place);
ContextShare share_of_decode_ranks(const ContextPlace& place);

inline constexpr MovedRow source_kept{
    .id = "source-kept",
    .meaning = "the row that was moved keeps its blocks and its length: whoever reads it on finds blocks that may be another's by then",
    .source = "vllm 0.18.0, BlockTable.move_row",
    .decide = keep_row};
inline constexpr MovedRow source_cleared{.id = "source-cleared",
                                         .meaning = "the row that was moved is empty, and its entries name the null block",
                                         .source = "vllm 0.32.0, BlockTable.move_row",
                                         .decide = clear_row};
inline constexpr std::array moved_row_rules{source_kept, source_cleared};

inline constexpr TableWidth as_asked{.id = "as-asked",
                                     .meaning = "a row has as many entries as the longest request has blocks",
                                     .source = "vllm 0.18.0, BlockTable",
                                     .decide = width_as_asked};
inline constexpr TableWidth whole_128_tokens{.id = "whole-128-tokens",
                                             .meaning = "the same, rounded up until a row's tokens are a multiple of 128",
                                             .source = "vllm 0.32.0, get_block_table_width",
                                             .decide = width_in_128_tokens};
inline constexpr std::array table_width_rules{as_asked, whole_128_tokens};

inline constexpr TableBlockRule kernel_blocks{
    .id = "kernel-blocks",
    .meaning =
        "entries are the kernel's blocks, several to one of the manager's; context-parallel ranks then share kernel blocks out, "
        "and tokens land on ranks whose blocks they are not (B43)",
    .source = "vllm 0.18.0, BlockTable.map_to_kernel_blocks; vllm-project/vllm#51031",
    .decide = kernel_table_block};
inline constexpr TableBlockRule manager_blocks{.id = "manager-blocks",
                                               .meaning = "entries are the manager's blocks, whatever the kernel makes of them",
                                               .source = "vllm 0.32.0, BlockTable",
                                               .decide = manager_table_block};
inline constexpr std::array table_block_rules{kernel_blocks, manager_blocks};

inline constexpr ContextRanks all_context_ranks{.id = "decode-and-prefill",
                                                .meaning = "tokens are dealt out among decode x prefill context-parallel ranks",
                                                .source = "vllm 0.18.0, BlockTable.compute_slot_mapping",
                                                .decide = share_of_all_ranks};
inline constexpr ContextRanks decode_context_ranks{
    .id = "decode",
    .meaning = "among decode context-parallel ranks only; prefill ranks hold the same tokens",
    .source = "vllm 0.32.0, BlockTable.compute_slot_mapping",
    .decide = share_of_decode_ranks};
inline constexpr std::array context_ranks_rules{all_context_ranks, decode_context_ranks};

}  // namespace kv
