// A fixed workload driven through a cache manager by the loop of a small scheduler, and what a real engine did with it.
#pragma once

#include "model/cache/cache_manager.h"
#include "scenarios/workload_csv.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct CacheWork {
    std::int64_t calls = 0;  // Lookups, allocations and frees.
    std::int64_t hit_tokens = 0, block_ids = 0, preemptions = 0, free = 0;
    std::size_t evictions = 0;
    std::uint64_t checksum = 0;                    // FNV-1a over the ids that allocations returned, in order.
    std::chrono::nanoseconds loop{0}, hashing{0};  // Of this thread's time: the whole loop, and what of it is token hashing.
    double calls_per_second() const { return static_cast<double>(calls) / std::chrono::duration<double>(loop - hashing).count(); }
};

enum class CacheGroups { one, four };  // One full group; or with three windows of 512 tokens beside it.

// All requests have arrived before the first step.
CacheWork drive(const Engine& engine, CacheGroups groups, std::span<const WorkloadRequest> requests);

struct RecordedWork {
    std::string engine, variant, checksum;  // "0.18.0", "one", sixteen digits of hexadecimal.
    std::size_t requests = 0;
    double calls_per_second = 0;  // Of the real engine in Python.
    std::int64_t hit_tokens = 0, block_ids = 0, evictions = 0, free = 0;
};
std::vector<RecordedWork> recorded_work(const std::string& file);

// The thread's own time: what else runs on the machine does not count.
std::chrono::nanoseconds thread_time();

const Engine& released(std::string_view name);

}  // namespace kv
