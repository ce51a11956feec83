// As much of the CUDA runtime as the device files of kernels/ use, on the host: memory is the host's, a stream does at once what it is
// given, the threads of a launch run one after another, and a capture keeps what a graph will repeat. So everything about a device run that
// is no race and no speed is tested where there is no device: what is laid where, what a replay reads anew, which copy waits for what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <tuple>
#include <vector>

#define __global__
#define __device__
#define __launch_bounds__(threads)

struct uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct dim3 {
    constexpr dim3(unsigned count = 1) : x(count) {}
    unsigned x;
};
inline dim3 blockDim, gridDim;
inline dim3 blockIdx(0), threadIdx(0);

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorInsufficientDriver, cudaErrorStreamCaptureIsolation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal };
inline constexpr unsigned cudaHostAllocPortable = 1, cudaHostAllocMapped = 2, cudaStreamNonBlocking = 1, cudaEventDefault = 0,
                          cudaEventDisableTiming = 2;

namespace kv::emulated {

using Work = std::function<void()>;
using Graph = std::vector<Work>;
struct Stream {
    Graph* capture = nullptr;  // Where its work goes while a capture is on that it has joined.
};
struct Event {
    Graph* capture = nullptr;  // Of the stream that recorded it.
};
inline std::vector<Stream*> streams;

template <class Do>
cudaError_t give(Stream* stream, Do work) {
    if (stream != nullptr && stream->capture != nullptr) stream->capture->push_back(work);
    else work();
    return cudaSuccess;
}

}  // namespace kv::emulated

using cudaStream_t = kv::emulated::Stream*;
using cudaEvent_t = kv::emulated::Event*;
using cudaGraph_t = kv::emulated::Graph*;
using cudaGraphExec_t = kv::emulated::Graph*;

inline const char* cudaGetErrorString(cudaError_t status) {
    return status == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}

// Filled, so that a read of what nobody wrote is no zero by chance.
inline cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
    constexpr std::size_t alignment = 256;
    *memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (*memory == nullptr) return cudaErrorMemoryAllocation;
    std::memset(*memory, 0x7e, bytes);
    return cudaSuccess;
}
inline cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) { return cudaMalloc(memory, bytes); }
inline void cudaFree(void* memory) { std::free(memory); }
inline void cudaFreeHost(void* memory) { std::free(memory); }

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    kv::emulated::streams.push_back(*stream = new kv::emulated::Stream);
    return cudaSuccess;
}
inline void cudaStreamDestroy(cudaStream_t stream) {
    std::erase(kv::emulated::streams, stream);
    delete stream;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    *event = new kv::emulated::Event;
    return cudaSuccess;
}
inline void cudaEventDestroy(cudaEvent_t event) { delete event; }
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    event->capture = stream == nullptr ? nullptr : stream->capture;
    return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
inline cudaError_t cudaEventElapsedTime(float* time, cudaEvent_t, cudaEvent_t) {
    *time = 1;  // Nothing here takes a time that would mean anything.
    return cudaSuccess;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                       unsigned) {  // To wait for a captured event is to join its capture.
    if (stream->capture == nullptr) stream->capture = event->capture;
    return stream->capture == event->capture ? cudaSuccess : cudaErrorStreamCaptureIsolation;
}

inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    stream->capture = new kv::emulated::Graph;
    return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = stream->capture;
    for (kv::emulated::Stream* each : kv::emulated::streams)
        if (each->capture == *graph) each->capture = nullptr;
    return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* run, cudaGraph_t graph, unsigned) {
    *run = new kv::emulated::Graph(*graph);
    return cudaSuccess;
}
inline void cudaGraphDestroy(cudaGraph_t graph) { delete graph; }
inline void cudaGraphExecDestroy(cudaGraphExec_t run) { delete run; }
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t run, cudaStream_t) {
    for (const kv::emulated::Work& work : *run) work();
    return cudaSuccess;
}

inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
    return kv::emulated::give(stream, [=] { std::memcpy(to, from, bytes); });
}
inline cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
inline cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
    return kv::emulated::give(stream, [=] { std::memset(memory, value, bytes); });
}
inline cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) { return cudaMemsetAsync(memory, value, bytes, nullptr); }

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    cudaStream_t stream = nullptr;
};
template <class... Parameters>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Parameters... arguments) {
    return kv::emulated::give(config->stream, [=, grid = config->gridDim, block = config->blockDim] {
        gridDim = grid;
        blockDim = block;
        for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x)
            for (threadIdx.x = 0; threadIdx.x < block.x; ++threadIdx.x) kernel(arguments...);
    });
}

template <class Word>
Word __ldcs(const Word* from) {
    return *from;
}
template <class Word>
void __stcs(Word* to, Word word) {
    *to = word;
}
inline unsigned long long atomicAdd(unsigned long long* sum, unsigned long long more) {
    const unsigned long long before = *sum;
    *sum += more;
    return before;
}

struct cudaDeviceProp {
    char name[16] = "emulated";
    int major = 0, minor = 0, l2CacheSize = 1 << 20, multiProcessorCount = 1;
};
inline cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    *properties = {};
    return cudaSuccess;
}
inline cudaError_t cudaDriverGetVersion(int* version) {
    *version = 0;
    return cudaSuccess;
}
inline cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = 13'000;
    return cudaSuccess;
}
inline cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {  // Too little for the pool that passes 2^31.
    *free = *total = std::size_t{1} << 30;
    return cudaSuccess;
}
