// Whole numbers from a seed: the same on every machine and with every library. SplitMix64, by Sebastiano Vigna (public domain).
#pragma once

#include "model/contract.h"
#include "scenarios/table_reader.h"

#include <cstdint>

namespace kv {

class SeededDraw {
public:
    explicit constexpr SeededDraw(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t bits() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }

    // 0 to end - 1. Bits that would favour small numbers are thrown away.
    constexpr std::int64_t below(std::int64_t end) {
        require(end > 0, "there is a number to draw");
        const auto range = static_cast<std::uint64_t>(end);
        const std::uint64_t uneven = (UINT64_MAX % range + 1) % range;
        std::uint64_t drawn = bits();
        while (drawn < uneven) drawn = bits();
        return static_cast<std::int64_t>(drawn % range);
    }
    constexpr std::int64_t between(std::int64_t least, std::int64_t most) { return least + below(most - least + 1); }
    constexpr bool happens(Share share) { return below(share.of) < share.part; }

private:
    std::uint64_t state_;
};

}  // namespace kv
