// A count knows its unit; only a rate crosses from one unit to another. Arithmetic on sizes never wraps: it throws SizeOverflow,
// which the reader of the user's input turns into a diagnostic that names the numbers.
#pragma once

#include "model/contract.h"

#include <compare>
#include <cstdint>
#include <numeric>
#include <stdexcept>

namespace kv {

class SizeOverflow : public std::runtime_error {
public:
    SizeOverflow(std::int64_t left, char operation, std::int64_t right);
};

[[noreturn]] void throw_overflow(std::int64_t left, char operation, std::int64_t right);

constexpr std::int64_t checked_add(std::int64_t left, std::int64_t right) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(left, right, &sum)) throw_overflow(left, '+', right);
    return sum;
}

constexpr std::int64_t checked_sub(std::int64_t left, std::int64_t right) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(left, right, &difference)) throw_overflow(left, '-', right);
    return difference;
}

constexpr std::int64_t checked_mul(std::int64_t left, std::int64_t right) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(left, right, &product)) throw_overflow(left, '*', right);
    return product;
}

// 7 / 4 is 2. Written without `n + d - 1`, which could wrap.
constexpr std::int64_t ceil_div(std::int64_t count, std::int64_t per) {
    require(count >= 0 && per > 0, "a length is not negative and a rate is positive");
    return count / per + (count % per != 0 ? 1 : 0);
}

constexpr std::int64_t round_up(std::int64_t count, std::int64_t multiple) { return checked_mul(ceil_div(count, multiple), multiple); }

constexpr std::int64_t checked_lcm(std::int64_t a, std::int64_t b) { return a == 0 || b == 0 ? 0 : checked_mul(a / std::gcd(a, b), b); }

template <class Unit>
struct Count {
    std::int64_t value = 0;
    constexpr Count() = default;
    constexpr explicit Count(std::int64_t n) : value(n) {}
    friend constexpr auto operator<=>(Count, Count) = default;
    friend constexpr Count operator+(Count a, Count b) { return Count(checked_add(a.value, b.value)); }
    friend constexpr Count operator-(Count a, Count b) { return Count(checked_sub(a.value, b.value)); }
    constexpr Count& operator+=(Count other) { return *this = *this + other; }
    constexpr Count& operator-=(Count other) { return *this = *this - other; }
};

template <class Top, class Bottom>
struct Rate {
    std::int64_t value = 1;
    constexpr explicit Rate(std::int64_t n) : value(n) { require(n > 0, "a rate is positive"); }
    friend constexpr auto operator<=>(Rate, Rate) = default;
};

using Tokens = Count<struct TokenUnit>;  // A position of a request, counted.
using Slots = Count<struct SlotUnit>;    // A token's place in one group's pool.
using Blocks = Count<struct BlockUnit>;  // What the pool hands out.
using Bytes = Count<struct ByteUnit>;
using Rows = Count<struct RowUnit>;  // Lines of a side buffer, indexed by slot.
using TokensPerBlock = Rate<TokenUnit, BlockUnit>;
using BytesPerBlock = Rate<ByteUnit, BlockUnit>;
using RowsPerBlock = Rate<RowUnit, BlockUnit>;

enum class SlotId : std::int64_t {};  // Ids are enums: `slot + 1` does not compile.
enum class BlockId : std::int32_t {};
enum class LayerId : std::int32_t {};  // A layer's place in ModelLayers::names.
enum class SpecId : std::int32_t {};   // A spec's place in a table of specs.

template <class Top, class Bottom>  // Blocks * TokensPerBlock is Tokens; Blocks * BytesPerBlock is Bytes.
constexpr Count<Top> operator*(Count<Bottom> n, Rate<Top, Bottom> per) {
    return Count<Top>(checked_mul(n.value, per.value));
}

template <class Unit>  // A plain number scales a count without changing its unit: three layers of a page.
constexpr Count<Unit> operator*(std::int64_t times, Count<Unit> n) {
    return Count<Unit>(checked_mul(times, n.value));
}

template <class Top, class Bottom>  // There is no `/`: the caller says which way it rounds.
constexpr Count<Bottom> ceil_div(Count<Top> n, Rate<Top, Bottom> per) {
    return Count<Bottom>(ceil_div(n.value, per.value));
}

template <class Top, class Bottom>
constexpr Count<Bottom> floor_div(Count<Top> n, Rate<Top, Bottom> per) {
    require(n.value >= 0, "a length is not negative");
    return Count<Bottom>(n.value / per.value);
}

}  // namespace kv
