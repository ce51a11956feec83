// Pieces of work that do not know of each other, on several threads. Which thread does which piece makes no difference to anybody.
#pragma once

#include <cstddef>
#include <functional>

namespace kv {

// Calls `work` once for each place below `count`; what a piece throws is thrown here, the first in order.
void in_parallel(std::size_t count, std::size_t threads, const std::function<void(std::size_t place)>& work);

// Threads that this machine runs at a time.
std::size_t hardware_threads();

}  // namespace kv
