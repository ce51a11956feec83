#include "kernels/device.h"

#include "kernels/capture_body.h"
#include "model/contract.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <memory>
#include <string>

namespace kv {
namespace {

void check(cudaError_t status, const char* what) {
    if (status != cudaSuccess) throw DeviceError(std::string(what) + ": " + cudaGetErrorString(status));
}

struct DeviceFree {
    void operator()(void* memory) const { cudaFree(memory); }
};

template <class T>
using DeviceArray = std::unique_ptr<T[], DeviceFree>;

template <class T>
DeviceArray<T> device_array(std::size_t count) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, std::max<std::size_t>(count, 1) * sizeof(T)), "cudaMalloc");
    return DeviceArray<T>(static_cast<T*>(memory));
}

template <class T>
DeviceArray<std::remove_const_t<T>> to_device(std::span<T> values) {
    auto copy = device_array<std::remove_const_t<T>>(values.size());
    check(cudaMemcpy(copy.get(), values.data(), values.size_bytes(), cudaMemcpyHostToDevice), "copy to the device");
    return copy;
}

bool slots_in_bounds(const CaptureStep& step, std::int64_t row_count) {
    return std::ranges::all_of(step.slot_of_token, [&](std::int64_t slot) { return slot == pad_slot || (0 <= slot && slot < row_count); });
}

constexpr unsigned lanes_a_token = 32;  // One warp a row: its lanes touch neighbouring ids.

// Grid-stride: any grid covers all tokens. Each thread counts its own overflows and adds them once.
template <ExpertElement Narrow>
__global__ void capture(CaptureShape shape, const std::int64_t* slot_of_token, const std::int32_t* expert_ids, Narrow* rows,
                        unsigned long long* overflow_count) {
    RawStore<Narrow> store{.rows = rows, .row_width = shape.row_width};
    const std::int64_t tokens_a_pass = std::int64_t{gridDim.x} * blockDim.y;
    for (std::int64_t token = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y; token < shape.token_count; token += tokens_a_pass)
        capture_lane<Narrow>({.token = token, .lane = threadIdx.x, .lane_count = blockDim.x}, shape, slot_of_token, expert_ids, store);
    if (store.overflow_count != 0) atomicAdd(overflow_count, static_cast<unsigned long long>(store.overflow_count));
}

}  // namespace

DeviceAvailability device_available() {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status != cudaSuccess) return {.available = false, .text = std::string("no GPU: ") + cudaGetErrorString(status)};
    if (count == 0) return {.available = false, .text = "no GPU: the driver counts none"};
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, 0), "properties of device 0");
    return {.available = true, .text = properties.name};
}

template <ExpertElement Narrow>
CaptureResult capture_on_device(const CaptureStep& step, std::span<Narrow> rows) {
    require_whole(step);
    require(slots_in_bounds(step, std::ssize(rows) / step.shape.row_width), "a device is given only slots that lie in the rows");

    const auto slots = to_device(step.slot_of_token);
    const auto experts = to_device(step.expert_ids);
    const auto device_rows = to_device(rows);
    const auto overflow_count = device_array<unsigned long long>(1);
    check(cudaMemset(overflow_count.get(), 0, sizeof(unsigned long long)), "clear the overflow count");

    constexpr unsigned tokens_a_block = 8;
    constexpr std::int64_t blocks_max = 65'535;
    const auto blocks = static_cast<unsigned>(std::min(step.shape.token_count / tokens_a_block + 1, blocks_max));
    capture<<<blocks, dim3(lanes_a_token, tokens_a_block)>>>(step.shape, slots.get(), experts.get(), device_rows.get(),
                                                             overflow_count.get());
    check(cudaGetLastError(), "launch of the capture kernel");
    check(cudaMemcpy(rows.data(), device_rows.get(), rows.size_bytes(), cudaMemcpyDeviceToHost), "copy from the device");
    unsigned long long overflows = 0;
    check(cudaMemcpy(&overflows, overflow_count.get(), sizeof overflows, cudaMemcpyDeviceToHost), "copy of the overflow count");
    return {.overflow_count = static_cast<std::int64_t>(overflows)};
}

template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint8_t>);
template CaptureResult capture_on_device(const CaptureStep&, std::span<std::uint16_t>);
template CaptureResult capture_on_device(const CaptureStep&, std::span<std::int32_t>);

}  // namespace kv
