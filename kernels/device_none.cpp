// Stands in for device.cu where there is no nvcc.
#include "kernels/device.h"

namespace kv {

DeviceAvailability device_available() { return {.available = false, .text = KV_NO_CUDA_REASON}; }

template <ExpertElement Narrow>
CaptureResult capture_on_device(const CaptureStep&, std::span<Narrow>) {
    throw DeviceError(KV_NO_CUDA_REASON);
}

template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint8_t>);
template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint16_t>);
template CaptureResult capture_on_device(const CaptureStep&, std::span<std::int32_t>);

}  // namespace kv
