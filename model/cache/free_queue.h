// The free blocks of a pool in the order in which they are handed out, as a ring of ids: nothing is linked, so an aged pool costs no
// chain of cache misses. A block that is taken out of the middle leaves a gap that is passed over; gaps are squeezed out when the ring
// is full, which happens at most once in a quarter as many calls as there are blocks.
#pragma once

#include "model/contract.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kv {

class FreeQueue {
public:
    explicit FreeQueue(std::uint32_t blocks) : ring_(std::bit_ceil(std::size_t{blocks} + blocks / 4 + 1)), mask_(ring_.size() - 1) {}

    std::uint32_t size() const { return size_; }

    // The first id, which is there. `moved(id, place)` is told of ids that got another place, here and below.
    std::uint32_t pop_front() {
        while (ring_[head_ & mask_] == gap) ++head_;
        --size_;
        return ring_[head_++ & mask_];
    }

    // The id that will come out after `ahead` more places: a hint for who wants to have it in the cache by then.
    std::uint32_t peek(std::size_t ahead) const { return ring_[(head_ + ahead) & mask_]; }

    template <class Moved>
    std::uint32_t push_back(std::uint32_t id, Moved&& moved) {
        if (tail_ - head_ == ring_.size()) squeeze(moved);
        ring_[tail_ & mask_] = id;
        ++size_;
        return static_cast<std::uint32_t>(tail_++ & mask_);
    }

    template <class Moved>
    std::uint32_t push_front(std::uint32_t id, Moved&& moved) {
        if (tail_ - head_ == ring_.size()) squeeze(moved);
        ring_[--head_ & mask_] = id;
        ++size_;
        return static_cast<std::uint32_t>(head_ & mask_);
    }

    void remove(std::uint32_t place) {
        require(ring_[place] != gap, "a block that is taken out of the queue is in it");
        ring_[place] = gap;
        --size_;
    }

    template <class See>
    void each(See&& see) const {
        for (std::uint64_t at = head_; at != tail_; ++at)
            if (ring_[at & mask_] != gap) see(ring_[at & mask_]);
    }

    std::size_t bytes() const { return ring_.capacity() * sizeof ring_[0]; }

private:
    static constexpr std::uint32_t gap = 0xFFFF'FFFF;

    template <class Moved>
    void squeeze(Moved&& moved) {
        std::uint64_t to = head_;
        for (std::uint64_t from = head_; from != tail_; ++from) {
            const std::uint32_t id = ring_[from & mask_];
            if (id == gap) continue;
            ring_[to & mask_] = id;
            moved(id, static_cast<std::uint32_t>(to & mask_));
            ++to;
        }
        tail_ = to;
        ensure(tail_ - head_ < ring_.size(), "the ring has more places than there are blocks");
    }

    std::vector<std::uint32_t> ring_;
    std::uint64_t mask_;
    std::uint64_t head_ = std::uint64_t{1} << 62;  // Counted without end, so that the front can move back.
    std::uint64_t tail_ = std::uint64_t{1} << 62;
    std::uint32_t size_ = 0;
};

}  // namespace kv
