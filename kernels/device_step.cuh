// The kernels of one step, put on a rank's streams: what a graph captures and what runs without one.
#pragma once

#include "kernels/device_pool.cuh"
#include "kernels/hydration_body.h"

namespace kv {

struct StepStreams {
    cudaStream_t compute, copy;
    cudaEvent_t delta_made, delta_copied;
};

struct StepMemory {
    const StepShape& shape;
    const StepPlaces& places;
    std::byte* pool;
    const std::byte* cache;  // Pinned, on the host.
    std::byte* delivered;    // Pinned, on the host.

    template <class Id>
    Id* ids(StepPlaces::Part part) const {
        return reinterpret_cast<Id*>(pool + part.offset);
    }
    template <class Id>
    Id* rows(StepPlaces::Part guarded) const {
        return reinterpret_cast<Id*>(pool + guarded.offset + GuardedBytes::guard_bytes);
    }
    DeviceTally* tally() const { return ids<DeviceTally>(places.tally); }
};

// Captures of all layers, scatter, gather; the copy of the delta on the second stream, while hydration goes on on the first.
void launch_step(const StepMemory& memory, const StepStreams& streams, DeviceLaunch launch);

}  // namespace kv
