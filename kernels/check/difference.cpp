#include "kernels/check/step_case.h"

#include <algorithm>
#include <span>

namespace kv {
namespace {

using Bytes = std::span<const std::byte>;

bool all_poison(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == GuardedBytes::poison; });
}

std::string row_difference(const char* buffer, std::int64_t row, Bytes expected, Bytes found) {
    const std::string where = std::string(buffer) + ", row " + std::to_string(row) + ": ";
    if (all_poison(expected)) return where + "was written, and nobody's";
    if (all_poison(found)) return where + "was never written";
    const auto [wanted, got] = std::ranges::mismatch(expected, found);
    return where + "byte " + std::to_string(wanted - expected.begin()) + " is " + std::to_string(std::to_integer<int>(*got)) +
           ", expected " + std::to_string(std::to_integer<int>(*wanted));
}

std::string buffer_difference(const char* buffer, const GuardedBytes& expected, const GuardedBytes& found, std::int64_t row_bytes) {
    if (expected == found) return {};
    if (expected.all().size() != found.all().size()) return std::string(buffer) + ": another size";
    const Bytes wanted = expected.payload(), got = found.payload();
    for (std::int64_t row = 0; row < std::ssize(wanted) / row_bytes; ++row) {
        const auto begin = static_cast<std::size_t>(row * row_bytes), size = static_cast<std::size_t>(row_bytes);
        if (!std::ranges::equal(wanted.subspan(begin, size), got.subspan(begin, size)))
            return row_difference(buffer, row, wanted.subspan(begin, size), got.subspan(begin, size));
    }
    const bool before =
        std::ranges::any_of(found.all().first(GuardedBytes::guard_bytes), [](std::byte b) { return b != GuardedBytes::guard; });
    return std::string(buffer) + ": the guard zone " + (before ? "before" : "behind") + " it was written";
}

}  // namespace

std::string first_difference(const StepFrame& frame, const StepBuffers& expected, const StepBuffers& found) {
    const std::int64_t step_bytes = frame.shape.row_width() * bytes_of(frame.shape.step_type);
    const std::int64_t side_bytes = frame.shape.row_width() * bytes_of(frame.shape.side_type);
    for (const std::string& difference : {buffer_difference("step buffer", expected.step, found.step, step_bytes),
                                          buffer_difference("side buffer", expected.side, found.side, side_bytes),
                                          buffer_difference("delta", expected.delta, found.delta, step_bytes),
                                          buffer_difference("prefix", expected.prefix, found.prefix, side_bytes)})
        if (!difference.empty()) return difference;
    if (expected.delivered != found.delivered) return "delivered delta: not the delta's bytes";
    if (expected.tally.overflow_count != found.tally.overflow_count)
        return "ids counted as too large: " + std::to_string(found.tally.overflow_count) + ", expected " +
               std::to_string(expected.tally.overflow_count);
    if (expected.tally.bad_row_count != found.tally.bad_row_count)
        return "rows outside a buffer: " + std::to_string(found.tally.bad_row_count) + ", expected " +
               std::to_string(expected.tally.bad_row_count);
    return {};
}

}  // namespace kv
