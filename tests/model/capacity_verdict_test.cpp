#include "model/capacity_verdict.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

Verdict verdict(std::int64_t reported, std::int64_t truth, std::int64_t grain, double tolerance = 0) {
    return judge_capacity(Tokens{reported}, Tokens{truth}, Tokens{grain}, tolerance).verdict;
}

TEST(Verdict, IsTrueWithinABlockOnEitherSide) {
    EXPECT_EQ(verdict(984, 1000, 16), Verdict::is_true);
    EXPECT_EQ(verdict(983, 1000, 16), Verdict::under_reports);
    EXPECT_EQ(verdict(1016, 1000, 16), Verdict::is_true);
    EXPECT_EQ(verdict(1017, 1000, 16), Verdict::over_reports);
}

TEST(Verdict, IsWidenedByAToleranceAndNeverNarrowed) {
    EXPECT_EQ(verdict(990, 1000, 0, 0.01), Verdict::is_true);
    EXPECT_EQ(verdict(989, 1000, 0, 0.01), Verdict::under_reports);
    EXPECT_EQ(verdict(984, 1000, 16, 0.001), Verdict::is_true);
    EXPECT_EQ(verdict(1011, 1000, 0, 0.01), Verdict::over_reports);
}

TEST(Verdict, HasTheRatioOfReportedToTrueWhereSomethingFits) {
    EXPECT_DOUBLE_EQ(*judge_capacity(Tokens{120000}, Tokens{240000}, Tokens{16}).ratio, 0.5);
    const Judgement of_nothing = judge_capacity(Tokens{17}, Tokens{0}, Tokens{16});
    EXPECT_FALSE(of_nothing.ratio.has_value());
    EXPECT_EQ(of_nothing.verdict, Verdict::over_reports);
    EXPECT_EQ(verdict(0, 0, 0), Verdict::is_true);
}

TEST(Verdict, IsSpelledAsReportsPrintIt) {
    EXPECT_EQ(name_of(Verdict::is_true), "true");
    EXPECT_EQ(name_of(Verdict::under_reports), "under-reports");
    EXPECT_EQ(name_of(Verdict::over_reports), "over-reports");
}

}  // namespace
}  // namespace kv
