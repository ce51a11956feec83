// Tells a checker of memory which parts of a pool are in use, through the NVTX memory interface: a write inside the pool and outside its
// parts is then seen. Without a tool attached the calls do nothing; without the interface's header they are not there.
#pragma once

#include <cstddef>
#include <span>

namespace kv {

bool pools_can_be_marked();

struct PoolPart {
    const std::byte* begin;
    std::size_t bytes;
};

// The pool is marked from here until `lift`. The CUDA runtime must be up.
class PoolMark {
public:
    void set(PoolPart pool, std::span<const PoolPart> parts);
    void lift();

private:
    void* heap_ = nullptr;
};

}  // namespace kv
