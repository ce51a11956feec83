// Ratios: a fraction of integers as engines state one, and the quotient of two counts as a correctly rounded double.
#pragma once

#include <cstdint>

namespace kv {

struct Fraction {  // In lowest terms only if it was given so; engines give "1/4", never "2/8".
    std::int64_t top = 1;
    std::int64_t bottom = 1;
    friend constexpr bool operator==(Fraction, Fraction) = default;
};

// left / right as Python's `/` on integers gives it: rounded once, to the nearest double (ties to even), also past 2^53.
double exact_quotient(std::int64_t left, std::int64_t right);

}  // namespace kv
