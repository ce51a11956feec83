// The device runs of the kernel bodies. Free of CUDA headers: without nvcc the same functions are there and say why no device can answer.
#pragma once

#include "kernels/figures.h"
#include "kernels/step.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace kv {

struct DeviceAvailability {
    bool available;
    std::string text;  // The device's name, or one line on why there is none: what a skipped test prints.
};
DeviceAvailability device_available();

struct DeviceFacts {
    std::string name, driver, runtime;  // Versions as "13.0".
    std::string compute;                // As "9.0".
    std::int64_t memory_bytes = 0, free_bytes = 0, cache_bytes = 0, multiprocessors = 0;
    bool pools_marked = false;  // The build found the NVTX memory interface, so a checker sees sub-allocations of a pool.
};
DeviceFacts device_facts();

class DeviceError : public std::runtime_error {  // The driver refused, or the device failed.
    using std::runtime_error::runtime_error;
};

enum class RowChecks : std::uint8_t {
    checked,  // A row outside its buffer is counted and left out.
    trusted   // Every row is obeyed, as engines do. For inputs with which the host recorded nothing outside the guard zones.
};
struct DeviceLaunch {
    RowChecks checks = RowChecks::checked;
    KernelTwin twin = KernelTwin::none;  // Twins trust; they exist for int32 routers and uint8 buffers.
};

// One rank on a stream of its own, with a second one for the copy to the host. All memory is taken once.
class DeviceRank {
public:
    DeviceRank();
    ~DeviceRank();
    DeviceRank(const DeviceRank&) = delete;
    DeviceRank& operator=(const DeviceRank&) = delete;

    // Starts a step and returns while it runs; `finish` waits for it. Launched kernel by kernel.
    void begin(const StepShape& shape, const StepInput& input, const StepBuffers& before, DeviceLaunch launch = {});
    // The same from a CUDA graph. It is captured at the first call and whenever the shape is another one; else it is replayed, and what
    // changed (row ranges, slots, spans, ids) only lies at the same addresses.
    void begin_graph(const StepShape& shape, const StepInput& input, const StepBuffers& before);
    void finish(StepBuffers& after);
    std::int64_t graphs_captured() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// uint8 rows of 384 ids in a pool of more than 3 GiB behind 2 GiB that nobody may write: a few are scattered to slots whose byte offset
// passes 2^31.
struct FarRows {
    std::vector<std::int64_t> slots;
    std::vector<std::uint8_t> step_rows;
    static constexpr std::int64_t row_width = 384;
    static constexpr std::int64_t row_count = 9'000'000;
    static constexpr std::int64_t bytes_before = std::int64_t{1} << 31;
    static constexpr std::int64_t bytes = bytes_before + row_count * row_width;
};
struct FarAnswer {
    std::vector<std::uint8_t> rows;  // As the slots name them.
    std::int64_t bytes_written = 0;  // Of the whole pool, those that changed.
};
FarAnswer scatter_far_on_device(const FarRows& far, KernelTwin twin);

// Bandwidth of the scatter beside a plain copy, cost of the range check, overlap of the copy to the host with compute.
KernelFigures device_figures();

}  // namespace kv
