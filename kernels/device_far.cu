// A real pool whose byte offsets pass 2^31.
#include "kernels/device_kernels.cuh"
#include "kernels/scatter_body.h"
#include "kernels/step.h"
#include "kernels/twins.h"

namespace kv {
namespace {

__global__ void count_unlike(const uint4* words, std::int64_t word_count, unsigned expected, unsigned long long* count) {
    unsigned long long mine = 0;
    for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < word_count; i += std::int64_t{gridDim.x} * blockDim.x) {
        const uint4 word = words[i];
        for (const unsigned part : {word.x, word.y, word.z, word.w})
            for (unsigned byte = part ^ expected; byte != 0; byte >>= 8) mine += (byte & 0xff) != 0 ? 1 : 0;
    }
    if (mine != 0) atomicAdd(count, mine);
}

}  // namespace

FarAnswer scatter_far_on_device(const FarRows& far, KernelTwin twin) {
    static_assert(FarRows::bytes % 16 == 0 && FarRows::bytes_before % 16 == 0);
    constexpr unsigned poison = std::to_integer<unsigned>(GuardedBytes::poison) * 0x01010101U;
    const Stream stream;
    const DeviceMemory pool = device_memory(FarRows::bytes);
    const DeviceMemory slots = device_memory(far.slots.size() * sizeof(std::int64_t)), step = device_memory(far.step_rows.size());
    const DeviceMemory sums = device_memory(sizeof(DeviceTally) + sizeof(unsigned long long));
    auto* const tally = reinterpret_cast<DeviceTally*>(sums.get());
    auto* const written = reinterpret_cast<unsigned long long*>(tally + 1);
    check(cudaMemsetAsync(pool.get(), std::to_integer<int>(GuardedBytes::poison), FarRows::bytes, stream), "poison of the pool");
    check(cudaMemsetAsync(sums.get(), 0, sizeof(DeviceTally) + sizeof(unsigned long long), stream), "clear of the counts");
    check(cudaMemcpyAsync(slots.get(), far.slots.data(), far.slots.size() * sizeof(std::int64_t), cudaMemcpyHostToDevice, stream),
          "copy of the slots");
    check(cudaMemcpyAsync(step.get(), far.step_rows.data(), far.step_rows.size(), cudaMemcpyHostToDevice, stream), "copy of the step rows");

    auto* const rows = reinterpret_cast<std::uint8_t*>(pool.get()) + FarRows::bytes_before;
    const auto token_count = static_cast<std::int64_t>(far.slots.size());
    const auto launch = [&](auto side_rows, auto rule) {
        const Scatter<std::uint8_t, decltype(side_rows), decltype(rule)> move{
            .shape = {.token_count = token_count, .row_width = FarRows::row_width, .side_row_count = FarRows::row_count},
            .slots = reinterpret_cast<const std::int64_t*>(slots.get()),
            .step_rows = reinterpret_cast<const std::uint8_t*>(step.get()),
            .side_rows = side_rows};
        launch_move<StreamingAccess, 1, 2>(move, token_count, stream, tally);
    };
    // Of the twins only this one stays inside the pool: its offsets lie up to 2^31 before the rows.
    if (twin == KernelTwin::offset_of_32_bits) launch(TrustedRows<std::uint8_t>{.ids = rows}, OffsetOf32Bits{});
    else launch(CheckedRows<std::uint8_t>{.ids = rows, .row_count = FarRows::row_count}, ScatterRule{});
    kv::launch({.blocks = 1024, .threads = 256}, stream, count_unlike, reinterpret_cast<const uint4*>(pool.get()), FarRows::bytes / 16,
               poison, written);

    FarAnswer answer;
    for (const std::int64_t slot : far.slots) {
        if (slot == pad_slot) continue;
        answer.rows.resize(answer.rows.size() + FarRows::row_width);
        check(cudaMemcpyAsync(answer.rows.data() + answer.rows.size() - FarRows::row_width, rows + row_offset(slot, FarRows::row_width),
                              FarRows::row_width, cudaMemcpyDeviceToHost, stream),
              "copy of a row from the device");
        stream.wait();
    }
    unsigned long long count = 0;
    check(cudaMemcpyAsync(&count, written, sizeof count, cudaMemcpyDeviceToHost, stream), "copy of the count");
    stream.wait();
    answer.bytes_written = static_cast<std::int64_t>(count);
    return answer;
}

}  // namespace kv
