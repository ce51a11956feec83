#include "kernels/device_bench.cuh"

#include "kernels/check/draw.h"

#include <numeric>

namespace kv {
namespace {

// Plain loads and stores of a lane: what the streaming ones are compared with.
struct CachedAccess {
    template <int count, class Id>
    static __device__ IdPack<std::remove_const_t<Id>, count> load(Id* from) {
        const auto word = *reinterpret_cast<const Word<count* static_cast<int>(sizeof(Id))>*>(from);
        IdPack<std::remove_const_t<Id>, count> pack;
        memcpy(&pack, &word, sizeof pack);
        return pack;
    }
    template <int count, class Id>
    static __device__ void store(Id* to, const IdPack<Id, count>& pack) {
        Word<count* static_cast<int>(sizeof(Id))> word;
        memcpy(&word, &pack, sizeof word);
        *reinterpret_cast<decltype(word)*>(to) = word;
    }
};

__global__ void fill(std::uint32_t* words, std::int64_t count, std::uint32_t mask) {
    for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += std::int64_t{gridDim.x} * blockDim.x)
        words[i] = (static_cast<std::uint32_t>(i) * 2'654'435'761U >> 7) & mask;
}

__global__ void count_wrong(const std::uint32_t* step, const std::uint32_t* pool, const std::int64_t* slots, std::int64_t rows,
                            std::int64_t width, unsigned long long* wrong) {
    for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x)
        for (std::int64_t i = threadIdx.x; i < width; i += blockDim.x)
            if (step[row * width + i] != pool[slots[row] * width + i]) atomicAdd(wrong, 1ULL);
}

__global__ void nothing() {}

double gigabytes_a_second(double bytes, double milliseconds) { return bytes / milliseconds / 1e6; }

// As many bytes read, and as many written, as half of `bytes`.
double copy_milliseconds(const BenchData& data, cudaStream_t stream, std::int64_t bytes) {
    const auto half = static_cast<std::size_t>(bytes / 2);
    const DeviceMemory from = device_memory(half), to = device_memory(half);
    check(cudaMemsetAsync(from.get(), 0x5a, half, stream), "fill of a copy");
    return median_milliseconds(data, stream,
                               [&] { check(cudaMemcpyAsync(to.get(), from.get(), half, cudaMemcpyDeviceToDevice, stream), "plain copy"); });
}

void require_right_rows(const BenchData& data, std::int64_t width, cudaStream_t stream) {
    unsigned long long wrong = 0;
    auto* const sum = &data.tally()->overflow_count;
    check(cudaMemsetAsync(sum, 0, sizeof wrong, stream), "clear of a count");
    launch({.blocks = 4096, .threads = 128}, stream, count_wrong, data.step_rows<std::uint32_t>(), data.pool_rows<std::uint32_t>(),
           data.slot_list(), bench_rows, width, sum);
    check(cudaMemcpyAsync(&wrong, sum, sizeof wrong, cudaMemcpyDeviceToHost, stream), "copy of a count");
    check(cudaStreamSynchronize(stream), "the check of the measured rows");
    if (wrong != 0) throw DeviceError("the scatter that was measured left " + std::to_string(wrong) + " wrong words");
}

// Rows that stay as they are: checked against a plain copy of the same bytes, and against the kernel that checks nothing.
void add_row_figures(KernelFigures& figures, std::int64_t row_bytes, double ratio_min, cudaStream_t stream) {
    if (device_facts().free_bytes < bench_rows * row_bytes * 6) {  // Step, twice as many rows of a pool, both sides of a copy, and more.
        figures.push_back(
            {.id = "device/scatter-" + std::to_string(row_bytes), .what = "not measured: the device has too little memory free"});
        return;
    }
    const BenchData data(row_bytes, row_bytes);
    const std::int64_t width = row_bytes / 4;
    const CheckedRows<std::uint32_t> checked{.ids = data.pool_rows<std::uint32_t>(), .row_count = bench_pool_rows};
    const TrustedRows<std::uint32_t> trusted{.ids = data.pool_rows<std::uint32_t>()};
    const std::int64_t bytes = bench_rows * (2 * row_bytes + 8);  // Read, written, and the slots.
    const double copy = copy_milliseconds(data, stream, bytes);
    const auto time = [&](auto launch) { return median_milliseconds(data, stream, launch); };
    const double of_checked = time([&] { launch_bench_scatter<StreamingAccess, 4, 4, std::uint32_t>(data, width, checked, stream); });
    require_right_rows(data, width, stream);
    const double of_trusted = time([&] { launch_bench_scatter<StreamingAccess, 4, 4, std::uint32_t>(data, width, trusted, stream); });
    const std::string size = std::to_string(row_bytes);
    const auto bandwidth = [&](const std::string& id, const std::string& what, double took, std::optional<double> least) {
        figures.push_back({.id = "device/" + id + "-" + size,
                           .what = what + " of " + size + " bytes, a million to shuffled slots, cold cache",
                           .value = gigabytes_a_second(static_cast<double>(bytes), took),
                           .unit = "GB/s",
                           .ratio = copy / took,
                           .beside = "a plain device copy of the same bytes",
                           .ratio_min = least});
    };
    bandwidth("scatter", "scatter of rows", of_checked, ratio_min);
    figures.push_back({.id = "device/range-check-" + size,
                       .what = "the same, time of the kernel that checks",
                       .value = of_checked,
                       .unit = "ms",
                       .ratio = of_trusted / of_checked,
                       .beside = "the kernel that trusts",
                       .ratio_min = 0.95});
    bandwidth("scatter-2-in-flight", "the same, 2 lanes in flight a thread",
              time([&] { launch_bench_scatter<StreamingAccess, 4, 2, std::uint32_t>(data, width, checked, stream); }), {});
    bandwidth("scatter-8-in-flight", "the same, 8 lanes in flight a thread",
              time([&] { launch_bench_scatter<StreamingAccess, 4, 8, std::uint32_t>(data, width, checked, stream); }), {});
    bandwidth("scatter-cached", "the same, through the caches",
              time([&] { launch_bench_scatter<CachedAccess, 4, 4, std::uint32_t>(data, width, checked, stream); }), {});
}

void add_narrowing_figure(KernelFigures& figures, cudaStream_t stream) {
    constexpr std::int64_t width = 384;
    const BenchData data(width * 4, width);
    const std::int64_t bytes = bench_rows * (width * 5 + 8);
    const double copy = copy_milliseconds(data, stream, bytes);
    const CheckedRows<std::uint8_t> checked{.ids = data.pool_rows<std::uint8_t>(), .row_count = bench_pool_rows};
    const double took =
        median_milliseconds(data, stream, [&] { launch_bench_scatter<StreamingAccess, 4, 4, std::int32_t>(data, width, checked, stream); });
    figures.push_back({.id = "device/scatter-int32-to-uint8",
                       .what = "scatter of rows of 384 ids, narrowed from int32 to uint8",
                       .value = gigabytes_a_second(static_cast<double>(bytes), took),
                       .unit = "GB/s",
                       .ratio = copy / took,
                       .beside = "a plain device copy of the same bytes"});
}

// A step's rows are too few to speak of bandwidth: their time beside that of a kernel that does nothing.
void add_step_figure(KernelFigures& figures, cudaStream_t stream) {
    constexpr std::int64_t rows = 8192, row_bytes = 768;
    const BenchData data(row_bytes, row_bytes);
    const CheckedRows<std::uint32_t> checked{.ids = data.pool_rows<std::uint32_t>(), .row_count = bench_pool_rows};
    const double empty = median_milliseconds(data, stream, [&] { launch({.blocks = 1, .threads = 1}, stream, nothing); });
    const double took = median_milliseconds(
        data, stream, [&] { launch_bench_scatter<StreamingAccess, 4, 4, std::uint32_t>(data, row_bytes / 4, checked, stream, rows); });
    figures.push_back({.id = "device/step-of-8192-rows",
                       .what = "scatter of 8,192 rows of 768 bytes, one step's",
                       .value = took * 1e3,
                       .unit = "us",
                       .ratio = empty / took,
                       .beside = "an empty kernel"});
}

// A step's delta goes to the host on one stream while the next steps compute on another.
void add_overlap_figure(KernelFigures& figures) {
    constexpr std::int64_t row_bytes = 768;
    constexpr std::size_t delta_bytes = std::size_t{256} << 20;
    const BenchData data(row_bytes, row_bytes);
    const CheckedRows<std::uint32_t> checked{.ids = data.pool_rows<std::uint32_t>(), .row_count = bench_pool_rows};
    const Stream compute, copy;
    const DeviceMemory delta = device_memory(delta_bytes);
    const PinnedMemory host = pinned_memory(delta_bytes);
    const Event begin, made, copy_begin, copy_end, compute_end;
    check(cudaMemsetAsync(delta.get(), 0x5a, delta_bytes, compute), "fill of the delta");
    int steps = 1;
    const auto computing = [&] {
        for (int step = 0; step < steps; ++step)
            launch_bench_scatter<StreamingAccess, 4, 4, std::uint32_t>(data, row_bytes / 4, checked, compute);
    };
    const auto copying = [&](cudaStream_t stream) {
        check(cudaMemcpyAsync(host.get(), delta.get(), delta_bytes, cudaMemcpyDeviceToHost, stream), "copy of the delta to the host");
    };
    const double copy_alone = median_milliseconds(data, compute, [&] { copying(compute); });
    steps = std::max(1, static_cast<int>(copy_alone / median_milliseconds(data, compute, computing)));
    const double compute_alone = median_milliseconds(data, compute, computing);

    begin.record(compute);
    made.record(compute);
    check(cudaStreamWaitEvent(copy, made, 0), "cudaStreamWaitEvent");
    copy_begin.record(copy);
    copying(copy);
    copy_end.record(copy);
    computing();
    compute_end.record(compute);
    compute_end.wait();
    copy_end.wait();
    const double together = std::max(milliseconds(begin, compute_end), milliseconds(begin, copy_end));
    const bool began_before_the_end = milliseconds(copy_begin, compute_end) > 0;
    figures.push_back({.id = "device/copy-overlaps-compute",
                       .what = "256 MiB to pinned memory on a second stream while " + std::to_string(steps) +
                               " scatters run; the copy began " + (began_before_the_end ? "before" : "after") + " the compute ended",
                       .value = together,
                       .unit = "ms",
                       .ratio = began_before_the_end ? (copy_alone + compute_alone) / together : 0,
                       .beside = "one after the other, " + std::to_string(copy_alone + compute_alone) + " ms",
                       .ratio_min = 1.2});
}

}  // namespace

BenchData::BenchData(std::int64_t step_row_bytes, std::int64_t pool_row_bytes)
    : slots(device_memory(bench_rows * sizeof(std::int64_t))),
      step(device_memory(static_cast<std::size_t>(bench_rows * step_row_bytes))),
      pool(device_memory(static_cast<std::size_t>(bench_pool_rows * pool_row_bytes))),
      sums(device_memory(sizeof(DeviceTally))) {
    cold_bytes = std::max<std::int64_t>(std::int64_t{256} << 20, 4 * device_facts().cache_bytes);
    cold = device_memory(static_cast<std::size_t>(cold_bytes));
    std::vector<std::int64_t> order(bench_pool_rows);
    std::iota(order.begin(), order.end(), std::int64_t{0});
    Draw(11).shuffle(order);
    const bool narrows = step_row_bytes != pool_row_bytes;  // Then the ids must fit the narrow type.
    launch({.blocks = 4096, .threads = 256}, nullptr, fill, reinterpret_cast<std::uint32_t*>(step.get()), bench_rows * step_row_bytes / 4,
           narrows ? 0x7fU : 0xffffffffU);
    check(cudaMemcpy(slots.get(), order.data(), bench_rows * sizeof(std::int64_t), cudaMemcpyHostToDevice), "copy of the slots");
    check(cudaMemset(sums.get(), 0, sizeof(DeviceTally)), "clear of the counts");
    check(cudaDeviceSynchronize(), "the data of a benchmark");
}

KernelFigures device_figures() {
    KernelFigures figures;
    const Stream stream;
    add_row_figures(figures, 384, 0.75, stream);
    for (const std::int64_t row_bytes : {512, 768, 1536}) add_row_figures(figures, row_bytes, 0.85, stream);
    add_narrowing_figure(figures, stream);
    add_step_figure(figures, stream);
    add_overlap_figure(figures);
    return figures;
}

}  // namespace kv
