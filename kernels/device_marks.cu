#include "kernels/device_marks.cuh"

#if __has_include(<nvtx3/nvToolsExtMem.h>)
#include <nvtx3/nvToolsExtMem.h>
#endif

#include <vector>

namespace kv {

#if __has_include(<nvtx3/nvToolsExtMem.h>)

bool pools_can_be_marked() { return true; }

namespace {

nvtxDomainHandle_t domain() {
    static const nvtxDomainHandle_t made = nvtxDomainCreateA("kvproof");
    return made;
}

}  // namespace

void PoolMark::set(PoolPart pool, std::span<const PoolPart> parts) {
    nvtxMemVirtualRangeDesc_t range = {};
    range.size = pool.bytes;
    range.ptr = pool.begin;
    nvtxMemHeapDesc_t heap = {};
    heap.extCompatID = NVTX_EXT_COMPATID_MEM;
    heap.structSize = sizeof heap;
    heap.usage = NVTX_MEM_HEAP_USAGE_TYPE_SUB_ALLOCATOR;
    heap.type = NVTX_MEM_TYPE_VIRTUAL_ADDRESS;
    heap.typeSpecificDescSize = sizeof range;
    heap.typeSpecificDesc = &range;
    heap_ = nvtxMemHeapRegister(domain(), &heap);

    std::vector<nvtxMemVirtualRangeDesc_t> regions;
    for (const PoolPart& part : parts) {
        if (part.bytes == 0) continue;
        nvtxMemVirtualRangeDesc_t region = {};
        region.size = part.bytes;
        region.ptr = part.begin;
        regions.push_back(region);
    }
    nvtxMemRegionsRegisterBatch_t batch = {};
    batch.extCompatID = NVTX_EXT_COMPATID_MEM;
    batch.structSize = sizeof batch;
    batch.regionType = NVTX_MEM_TYPE_VIRTUAL_ADDRESS;
    batch.heap = static_cast<nvtxMemHeapHandle_t>(heap_);
    batch.regionCount = regions.size();
    batch.regionDescElementSize = sizeof(nvtxMemVirtualRangeDesc_t);
    batch.regionDescElements = regions.data();
    nvtxMemRegionsRegister(domain(), &batch);
}

void PoolMark::lift() {
    nvtxMemHeapUnregister(domain(), static_cast<nvtxMemHeapHandle_t>(heap_));
    heap_ = nullptr;
}

#else

bool pools_can_be_marked() { return false; }
void PoolMark::set(PoolPart, std::span<const PoolPart>) {}
void PoolMark::lift() {}

#endif

}  // namespace kv
