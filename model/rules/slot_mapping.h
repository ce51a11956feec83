// How positions of a batch become slots: what bounds a row, how wide a slot is computed, what follows the last token.
#pragma once

#include "model/addressing/table_shape.h"
#include "model/engine.h"

#include <array>

namespace kv {

std::size_t queried_tokens_only(std::span<std::int64_t> batch, std::size_t tokens);
std::size_t pad_whole_batch(std::span<std::int64_t> batch, std::size_t tokens);

inline constexpr Algorithm<TableBound> flat_array{
    .id = "flat-array",
    .meaning =
        "a position past its row's width is looked up in the next row's entries; IndexError only past the last row, for tokens of "
        "other ranks too. A block appended to a full row is dropped, several are an error",
    .source = "vllm 0.18.0, BlockTable.compute_slot_mapping",
    .choice = TableBound::flat_array};
inline constexpr Algorithm<TableBound> device_memory{
    .id = "device-memory",
    .meaning = "a position past its row's width is looked up in the next row's entries, and past the last row in whatever lies there (B41)",
    .source = "vllm 0.32.0, ComputeSlotMappingKernel; vllm-project/vllm#53982",
    .choice = TableBound::device_memory};
inline constexpr Algorithm<TableBound> own_row{
    .id = "own-row",
    .meaning = "the width of a row is a bound: a position or a block past it is refused, and so is an interleave that leaves its block",
    .source = "kvproof: a slot is one of a block that the row names",
    .choice = TableBound::own_row};
inline constexpr std::array table_bound_rules{flat_array, device_memory, own_row};

inline constexpr Algorithm<SlotArithmetic> wraps_at_32_bits{
    .id = "wraps-at-32-bits",
    .meaning = "block x block size in 32 bits: from slot 2^31 on it is negative. Blocks of 262,144 tokens reach that at block 8,192",
    .source = "vllm 0.18.0, BlockTable.compute_slot_mapping: an int32 array times an int",
    .choice = SlotArithmetic::wraps_at_32_bits};
inline constexpr Algorithm<SlotArithmetic> exact_slots{.id = "exact",
                                                       .meaning = "block x block size in 64 bits",
                                                       .source = "vllm 0.32.0, ComputeSlotMappingKernel",
                                                       .choice = SlotArithmetic::exact};
inline constexpr std::array slot_arithmetic_rules{wraps_at_32_bits, exact_slots};

inline constexpr BatchPadding queried_only{
    .id = "queried-only",
    .meaning = "the mapping ends with the last token; what a padded batch reads after it is left from earlier steps",
    .source = "vllm 0.18.0, BlockTable.compute_slot_mapping",
    .decide = queried_tokens_only};
inline constexpr BatchPadding pad_to_batch{.id = "pad-to-batch",
                                           .meaning = "PAD from the last token up to the batch's size",
                                           .source = "vllm 0.32.0, ComputeSlotMappingKernel",
                                           .decide = pad_whole_batch};
inline constexpr std::array batch_padding_rules{queried_only, pad_to_batch};

}  // namespace kv
