#include "cli/progress.h"

#include "cli/output.h"

#include <chrono>
#include <unistd.h>
#include <utility>

namespace kv::cli {
namespace {

constexpr std::chrono::seconds soon{2};  // Until then nothing is drawn.
constexpr std::chrono::milliseconds between{200};
constexpr const char* erase_line = "\r\033[K";

}  // namespace

Progress::Progress(std::string what, std::size_t all) : what_(std::move(what)), all_(all) {
    if (::isatty(STDERR_FILENO) == 1) drawer_ = std::jthread([this](const std::stop_token& stop) { draw(stop); });
}

Progress::~Progress() {
    drawer_.request_stop();
    if (drawer_.joinable()) drawer_.join();
}

void Progress::draw(const std::stop_token& stop) {
    const auto waited_out = [&](auto time) {
        std::unique_lock lock(mutex_);
        woken_.wait_for(lock, stop, time, [] { return false; });
        return !stop.stop_requested();
    };
    if (!waited_out(soon)) return;
    do {
        complain(erase_line + std::to_string(done_.load(std::memory_order_relaxed)) + " of " + std::to_string(all_) + ' ' + what_);
    } while (waited_out(between));
    complain(erase_line);
}

}  // namespace kv::cli
