// What the device benchmarks share: data of a scatter large enough to fill the device, and times taken with a cold cache.
#pragma once

#include "kernels/device_kernels.cuh"
#include "kernels/scatter_body.h"

#include <algorithm>
#include <vector>

namespace kv {

inline constexpr std::int64_t bench_rows = std::int64_t{1} << 20, bench_pool_rows = 2 * bench_rows;

struct BenchData {
    DeviceMemory slots, step, pool, sums, cold;
    std::int64_t cold_bytes;

    // Of a million rows; each goes to a row of the pool of its own, far from its neighbours'.
    BenchData(std::int64_t step_row_bytes, std::int64_t pool_row_bytes);

    const std::int64_t* slot_list() const { return reinterpret_cast<const std::int64_t*>(slots.get()); }
    DeviceTally* tally() const { return reinterpret_cast<DeviceTally*>(sums.get()); }
    template <class Id>
    const Id* step_rows() const {
        return reinterpret_cast<const Id*>(step.get());
    }
    template <class Id>
    Id* pool_rows() const {
        return reinterpret_cast<Id*>(pool.get());
    }
};

// The middle of some times of the work, in milliseconds; before each the cache is filled with something else.
template <class Work>
double median_milliseconds(const BenchData& data, cudaStream_t stream, Work work) {
    constexpr int warm_ups = 2, runs = 15;
    const Event begin, end;
    std::vector<double> times;
    for (int run = -warm_ups; run < runs; ++run) {
        check(cudaMemsetAsync(data.cold.get(), run & 0xff, static_cast<std::size_t>(data.cold_bytes), stream), "flush of the cache");
        begin.record(stream);
        work();
        end.record(stream);
        end.wait();
        if (run >= 0) times.push_back(milliseconds(begin, end));
    }
    std::ranges::nth_element(times, times.begin() + runs / 2);
    return times[runs / 2];
}

// Rows of `width` ids as the step has them, narrowed where the pool's type is narrower.
template <class Access, int count, int in_flight, class Id, class SideRows>
void launch_bench_scatter(const BenchData& data, std::int64_t width, SideRows side_rows, cudaStream_t stream,
                          std::int64_t rows = bench_rows) {
    const Scatter<Id, SideRows> move{.shape = {.token_count = rows, .row_width = width, .side_row_count = bench_pool_rows},
                                     .slots = data.slot_list(),
                                     .step_rows = data.step_rows<Id>(),
                                     .side_rows = side_rows};
    launch_move<Access, count, in_flight>(move, rows, stream, data.tally());
}

}  // namespace kv
