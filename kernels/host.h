// The host loop over the capture body: what CI without a GPU runs, and what a device's answer is compared with, byte for byte.
#pragma once

#include "kernels/capture.h"

#include <span>

namespace kv {

// Writes nothing outside `rows`, whatever the slots are.
template <ExpertElement Narrow>
CaptureResult capture_on_host(const CaptureStep& step, std::span<Narrow> rows);

extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint8_t>);
extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint16_t>);
extern template CaptureResult capture_on_host(const CaptureStep&, std::span<std::int32_t>);

}  // namespace kv
