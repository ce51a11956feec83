#include "model/capture/block_buffer.h"

#include "model/refusal.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

[[noreturn]] void refuse_rows(std::string_view raised_in, std::string message) {
    refuse({.type = Raised::assertion_error, .raised_in = raised_in, .message = std::move(message)});
}

std::string positions(std::int64_t first, std::int64_t end) { return '[' + std::to_string(first) + ", " + std::to_string(end) + ')'; }

}  // namespace

BlockBuffer::BlockBuffer(const RowSetup& setup, std::int64_t columns)
    : block_rows_(setup.object_rows),
      columns_(columns),
      // A step may leave a block open for each request, and a request one besides.
      blocks_(setup.steps_in_flight_max * (ceil_div(setup.batched_max, setup.object_rows) + setup.running_max) + setup.running_max),
      tails_(static_cast<std::size_t>(setup.requests_max)) {
    rows_.resize(static_cast<std::size_t>(checked_mul(checked_mul(blocks_, block_rows_), columns_)));
    reset();
}

void BlockBuffer::reset() {
    free_.clear();
    for (std::int64_t block = blocks_ - 1; block >= 0; --block) free_.push_back(block);
    std::ranges::fill(tails_, std::nullopt);
}

std::span<RowTag> BlockBuffer::block(std::int64_t pooled) {
    const auto tags = static_cast<std::size_t>(block_rows_ * columns_);
    return std::span(rows_).subspan(static_cast<std::size_t>(pooled) * tags, tags);
}

std::int64_t BlockBuffer::take_block() {
    if (free_.empty()) refuse_rows("RoutedExpertsBuffer", "the pool of " + std::to_string(blocks_) + " blocks is exhausted");
    const std::int64_t taken = free_.back();
    free_.pop_back();
    return taken;
}

BlockBuffer::Tail& BlockBuffer::tail_of(std::int64_t request, std::int64_t start) {
    std::optional<Tail>& tail = tails_[static_cast<std::size_t>(request)];
    if (!tail) tail = Tail{.pooled = take_block(), .start = start};
    else if (tail->start != start)
        refuse_rows("RoutedExpertsBuffer._tail",
                    "block " + std::to_string(start) + " follows on the open block " + std::to_string(tail->start));
    return *tail;
}

void BlockBuffer::capture(std::int64_t request, std::int64_t first, std::span<const RowTag> rows, std::vector<FullBlock>& full) {
    const auto columns = static_cast<std::size_t>(columns_);
    const std::int64_t end = first + std::ssize(rows) / columns_;
    for (std::int64_t position = first; position < end;) {
        const std::int64_t start = position / block_rows_ * block_rows_, offset = position - start;
        const auto from = rows.subspan(static_cast<std::size_t>(position - first) * columns);
        if (!tails_[static_cast<std::size_t>(request)] && offset == 0 && end - position >= block_rows_) {
            full.push_back({.start = start, .rows = from.first(static_cast<std::size_t>(block_rows_) * columns)});
            position += block_rows_;
            continue;
        }
        Tail& tail = tail_of(request, start);
        if (offset != tail.length)
            refuse_rows("RoutedExpertsBuffer.capture",
                        "position " + std::to_string(position) + " follows on " + std::to_string(start + tail.length));
        const std::int64_t count = std::min(block_rows_ - offset, end - position);
        std::ranges::copy(from.first(static_cast<std::size_t>(count) * columns), block(tail.pooled).begin() + offset * columns_);
        tail.length += count;
        position += count;
        if (tail.length < block_rows_) continue;
        full.push_back({.start = start, .pooled = tail.pooled, .rows = block(tail.pooled)});
        tails_[static_cast<std::size_t>(request)].reset();
    }
}

std::span<const RowTag> BlockBuffer::read(std::int64_t request, std::int64_t first, std::int64_t end) const {
    const std::optional<Tail>& tail = tails_[static_cast<std::size_t>(request)];
    if (!tail) refuse_rows("RoutedExpertsBuffer.read", "the request has no open block");
    if (first < tail->start || first >= end || end > tail->start + tail->length)
        refuse_rows("RoutedExpertsBuffer.read",
                    positions(first, end) + " is asked for of " + positions(tail->start, tail->start + tail->length));
    const std::int64_t from = (tail->pooled * block_rows_ + first - tail->start) * columns_;
    return std::span(rows_).subspan(static_cast<std::size_t>(from), static_cast<std::size_t>((end - first) * columns_));
}

FullBlock BlockBuffer::retain(const FullBlock& full) {
    if (full.pooled >= 0) return full;
    const std::int64_t pooled = take_block();
    std::ranges::copy(full.rows, block(pooled).begin());
    return {.start = full.start, .pooled = pooled, .rows = block(pooled)};
}

void BlockBuffer::release(const FullBlock& full) {
    if (full.pooled >= 0) free_.push_back(full.pooled);
}

void BlockBuffer::discard(std::int64_t request) {
    std::optional<Tail>& tail = tails_[static_cast<std::size_t>(request)];
    if (tail) free_.push_back(tail->pooled);
    tail.reset();
}

}  // namespace kv
