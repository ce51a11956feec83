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

    // The first `count` ids, which are there, one after another.
    template <class See>
    void pop_front(std::uint32_t count, See&& see) {
        const std::uint32_t* const ring = ring_.data();
        const std::uint64_t mask = mask_;
        std::uint64_t head = head_;
        for (std::uint32_t left = count; left > 0; ++head) {
            const std::uint32_t id = ring[head & mask];
            if (id == gap) continue;
            see(id);
            --left;
        }
        head_ = head;
        size_ -= count;
    }

    // The id that will come out after `ahead` more places: a hint for who wants to have it in the cache by then.
    std::uint32_t peek(std::size_t ahead) const { return ring_[(head_ + ahead) & mask_]; }

    // Room for `count` more ids, at either end. `moved(id, place)` is told of ids that got another place to make it.
    template <class Moved>
    void make_room(std::uint32_t count, Moved&& moved) {
        if (tail_ - head_ + count > ring_.size()) squeeze(moved);
    }

    // One end of the queue, for several ids in a row: there is room for them. `push` answers the id's place.
    enum class Side : std::uint8_t { front, back };
    template <Side side>
    class End {
    public:
        explicit End(FreeQueue& queue)
            : queue_(queue), ring_(queue.ring_.data()), mask_(queue.mask_), at_(side == Side::front ? queue.head_ : queue.tail_) {}
        End(const End&) = delete;
        End& operator=(const End&) = delete;
        ~End() {
            std::uint64_t& end = side == Side::front ? queue_.head_ : queue_.tail_;
            queue_.size_ += static_cast<std::uint32_t>(side == Side::front ? end - at_ : at_ - end);
            end = at_;
        }
        std::uint32_t push(std::uint32_t id) {
            const std::uint64_t place = (side == Side::front ? --at_ : at_++) & mask_;
            ring_[place] = id;
            return static_cast<std::uint32_t>(place);
        }

    private:
        FreeQueue& queue_;
        std::uint32_t* ring_;
        std::uint64_t mask_, at_;
    };
    using Front = End<Side::front>;
    using Back = End<Side::back>;

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
