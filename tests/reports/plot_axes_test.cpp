#include "reports/plot_axes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace kv::testing {
namespace {

TEST(ValueAxis, BeginsAtZeroWhereAllValuesCanBeSeenTogether) {
    const Axis axis = value_axis({78'336, 155'009});
    EXPECT_EQ(axis.least, 0);
    EXPECT_GE(axis.most, 155'009);
    EXPECT_FALSE(axis.logarithmic);
    EXPECT_EQ(axis.ticks.back().label, "150k");
}

TEST(ValueAxis, IsLogarithmicWhereTheLeastWouldLieOnTheFloor) {
    EXPECT_FALSE(value_axis({100, 4'999}).logarithmic);
    EXPECT_TRUE(value_axis({100, 5'001}).logarithmic);
    EXPECT_FALSE(value_axis({0, 100, 5'001}).logarithmic) << "nothing has no logarithm";
}

TEST(ValueAxis, OfNothingIsAnAxisAllTheSame) {
    const Axis axis = value_axis({0});
    EXPECT_LT(axis.least, axis.most);
    EXPECT_GE(axis.ticks.size(), 2U);
}

TEST(LengthAxis, OfOneLengthHasItInside) {
    const Axis axis = length_axis({4096, 4096});
    EXPECT_LT(axis.least, 4096);
    EXPECT_GT(axis.most, 4096);
    ASSERT_EQ(axis.ticks.size(), 1U);
    EXPECT_EQ(axis.ticks[0].label, "4,096");
}

TEST(LengthAxis, AlwaysNamesTheLongest) {
    const Axis axis = length_axis({128, 512, 2048, 8192, 32768, 131072});
    EXPECT_TRUE(axis.logarithmic);
    EXPECT_EQ(axis.ticks.front().label, "131,072");
    EXPECT_LE(axis.ticks.size(), 5U);
}

TEST(LengthAxis, LeavesLongNumbersMoreRoom) {
    const std::vector<double> lengths{64, 256, 1024, 4096, 16384, 65536, 262144, 1048576};
    const Axis axis = length_axis(lengths);
    EXPECT_EQ(axis.ticks[0].label, "1,048,576");
    EXPECT_EQ(axis.ticks[1].label, "65,536") << "262,144 would touch it";
}

TEST(ShortNumber, HasAUnit) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(999), "999");
    EXPECT_EQ(short_number(1'500), "1.5k");
    EXPECT_EQ(short_number(2e6), "2M");
}

TEST(Fitted, CountsTheEllipsis) {
    EXPECT_EQ(fitted("abcdef", 6), "abcdef");
    EXPECT_EQ(fitted("abcdefg", 6), "abcde\xE2\x80\xA6");
}

RC_GTEST_PROP(Labels, KeepTheirGapAndStayInside, ()) {
    constexpr double gap = 17, top = 48, bottom = 278;
    auto wanted = *rc::gen::container<std::vector<double>>(rc::gen::map(rc::gen::inRange(0, 231), [](int place) { return top + place; }));
    if (wanted.size() > 14) wanted.resize(14);  // As many as there is room for.
    std::ranges::sort(wanted);
    const std::vector<double> places = spread(wanted, gap, top, bottom);
    RC_ASSERT(places.size() == wanted.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        RC_ASSERT(places[i] >= top - 1e-9);
        RC_ASSERT(places[i] <= bottom + 1e-9);
        if (i > 0) {
            RC_ASSERT(places[i] - places[i - 1] >= gap - 1e-9);
        }
    }
}

TEST(Labels, ThatAreFarApartStayWhereTheyAre) { EXPECT_EQ(spread({60, 100, 200}, 17, 48, 278), (std::vector<double>{60, 100, 200})); }

}  // namespace
}  // namespace kv::testing
