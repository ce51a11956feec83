// What a change of engines fixes, leaves and breaks.
#include "harness/engine_diff.h"

#include "tests/harness/judged.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EngineDiff between(const std::string& first, const std::string& second) {
    return difference(judged(judged_head, first), judged(judged_head, second));
}

std::vector<PropertyId> those(const EngineDiff& diff, IssueState state) {
    std::vector<PropertyId> out;
    for (const Issue& issue : diff.issues.issues)
        if (issue.state == state) out.push_back(*issue.property);
    return out;
}

TEST(EngineDiff, OfAnEngineAndItselfIsEmpty) {
    const EngineDiff diff = between(no_fault, no_fault);
    EXPECT_THAT(diff.issues.issues, IsEmpty());
    EXPECT_THAT(diff.moved, IsEmpty());
    EXPECT_FALSE(diff.fails());
}

TEST(EngineDiff, TellsWhatIsFixedNewAndLeft) {
    const EngineDiff fixed = between(both_faults, small_buffer);
    EXPECT_THAT(those(fixed, IssueState::vanished), ElementsAre(PropertyId::capacity_true));
    EXPECT_THAT(those(fixed, IssueState::known), ElementsAre(PropertyId::buffer_fits));
    EXPECT_THAT(those(fixed, IssueState::failing), IsEmpty());
    EXPECT_FALSE(fixed.fails()) << "nothing is worse than it was";
    const EngineDiff broken = between(small_buffer, both_faults);
    EXPECT_THAT(those(broken, IssueState::failing), ElementsAre(PropertyId::capacity_true));
    EXPECT_TRUE(broken.fails());
}

TEST(EngineDiff, OfAFigureThatIsTooSmallAndThenTooLargeFixesOneAndAddsTheOther) {
    const EngineDiff diff = between(underreports, "reference,reported-tokens=smallest-block-over-positive-list");
    EXPECT_THAT(those(diff, IssueState::vanished), ElementsAre(PropertyId::capacity_true));
    EXPECT_THAT(those(diff, IssueState::failing), ElementsAre(PropertyId::capacity_true));
}

TEST(EngineDiff, ShowsTheFiguresThatMoved) {
    const EngineDiff diff = between(underreports, no_fault);
    ASSERT_EQ(diff.moved.size(), 1U);
    EXPECT_EQ(diff.moved[0].name, "reported tokens");
    EXPECT_EQ(diff.moved[0].first, "800");
}

}  // namespace
}  // namespace kv::testing
