#include "model/addressing/divisor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kv {
namespace {

TEST(Divisor, DividesAtBothSidesOfEveryMultipleAndOfThirtyTwoBits) {
    constexpr std::int64_t two_to_32 = std::int64_t{1} << 32;
    for (const std::int64_t by : {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{7}, std::int64_t{16}, std::int64_t{272},
                                  std::int64_t{262'144}, two_to_32 - 1, two_to_32, two_to_32 + 1, std::int64_t{1} << 61}) {
        const Divisor divisor(by);
        EXPECT_EQ(divisor.value(), by);
        for (const std::int64_t near : {std::int64_t{0}, by, 2 * by, by * 3, two_to_32 / by * by, two_to_32, std::int64_t{1} << 61}) {
            for (std::int64_t dividend = near - 2; dividend <= near + 2; ++dividend) {
                if (dividend < 0) continue;
                EXPECT_EQ(divisor.quotient(dividend), dividend / by) << dividend << " / " << by;
            }
        }
    }
}

RC_GTEST_PROP(Divisor, DividesAnything, ()) {
    const auto by = *rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << *rc::gen::inRange(1, 62));
    const auto dividend = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << *rc::gen::inRange(1, 62));
    RC_ASSERT(Divisor(by).quotient(dividend) == dividend / by);
}

}  // namespace
}  // namespace kv
