// The host loops over the kernel bodies: what CI without a GPU runs, and what a device's answer is compared with, byte for byte.
#pragma once

#include "kernels/capture.h"
#include "kernels/row_offset.h"
#include "kernels/step.h"

#include <span>

namespace kv {

// The scatter alone. Writes nothing outside `rows`, whatever the slots are.
template <ExpertElement Narrow>
CaptureResult capture_on_host(const CaptureStep& step, std::span<Narrow> rows);

extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint8_t>);
extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint16_t>);
extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::int32_t>);

// The scatter of a step buffer that is narrow already: rows of bytes, as they are.
CaptureResult copy_rows_on_host(CaptureShape shape, std::span<const std::int64_t> slot_of_token, std::span<const std::uint8_t> step_rows,
                                std::span<std::uint8_t> rows);

// All kernels of a step, one after the other: capture of every layer, scatter, gather of the delta and its copy, hydration. Nothing is
// read or written outside the buffers; what a faulty twin would have reached is told.
struct HostStep {
    BadRows read;     // Outside the router's output, the step buffer or the cache.
    BadRows written;  // Outside the step buffer, the side buffer, the delta or the prefix.
};
HostStep step_on_host(const StepShape& shape, const StepInput& input, StepBuffers& buffers, KernelTwin twin = KernelTwin::none);

}  // namespace kv
