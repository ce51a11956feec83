// How the parts of a plan are put into words.
#pragma once

#include "model/plan.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kv {

std::string kind_words(const KvSpec& spec);   // "sliding_window 128", "mamba align", "custom NAME"
std::string shape_words(const KvSpec& spec);  // "8 x 64", "8 x 192/128", "3x8448, 128x64x128"
std::string dtype_words(const KvSpec& spec);  // "bfloat16", "uint8 fp8_per_tensor"

// "L0..L34 by 2, L36"; at most `most` characters, "..." for the rest.
std::string layer_ranges(const std::vector<LayerId>& layers, std::size_t most);

// Tensors that differ in nothing but their layers and offset, in order of first appearance.
struct TensorRun {
    std::size_t count = 0;
    Bytes size;
    std::size_t layers = 0;  // Of each tensor.
    Bytes layer_stride, block_stride;
    Bytes offset_first, offset_last;
};
std::vector<TensorRun> tensor_runs(std::span<const Tensor> tensors);
std::vector<std::string> tensor_words(const TensorRun& run);  // A line, or two where there are strides.

}  // namespace kv
