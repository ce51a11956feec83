// Neighbouring ids that one thread moves at a time, and their way into a narrower type.
#pragma once

#include <cstdint>
#include <type_traits>

namespace kv {

template <class Id, int count>
struct IdPack {
    Id ids[count];
};

// What a move finds wrong. Each thread has its own and adds it up at its end.
struct Tally {
    std::int64_t overflow_count = 0;  // Ids that the narrow type cannot hold; their elements keep what they held.
    std::int64_t bad_row_count = 0;   // Rows outside a buffer, for which nothing was moved.
};

template <class Narrow, class Id>
constexpr bool fits(Id id) {
    return static_cast<Id>(static_cast<Narrow>(id)) == id;
}
static_assert(fits<std::uint8_t>(255) && !fits<std::uint8_t>(256) && !fits<std::uint8_t>(-1) && fits<std::int32_t>(-1));

// The bits that are lost on the way: 0 where the id fits. Unlike a comparison, they can be gathered without a branch.
template <class Narrow, class Id>
constexpr std::make_unsigned_t<Id> lost_bits(Id id) {
    return static_cast<std::make_unsigned_t<Id>>(static_cast<Id>(static_cast<Narrow>(id)) ^ id);
}

// Plain loads and stores, of any alignment.
struct PlainAccess {
    template <int count, class Id>
    static constexpr IdPack<std::remove_const_t<Id>, count> load(Id* from) {
        IdPack<std::remove_const_t<Id>, count> pack;
        for (int i = 0; i < count; ++i) pack.ids[i] = from[i];
        return pack;
    }
    template <int count, class Id>
    static constexpr void store(Id* to, const IdPack<Id, count>& pack) {
        for (int i = 0; i < count; ++i) to[i] = pack.ids[i];
    }
};

template <class Access, int count, class Id>
constexpr void put(const IdPack<Id, count>& pack, Id* to, Tally&) {
    Access::store(to, pack);
}

// An id that the narrow type cannot hold leaves its element as it was, and is counted.
template <class Access, int count, class Id, class Narrow>
constexpr void put(const IdPack<Id, count>& pack, Narrow* to, Tally& tally) {
    IdPack<Narrow, count> narrow;
    std::make_unsigned_t<Id> lost = 0;
    for (int i = 0; i < count; ++i) {
        narrow.ids[i] = static_cast<Narrow>(pack.ids[i]);
        lost |= lost_bits<Narrow>(pack.ids[i]);
    }
    if (lost == 0) {
        Access::store(to, narrow);
        return;
    }
    for (int i = 0; i < count; ++i) {
        if (fits<Narrow>(pack.ids[i])) to[i] = narrow.ids[i];
        else ++tally.overflow_count;
    }
}

}  // namespace kv
