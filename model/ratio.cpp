#include "model/ratio.h"

#include "model/contract.h"

#include <bit>
#include <cmath>

namespace kv {

double exact_quotient(std::int64_t left, std::int64_t right) {
    require(left >= 0 && right > 0, "a quotient of counts");
    constexpr std::int64_t exact_max = std::int64_t{1} << 53;
    if (left <= exact_max && right <= exact_max) return static_cast<double>(left) / static_cast<double>(right);
    // A quotient of 62 bits, its last bit set when anything was cut off, rounds as the true quotient does: the conversion to
    // double is the only rounding. __int128 is an extension that both compilers have.
    __extension__ using Wide = unsigned __int128;
    const int shift = 126 - static_cast<int>(std::bit_width(static_cast<std::uint64_t>(left)));
    const Wide numerator = static_cast<Wide>(left) << shift;
    const Wide quotient = numerator / static_cast<std::uint64_t>(right);
    const auto high = static_cast<std::uint64_t>(quotient >> 64);
    const int bits =
        high != 0 ? 64 + static_cast<int>(std::bit_width(high)) : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(quotient)));
    const int dropped = bits > 62 ? bits - 62 : 0;
    const bool cut = numerator % static_cast<std::uint64_t>(right) != 0 || (quotient & ((Wide{1} << dropped) - 1)) != 0;
    const auto folded = static_cast<std::uint64_t>(quotient >> dropped) | static_cast<std::uint64_t>(cut);
    return std::ldexp(static_cast<double>(folded), dropped - shift);
}

}  // namespace kv
