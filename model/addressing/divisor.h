// A divisor that is known before a loop: quotients of positions cost a multiplication each, whether or not it is a power of two.
#pragma once

#include "model/contract.h"

#include <cstdint>
#include <limits>

namespace kv {

class Divisor {
public:
    constexpr explicit Divisor(std::int64_t value)
        : value_(value),
          reciprocal_(value > 1 ? std::numeric_limits<std::uint64_t>::max() / static_cast<std::uint64_t>(value) + 1 : 0),
          multiplies_below_(1 < value && value < two_to_32 ? two_to_32 : 0) {
        require(value > 0, "a divisor is positive");
    }

    constexpr std::int64_t value() const { return value_; }

    // Whether `multiplied` gives the quotient: for what is neither negative nor past 32 bits.
    constexpr bool multiplies(std::int64_t dividend) const { return static_cast<std::uint64_t>(dividend) < multiplies_below_; }

    // With a reciprocal of 2^64 / value rounded up, the product is too large by less than dividend x value / 2^64. Below 2^32 both, that
    // is less than the 1 / value that lies between an integer quotient and the next. The reciprocal of 1 would not fit.
    constexpr std::int64_t multiplied(std::int64_t dividend) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::int64_t>(static_cast<Wide>(static_cast<std::uint64_t>(dividend)) * reciprocal_ >> 64);
    }

    constexpr std::int64_t quotient(std::int64_t dividend) const {  // Of what is not negative.
        return multiplies(dividend) ? multiplied(dividend) : dividend / value_;
    }

private:
    static constexpr std::int64_t two_to_32 = std::int64_t{1} << 32;
    std::int64_t value_;
    std::uint64_t reciprocal_;
    std::uint64_t multiplies_below_;
};

static_assert(Divisor(1).quotient(4'294'967'295) == 4'294'967'295);
static_assert(Divisor(3).quotient(4'294'967'295) == 1'431'655'765 && Divisor(3).quotient(4'294'967'294) == 1'431'655'764);
static_assert(Divisor(16).quotient(15) == 0 && Divisor(16).quotient(16) == 1);

}  // namespace kv
