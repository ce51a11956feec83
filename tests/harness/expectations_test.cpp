// What a scenario expects, beside what was found.
#include "harness/expectations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kv::test {
namespace {

std::string name_of_request(RequestId id) { return "r" + std::to_string(static_cast<std::int64_t>(id)); }

CheckedExpectation checked(const Expectation& expected, const std::vector<Finding>& findings) {
    return check_expectations(std::vector{expected}, {.findings = findings}, name_of_request).front();
}

const Finding outside{.property = PropertyId::slot_in_bounds, .rank = RankId{1}, .request = RequestId{3}, .slot = 640, .rows = 640};
const Finding stale{
    .property = PropertyId::row_fresh, .request = RequestId{2}, .rows = 64, .state = RowState::stale, .producer = RequestId{0}};

TEST(Expectations, OfNothingAreMetByNothing) {
    EXPECT_TRUE(checked({.property = {}}, {}).met);
    const CheckedExpectation unmet = checked({.property = {}}, {outside});
    EXPECT_FALSE(unmet.met);
    EXPECT_EQ(unmet.actual, "1 finding");
}

TEST(Expectations, LookAtTheFiguresThatTheyNameAndAtNoOther) {
    EXPECT_TRUE(checked({.property = PropertyId::slot_in_bounds}, {outside}).met);
    EXPECT_TRUE(checked({.property = PropertyId::slot_in_bounds, .rank = 1, .request = "r3", .slot = 640, .rows = 640}, {outside}).met);
    for (const std::int64_t slot : {639, 641}) EXPECT_FALSE(checked({.property = PropertyId::slot_in_bounds, .slot = slot}, {outside}).met);
    EXPECT_FALSE(checked({.property = PropertyId::slot_in_bounds, .request = "r2"}, {outside}).met);
    EXPECT_FALSE(checked({.property = PropertyId::slot_in_bounds, .group = 0}, {outside}).met) << "the finding names no group";
    EXPECT_TRUE(checked({.property = PropertyId::row_fresh, .state = RowState::stale, .producer = "r0"}, {outside, stale}).met);
    EXPECT_FALSE(checked({.property = PropertyId::row_fresh, .state = RowState::foreign}, {outside, stale}).met);
}

TEST(Expectations, ThatAPropertyHoldsAreBrokenByAFindingThatFits) {
    const auto holds = [](std::optional<std::int64_t> rank) {
        return Expectation{.property = PropertyId::slot_in_bounds, .verdict = ExpectedVerdict::holds, .rank = rank};
    };
    EXPECT_TRUE(checked(holds({}), {stale}).met);
    EXPECT_FALSE(checked(holds({}), {outside}).met);
    EXPECT_TRUE(checked(holds(0), {outside}).met) << "it holds on the other rank";
}

TEST(Expectations, CountTheFindingsThatFit) {
    const auto two = [](std::int64_t count) { return Expectation{.property = PropertyId::row_fresh, .count = count, .rows = 64}; };
    Finding other = stale;
    other.rows = 63;
    EXPECT_TRUE(checked(two(2), {stale, stale, other, outside}).met);
    EXPECT_FALSE(checked(two(3), {stale, stale, other}).met);
    EXPECT_FALSE(checked(two(1), {stale, stale}).met);
}

TEST(Expectations, StandBesideTheFindingThatComesClosest) {
    Finding far = outside;
    far.rank = RankId{0};
    far.slot = 5;
    const CheckedExpectation unmet = checked({.property = PropertyId::slot_in_bounds, .rank = 1, .slot = 641, .rows = 640}, {far, outside});
    EXPECT_FALSE(unmet.met);
    EXPECT_EQ(unmet.findings, std::vector<std::size_t>{1});
    ASSERT_EQ(unmet.figures.size(), 3U);
    EXPECT_TRUE(unmet.figures[0].equal());
    EXPECT_EQ(unmet.figures[1].name, "slot");
    EXPECT_EQ(unmet.figures[1].expected, "641");
    EXPECT_EQ(unmet.figures[1].actual, "640");
}

}  // namespace
}  // namespace kv::test
