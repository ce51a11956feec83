#include "reports/numbers.h"

#include <gtest/gtest.h>

#include <limits>

namespace kv {
namespace {

TEST(Grouped, PutsACommaEveryThreeDigits) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(-131072), "-131,072");
    EXPECT_EQ(grouped(-100), "-100");
    EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Human, TakesTheLargestUnitThatFits) {
    EXPECT_EQ(human(Bytes{0}), "0 B");
    EXPECT_EQ(human(Bytes{1023}), "1,023 B");
    EXPECT_EQ(human(Bytes{1024}), "1 KiB");
    EXPECT_EQ(human(Bytes{5776146432}), "5.38 GiB");
    EXPECT_EQ(human(Bytes{40LL << 30}), "40 GiB");
    EXPECT_EQ(human(Bytes{-131072}), "-128 KiB");
    EXPECT_EQ(human(Bytes{std::numeric_limits<std::int64_t>::max()}), "8192.00 PiB");
    EXPECT_EQ(human(Bytes{std::numeric_limits<std::int64_t>::min()}), "-8,192 PiB");
}

TEST(Both, ShowsTheExactFigureOnce) {
    EXPECT_EQ(both(Bytes{656}), "656 B");
    EXPECT_EQ(both(Bytes{32768}), "32 KiB (32,768 B)");
}

TEST(Percent, OfNothingIsNothing) {
    EXPECT_EQ(percent(1, 8), "12.5 %");
    EXPECT_EQ(percent(0, 0), "0.0 %");
}

TEST(Counted, HasASingular) {
    EXPECT_EQ(counted(1, "layer", "layers"), "1 layer");
    EXPECT_EQ(counted(1200, "layer", "layers"), "1,200 layers");
}

}  // namespace
}  // namespace kv
