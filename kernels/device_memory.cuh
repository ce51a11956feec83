// Memory, streams, events and graphs of a device, given back when their owner goes; and what the driver says when it refuses.
#pragma once

#include "kernels/device.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kv {

inline void check(cudaError_t status, const char* what) {
    if (status != cudaSuccess) throw DeviceError(std::string(what) + ": " + cudaGetErrorString(status));
}

struct FreeDevice {
    void operator()(std::byte* memory) const { cudaFree(memory); }
};
struct FreePinned {
    void operator()(std::byte* memory) const { cudaFreeHost(memory); }
};
using DeviceMemory = std::unique_ptr<std::byte[], FreeDevice>;
using PinnedMemory = std::unique_ptr<std::byte[], FreePinned>;

inline DeviceMemory device_memory(std::size_t bytes) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes), "cudaMalloc");
    return DeviceMemory(static_cast<std::byte*>(memory));
}

inline PinnedMemory pinned_memory(std::size_t bytes) {  // A device reads and writes it at the same address.
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, bytes, cudaHostAllocPortable | cudaHostAllocMapped), "cudaHostAlloc");
    return PinnedMemory(static_cast<std::byte*>(memory));
}

class Stream {
public:
    Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
    ~Stream() { cudaStreamDestroy(stream_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    operator cudaStream_t() const { return stream_; }
    void wait() const { check(cudaStreamSynchronize(stream_), "a kernel or copy on a stream"); }

private:
    cudaStream_t stream_ = nullptr;
};

class Event {
public:
    explicit Event(unsigned flags = cudaEventDefault) { check(cudaEventCreateWithFlags(&event_, flags), "cudaEventCreate"); }
    ~Event() { cudaEventDestroy(event_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    operator cudaEvent_t() const { return event_; }
    void record(cudaStream_t stream) const { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
    void wait() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

private:
    cudaEvent_t event_ = nullptr;
};

inline double milliseconds(const Event& begin, const Event& end) {
    float time = 0;
    check(cudaEventElapsedTime(&time, begin, end), "cudaEventElapsedTime");
    return static_cast<double>(time);
}

struct Grid {
    unsigned blocks;
    unsigned threads;  // Of a block.
};

// By the runtime's function and not by angle brackets, so that the same files compile as plain C++ over an emulated runtime.
template <class... Parameters, class... Arguments>
void launch(Grid grid, cudaStream_t stream, void (*kernel)(Parameters...), const Arguments&... arguments) {
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(grid.blocks);
    config.blockDim = dim3(grid.threads);
    config.stream = stream;
    check(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...), "launch of a kernel");
}

class GraphRun {  // A captured graph that can be launched again and again.
public:
    explicit GraphRun(cudaStream_t stream, auto work) {
        check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        work();
        cudaGraph_t graph = nullptr;
        check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
        const cudaError_t made = cudaGraphInstantiate(&run_, graph, 0);
        cudaGraphDestroy(graph);
        check(made, "cudaGraphInstantiate");
    }
    ~GraphRun() { cudaGraphExecDestroy(run_); }
    GraphRun(const GraphRun&) = delete;
    GraphRun& operator=(const GraphRun&) = delete;
    void launch(cudaStream_t stream) const { check(cudaGraphLaunch(run_, stream), "cudaGraphLaunch"); }

private:
    cudaGraphExec_t run_ = nullptr;
};

}  // namespace kv
