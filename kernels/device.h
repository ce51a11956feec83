// The device run of the capture body. Free of CUDA headers: without nvcc the same functions are there and say why no device can answer.
#pragma once

#include "kernels/capture.h"

#include <span>
#include <stdexcept>
#include <string>

namespace kv {

struct DeviceAvailability {
    bool available;
    std::string text;  // The device's name, or one line on why there is none: what a skipped test prints.
};

DeviceAvailability device_available();

class DeviceError : public std::runtime_error {  // The driver refused, or the device failed.
    using std::runtime_error::runtime_error;
};

// Copies the rows there, scatters, copies them back. The device obeys every slot, so the caller runs the host first and comes here only
// when that recorded no bad write; and no two tokens share a slot, for the device writes in no order.
template <ExpertElement Narrow>
CaptureResult capture_on_device(const CaptureStep& step, std::span<Narrow> rows);

extern template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint8_t>);
extern template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint16_t>);
extern template CaptureResult capture_on_device(const CaptureStep&, std::span<std::int32_t>);

}  // namespace kv
