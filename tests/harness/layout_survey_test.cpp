#include "harness/layout_survey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace kv::testing {
namespace {

// All that can be enumerated in a debug build; `kvproof explain layouts` enumerates four ranks.
const std::vector<SurveyedRule>& surveyed() {
    static const std::vector<SurveyedRule> rules = survey_layouts({.ranks_max = 3});
    return rules;
}

const SurveyedRule& rule(std::string_view id) { return *std::ranges::find(surveyed(), id, &SurveyedRule::rule); }

LayoutCounts sum(const std::array<LayoutCounts, surveyed_views>& views) {
    LayoutCounts all;
    for (const LayoutCounts& view : views) all += view;
    return all;
}

std::size_t view(std::string_view name) {
    for (std::size_t i = 0; i < surveyed_views; ++i)
        if (surveyed_view_name(i) == name) return i;
    ADD_FAILURE() << name;
    return 0;
}

TEST(LayoutSurvey, CountsEveryCaseOnce) {
    for (const SurveyedRule& each : surveyed()) {
        for (const auto* workers : {&each.publishing, &each.other_workers})
            for (const LayoutCounts& counts : *workers)
                EXPECT_EQ(counts.right + counts.wrong + counts.refused + counts.skipped, counts.cases) << each.rule;
        // 7 + 2 x 7^2 + 3 x 7^3 ranks of all steps, each with 1 to 4 workers: one case where nothing pads, nine where the view does.
        constexpr std::int64_t ranks = 7 + 2 * 49 + 3 * 343;
        EXPECT_EQ(each.publishing[view("joined")].cases, ranks * 4) << each.rule;
        EXPECT_EQ(each.publishing[view("padded-gather")].cases, ranks * 4 * 9) << each.rule;
        EXPECT_EQ(each.other_workers[view("shard")].cases, ranks * (1 + 2 + 3)) << each.rule;
    }
}

TEST(LayoutSurvey, ADeclaredLayoutIsAlwaysRightOnEveryWorker) {
    const SurveyedRule& declared = rule("declared");
    EXPECT_EQ(declared.engine, "reference");
    EXPECT_EQ(sum(declared.publishing).right, sum(declared.publishing).cases);
    EXPECT_EQ(sum(declared.other_workers).right, sum(declared.other_workers).cases);
    EXPECT_GT(sum(declared.other_workers).cases, 0);
}

TEST(LayoutSurvey, EveryGuessIsWrongOrGivesUpSomewhere) {
    for (const SurveyedRule& each : surveyed()) {
        if (each.rule == "declared") continue;
        const LayoutCounts all = sum(each.publishing);
        EXPECT_GT(all.wrong + all.refused + all.skipped, 0) << each.rule;
        EXPECT_GT(all.right, 0) << each.rule;
    }
}

TEST(LayoutSurvey, ThePatchIsRightForWhatItWasMadeForAndSkipsThePaddedGather) {
    const SurveyedRule& patched = rule("by-count");
    for (const char* name : {"joined", "local"}) EXPECT_EQ(patched.publishing[view(name)].right, patched.publishing[view(name)].cases);
    EXPECT_GT(patched.publishing[view("padded-gather")].skipped, 0);
    EXPECT_EQ(patched.publishing[view("padded-gather")].wrong, 0);
}

TEST(LayoutSurvey, AnotherShapeTestMoreTakesGatheredShardsForAPaddedGather) {
    EXPECT_GT(rule("by-padded-count").publishing[view("gathered-shards")].wrong, 0);
    EXPECT_GT(rule("by-padded-count").publishing[view("gathered-shards")].ambiguous, 0);
}

TEST(LayoutSurvey, TheLaterEnginesAreRightOnThePublishingWorkerForTheLayoutsThatTheyKnow) {
    for (const char* name : {"joined", "local", "gathered-shards"})
        for (const char* id : {"by-count-and-shards", "by-descriptor"})
            EXPECT_EQ(rule(id).publishing[view(name)].right, rule(id).publishing[view(name)].cases) << id << ' ' << name;
    EXPECT_GT(rule("by-count-and-shards").publishing[view("micro-batches")].wrong, 0);
    EXPECT_EQ(rule("by-descriptor").publishing[view("micro-batches")].wrong, 0);
    EXPECT_GT(rule("by-descriptor").other_workers[view("shard")].wrong, 0);  // One token on the rank: taken for a full batch.
}

TEST(LayoutSurvey, IsTheSameOnAnyNumberOfThreads) {
    SurveyBounds bounds{.ranks_max = 2, .tp_max = 3, .tokens_max = 3, .padding_max = 2, .threads = 1};
    const std::vector<SurveyedRule> one = survey_layouts(bounds);
    bounds.threads = 5;
    const std::vector<SurveyedRule> five = survey_layouts(bounds);
    ASSERT_EQ(one.size(), five.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].publishing, five[i].publishing);
        EXPECT_EQ(one[i].other_workers, five[i].other_workers);
    }
}

}  // namespace
}  // namespace kv::testing
