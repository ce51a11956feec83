#include "harness/in_parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace kv {

void in_parallel(std::size_t count, std::size_t threads, const std::function<void(std::size_t place)>& work) {
    std::vector<std::exception_ptr> thrown(count);
    std::atomic<std::size_t> next{0};
    const auto serve = [&] {
        for (std::size_t place = next++; place < count; place = next++) {
            try {
                work(place);
            } catch (...) {
                thrown[place] = std::current_exception();  // Thrown again where somebody can catch it.
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t thread = 1; thread < std::min(threads, count); ++thread) others.emplace_back(serve);
        serve();
    }
    for (const std::exception_ptr& each : thrown)
        if (each) std::rethrow_exception(each);
}

std::size_t hardware_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace kv
