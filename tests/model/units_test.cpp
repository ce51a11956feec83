#include "model/units.h"

#include "model/ratio.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace kv {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

TEST(Units, ATokenCountBecomesBlocksByRoundingUpOnlyWhenATokenIsLeftOver) {
    constexpr TokensPerBlock block{16};
    EXPECT_EQ(ceil_div(Tokens{0}, block), Blocks{0});
    EXPECT_EQ(ceil_div(Tokens{15}, block), Blocks{1});
    EXPECT_EQ(ceil_div(Tokens{16}, block), Blocks{1});
    EXPECT_EQ(ceil_div(Tokens{17}, block), Blocks{2});
    EXPECT_EQ(floor_div(Tokens{31}, block), Blocks{1});
    EXPECT_EQ(ceil_div(Tokens{largest}, TokensPerBlock{largest}), Blocks{1});  // No `n + d - 1` on the way.
}

TEST(Units, ArithmeticThatDoesNotFitNamesItsNumbers) {
    try {
        static_cast<void>(Blocks{largest / 2} * BytesPerBlock{3});
        FAIL() << "the product does not fit";
    } catch (const SizeOverflow& overflow) {
        EXPECT_EQ(std::string(overflow.what()), "4611686018427387903 * 3 does not fit 64 bits");
    }
    EXPECT_THROW(Tokens{largest} + Tokens{1}, SizeOverflow);
    EXPECT_THROW(Tokens{-largest} - Tokens{2}, SizeOverflow);
    EXPECT_EQ(Tokens{largest - 1} + Tokens{1}, Tokens{largest});
    EXPECT_THROW(round_up(largest, 2), SizeOverflow);
    EXPECT_EQ(round_up(largest - 1, 2), largest - 1);
}

TEST(UnitsDeathTest, ARateOfZeroBreaksItsContract) {
    EXPECT_DEATH(TokensPerBlock{0}, "a rate is positive");
    EXPECT_DEATH(static_cast<void>(ceil_div(Tokens{-1}, TokensPerBlock{1})), "a length is not negative");
}

// The nearest double by trying both neighbours of an estimate against the exact integers.
bool is_nearest(double quotient, std::int64_t left, std::int64_t right) {
    __extension__ using Wide = __int128;
    // |q * right - left| scaled by 2^k, where q = mantissa * 2^exponent.
    const auto distance = [&](double candidate) {
        int exponent = 0;
        const double fraction = std::frexp(candidate, &exponent);
        const auto mantissa = static_cast<Wide>(std::ldexp(fraction, 53));
        exponent -= 53;
        // Only exponents that keep both sides in 128 bits are asked for.
        const Wide scaled_left = exponent < 0 ? static_cast<Wide>(left) << -exponent : static_cast<Wide>(left);
        const Wide product = mantissa * right * (exponent > 0 ? Wide{1} << exponent : Wide{1});
        return product > scaled_left ? product - scaled_left : scaled_left - product;
    };
    const double below = std::nextafter(quotient, 0.0), above = std::nextafter(quotient, std::numeric_limits<double>::infinity());
    return distance(quotient) <= distance(below) && distance(quotient) <= distance(above);
}

TEST(ExactQuotient, IsTheNearestDoubleAlsoPastTheIntegersThatADoubleHolds) {
    EXPECT_EQ(exact_quotient(1487, 45), 1487.0 / 45.0);
    EXPECT_EQ(exact_quotient(0, 7), 0.0);
    EXPECT_EQ(exact_quotient(largest, 1), 9223372036854775808.0);
    EXPECT_EQ(exact_quotient((std::int64_t{1} << 53) + 1, 1), 9007199254740992.0);  // A tie goes to the even neighbour,
    EXPECT_EQ(exact_quotient((std::int64_t{1} << 53) + 3, 1), 9007199254740996.0);  // up as well as down.
    EXPECT_EQ(exact_quotient(largest, largest), 1.0);
    EXPECT_GT(exact_quotient(1, largest), 0.0);
}

RC_GTEST_PROP(ExactQuotient, IsTheNearestDouble, ()) {
    const auto right = *rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 60);
    const std::int64_t left = right / 2 + 1 + *rc::gen::inRange<std::int64_t>(0, right);
    RC_ASSERT(is_nearest(exact_quotient(left, right), left, right));
}

}  // namespace
}  // namespace kv
