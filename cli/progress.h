// How far long work has come, on a terminal: a line that is drawn over and gone at the end. Nothing where nobody looks, and nothing of
// work that is done soon.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

namespace kv::cli {

class Progress {
public:
    // "3 of 74 scenarios"
    Progress(std::string what, std::size_t all);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void one_done() { done_.fetch_add(1, std::memory_order_relaxed); }  // From any thread.

private:
    void draw(const std::stop_token& stop);

    std::string what_;
    std::size_t all_;
    std::atomic<std::size_t> done_{0};
    std::mutex mutex_ = {};
    std::condition_variable_any woken_ = {};
    std::jthread drawer_ = {};  // The last: it uses all others.
};

}  // namespace kv::cli
