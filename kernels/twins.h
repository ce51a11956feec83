// Faulty twins of the kernels: each is the right rule with one line of it as engines had it wrong. The checks must find every one.
#pragma once

#include "kernels/layer_capture_body.h"
#include "kernels/scatter_body.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace kv {

enum class KernelTwin : std::uint8_t {
    none,
    offset_of_32_bits,
    pad_is_an_index,
    pad_is_the_last_row,
    slots_of_group_zero,
    packed_stride,
    rows_from_zero,
    rows_from_running_sum
};

struct KernelTwinText {
    KernelTwin twin;
    std::string_view id, meaning, source;
};

inline constexpr std::array kernel_twins{
    KernelTwinText{KernelTwin::offset_of_32_bits, "offset-of-32-bits", "the scatter multiplies slot and row width in 32 bits (B47)",
                   "vllm-project/vllm#50483"},
    KernelTwinText{KernelTwin::pad_is_an_index, "pad-is-an-index", "the scatter takes PAD for row -1, before the buffer (B40)",
                   "vllm-project/vllm#43810"},
    KernelTwinText{KernelTwin::pad_is_the_last_row, "pad-is-the-last-row", "the scatter takes PAD for the last row (B40)",
                   "vllm-project/vllm#43810"},
    KernelTwinText{KernelTwin::slots_of_group_zero, "slots-of-group-zero",
                   "the scatter takes group 0's slots for the capture group's (B02)", "vllm-project/vllm#35744"},
    KernelTwinText{KernelTwin::packed_stride, "packed-stride", "the capture writes with the stride of routed and shared experts (B14)",
                   "flashinfer-ai/flashinfer#4894"},
    KernelTwinText{KernelTwin::rows_from_zero, "rows-from-zero", "the capture takes a rank's rows from row 0 of a gather (B04)",
                   "vllm-project/vllm#37857"},
    KernelTwinText{KernelTwin::rows_from_running_sum, "rows-from-running-sum",
                   "the capture takes a rank's rows from a running sum, though the gather pads (B05)", "vllm-project/vllm#43737"},
};

struct OffsetOf32Bits : ScatterRule {
    static constexpr std::int64_t offset(std::int64_t slot, std::int64_t row_width) {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(slot) * static_cast<std::uint32_t>(row_width));
    }
};
static_assert(OffsetOf32Bits::offset(5'592'406, 384) == 2'147'483'904 - (std::int64_t{1} << 32));

struct PadIsAnIndex : ScatterRule {
    static constexpr bool skips(std::int64_t) { return false; }
};

struct PadIsTheLastRow : ScatterRule {
    static constexpr bool skips(std::int64_t) { return false; }
    static constexpr std::int64_t row(std::int64_t slot, std::int64_t row_count) { return slot < 0 ? slot + row_count : slot; }
};

struct SlotsOfGroupZero : ScatterRule {
    static constexpr std::int64_t group(std::int64_t) { return 0; }
};

struct PackedStride : LayerCaptureRule {
    static constexpr std::int64_t columns(const LayerShape& shape) { return shape.topk + shape.shared; }
};

struct RowsFromZero : LayerCaptureRule {
    static constexpr std::int64_t first_row(const RowRange&) { return 0; }
};

struct RowsFromRunningSum : LayerCaptureRule {
    static constexpr std::int64_t first_row(const RowRange& range) { return range.counted_before; }
};

// Calls with the rule that a twin stands for; the right one for the other kernel's twins.
template <class Use>
constexpr void with_scatter_rule(KernelTwin twin, Use use) {
    if (twin == KernelTwin::offset_of_32_bits) use(OffsetOf32Bits{});
    else if (twin == KernelTwin::pad_is_an_index) use(PadIsAnIndex{});
    else if (twin == KernelTwin::pad_is_the_last_row) use(PadIsTheLastRow{});
    else if (twin == KernelTwin::slots_of_group_zero) use(SlotsOfGroupZero{});
    else use(ScatterRule{});
}

template <class Use>
constexpr void with_capture_rule(KernelTwin twin, Use use) {
    if (twin == KernelTwin::packed_stride) use(PackedStride{});
    else if (twin == KernelTwin::rows_from_zero) use(RowsFromZero{});
    else if (twin == KernelTwin::rows_from_running_sum) use(RowsFromRunningSum{});
    else use(LayerCaptureRule{});
}

}  // namespace kv
