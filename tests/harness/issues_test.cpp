// What is said of runs, one by one.
#include "harness/issues.h"

#include "tests/harness/judged.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<IssueState> states(const ScenarioIssues& scenario) {
    std::vector<IssueState> out;
    for (const Issue& issue : scenario.issues) out.push_back(issue.state);
    return out;
}

// The scenario's own engine, and what it expects.
std::string expecting(const std::string& engine, const std::string& expectations) {
    return judged_head + "[engine]\nname = \"" + engine + "\"\n" + expectations;
}

TEST(Issues, AreTheFindingsOfAnEngineThatIsNotTheScenariosOwn) {
    EXPECT_TRUE(issues_of(judged(judged_head, no_fault)).issues.empty());
    const ScenarioIssues found = issues_of(judged(judged_head + "[[expect]]\nproperty = \"capacity-true\"\n", both_faults));
    EXPECT_THAT(states(found), ElementsAre(IssueState::failing, IssueState::failing));
    EXPECT_TRUE(found.fails());
}

TEST(Issues, AreNotThatGroupsByHandHaveBlocksOfOtherSizes) {
    const std::string longer = std::string(judged_head).replace(judged_head.rfind("block = \"16 tokens\""), 19, "block = \"32 tokens\"");
    EXPECT_NE(longer, judged_head);
    EXPECT_TRUE(issues_of(judged(longer, no_fault)).issues.empty()) << "their pages count as padded to one size";
}

TEST(Issues, StandAtTheLineOfWhatTheyAreAbout) {
    const ScenarioIssues found = issues_of(judged(judged_head, both_faults));
    ASSERT_EQ(found.issues.size(), 2U);
    EXPECT_EQ(found.issues[0].property, PropertyId::capacity_true);
    EXPECT_EQ(found.issues[0].place.line, 13U) << "[machine]";
    EXPECT_EQ(found.issues[1].property, PropertyId::buffer_fits);
    EXPECT_EQ(found.issues[1].place.line, 6U) << "the first [[model.group]]";
}

TEST(Issues, OfARequestStandAtItsLine) {
    const std::string far = "[[request]]\nid = \"far\"\nprompt = \"300 tokens\"\ncount = 3\n";
    const ScenarioIssues found = issues_of(judged(judged_head + far, small_buffer));
    const auto request = std::ranges::find(found.issues, PropertyId::slot_in_bounds, &Issue::property);
    ASSERT_NE(request, found.issues.end());
    EXPECT_EQ(request->place.line, 21U);
    EXPECT_THAT(request->key, HasSubstr("request=far#"));
}

TEST(Issues, AreWhatIsExpectedAndMissing) {
    const ScenarioIssues found =
        issues_of(judged(expecting(underreports, "[[expect]]\nproperty = \"capacity-true\"\nreported = \"801 tokens\"\n")));
    ASSERT_THAT(states(found), ElementsAre(IssueState::failing, IssueState::beside));
    EXPECT_TRUE(found.issues[0].expectation);
    EXPECT_EQ(found.issues[0].place.line, 23U);
    EXPECT_THAT(found.issues[0].message, HasSubstr("reported expected 801, actual 800"));
}

TEST(Issues, ThatAnExpectationAsksForDoNotFail) {
    const ScenarioIssues found = issues_of(judged(expecting(both_faults, "[[expect]]\nproperty = \"capacity-true\"\n")));
    EXPECT_THAT(states(found), ElementsAre(IssueState::expected, IssueState::beside));
    EXPECT_FALSE(found.fails());
}

TEST(Issues, WhereNothingIsExpectedAreTheFindingsThemselves) {
    const ScenarioIssues found = issues_of(judged(expecting(both_faults, "[[expect]]\nnone = true\n")));
    EXPECT_THAT(states(found), ElementsAre(IssueState::failing, IssueState::failing));
    const ScenarioIssues holds = issues_of(judged(expecting(both_faults, "[[expect]]\nproperty = \"buffer-fits\"\nverdict = \"holds\"\n")));
    EXPECT_THAT(states(holds), ElementsAre(IssueState::beside, IssueState::failing));
}

TEST(Issues, KeepTheirKeyWhenOnlyNumbersChange) {
    const std::string more = judged_head + "decode = \"3 tokens\"\n";
    const std::string fewer_blocks = std::string(judged_head).replace(judged_head.find("blocks = 100"), 12, "blocks = 90");
    const ScenarioIssues a = issues_of(judged(more, both_faults)), b = issues_of(judged(fewer_blocks, both_faults));
    ASSERT_EQ(a.issues.size(), b.issues.size());
    for (std::size_t i = 0; i < a.issues.size(); ++i) {
        EXPECT_EQ(a.issues[i].key, b.issues[i].key);
        EXPECT_NE(a.issues[i].message, b.issues[i].message);
    }
}

TEST(Issues, EndWithTheCommandThatRepeatsThem) {
    EXPECT_THAT(issues_of(judged(judged_head, underreports)).command,
                ElementsAre("kvproof", "run", "a case.toml", "--engine", underreports));
    EXPECT_THAT(issues_of(judged(expecting(underreports, ""))).command, ElementsAre("kvproof", "run", "a case.toml"));
}

TEST(Expectations, OfTheEndLookAtTheEndAndAtWhatTheEngineRaised) {
    const auto fails = [](const std::string& more) { return issues_of(judged(expecting("vllm-0.18.0", more))).fails(); };
    EXPECT_FALSE(fails("[[expect]]\nends = \"done\"\n"));
    EXPECT_TRUE(fails("[[expect]]\nends = \"stalled\"\n"));
    const std::string none = "[[expect]]\nends = \"done\"\n[[expect]]\nnone = true\n";
    EXPECT_TRUE(fails(none)) << "0.18.0 reports too few tokens";
    EXPECT_TRUE(issues_of(judged(expecting(no_fault, none))).issues.empty());
    const auto refused = [](const std::string& error) {
        return issues_of(judged("format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nhead_size = 64\nkv_heads = "
                                "8\n[machine]\nmemory = "
                                "\"1 KiB\"\n[engine]\nname = \"vllm-0.18.0\"\n[[expect]]\nends = \"plan-refused\"\nerror = \"" +
                                error + "\"\n"))
            .fails();
    };
    EXPECT_FALSE(refused("ValueError"));
    EXPECT_TRUE(refused("IndexError"));
}

}  // namespace
}  // namespace kv::testing
