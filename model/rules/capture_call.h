// How one layer's captured rows are put into the step buffer: each a choice made when a capturer is set up.
#pragma once

#include "model/rules/cache.h"

#include <array>
#include <cstdint>

namespace kv {

enum class LayerCheck : std::uint8_t { wraps, after_rows, first };
enum class ColumnCheck : std::uint8_t { fills, exact };
enum class BatchStart : std::uint8_t { row_zero, micro_batch, as_offered };

inline constexpr std::array capture_layer_rules{
    Algorithm<LayerCheck>{"wraps", "after the rows: a layer past the last is ignored, a negative one counts from the end (R14)",
                          "vllm 0.18.0, RoutedExpertsCapturer.capture", LayerCheck::wraps},
    Algorithm<LayerCheck>{"after-rows", "after the rows: any layer that the buffer does not have is an error",
                          "vllm 0.32.0, RoutedExpertsCapturer.capture", LayerCheck::after_rows},
    Algorithm<LayerCheck>{"first", "before anything else: any layer that the buffer does not have is an error",
                          "vllm 0.33.0, RoutedExpertsCapturer.capture", LayerCheck::first}};
inline constexpr Algorithm layer_wraps = capture_layer_rules[0], layer_after_rows = capture_layer_rules[1],
                           layer_first = capture_layer_rules[2];

inline constexpr std::array capture_columns_rules{
    Algorithm<ColumnCheck>{"one-fills-all", "one column is spread over all; any other number than top-k is an error (R14)",
                           "vllm 0.18.0 to 0.33.0, RoutedExpertsCapturer.capture", ColumnCheck::fills},
    Algorithm<ColumnCheck>{"exact", "any other number than top-k is an error", "kvproof: a tensor of another shape is not a router's",
                           ColumnCheck::exact}};
inline constexpr Algorithm one_column_fills_all = capture_columns_rules[0], exact_columns = capture_columns_rules[1];

inline constexpr std::array capture_start_rules{
    Algorithm<BatchStart>{"row-zero", "each call writes from row 0: a second micro-batch overwrites the first (R10)",
                          "vllm 0.18.0 and 0.32.0, RoutedExpertsCapturer.capture", BatchStart::row_zero},
    Algorithm<BatchStart>{"micro-batch", "a micro-batch writes from its own first row on", "vllm 0.33.0, RoutedExpertsCapturer.capture",
                          BatchStart::micro_batch},
    Algorithm<BatchStart>{"as-offered",
                          "the buffer has the rows of all ranks as their tensor has them, and a rank's are a slice of it; a graph's kernel "
                          "does not look where the buffer ends",
                          "sgl-project/sglang#26123", BatchStart::as_offered}};
inline constexpr Algorithm from_row_zero = capture_start_rules[0], from_micro_batch = capture_start_rules[1];

}  // namespace kv
