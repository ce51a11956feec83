// `reference` reports what fits: of which groups, of which worker, and what it says where nothing can be constructed.
#include "sim/capacity_experiment.h"
#include "tests/sim/capacity_cases.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;

Settings settings_of(std::int64_t blocks) {
    Settings settings;
    settings.model_len_max = Tokens{4096};
    settings.batched_max = Tokens{512};
    settings.blocks_override = Blocks{blocks};
    return settings;
}

CapacityTruth filled(const std::vector<KvSpec>& groups, const Settings& settings) {
    CapacityCase given{.setup = {.blocks = *settings.blocks_override, .model_len_max = settings.model_len_max},
                       .batched_max = settings.batched_max,
                       .encoder_tokens = settings.encoder_tokens_max};
    for (const KvSpec& spec : groups) given.setup.groups.push_back({.spec = spec});
    const CapacityOutcome outcome = construct_capacity(engine_of("reference"), given, settings.model_len_max);
    if (const auto* truth = std::get_if<CapacityTruth>(&outcome)) return *truth;
    ADD_FAILURE() << text_of(outcome);
    return {.length = Tokens{1}};
}

void expect_reported(const Plan& plan, const CapacityTruth& truth) {
    ASSERT_TRUE(plan.capacity.has_value()) << (plan.capacity_refusal ? plan.capacity_refusal->message : "");
    EXPECT_EQ(plan.capacity->reported, truth.tokens());
    EXPECT_DOUBLE_EQ(plan.capacity->concurrency, truth.concurrency());
}

TEST(Reference, ReportsWhatFitsHoweverManyLayersAGroupHas) {
    const Settings settings = settings_of(900);
    const ModelLayers model = model_of(repeated(4, {window({}, 256), full({})}));
    expect_reported(plan_of("reference", model, settings, {gib}), filled({window({}, 256), full({})}, settings));
}

TEST(Reference, CountsGroupsOfWhichTheWorkerHoldsNoLayer) {
    const Settings settings = settings_of(900);
    // Two stages: the first has all windows, the second all full layers. Each hands out blocks for both groups.
    const ModelLayers model = model_of({window({}, 256), window({}, 256), full({}), full({})}, {2, 2});
    Settings staged = settings;
    staged.parallel.pipeline = 2;
    const Plan plan = plan_of("reference", model, staged, {gib});
    ASSERT_EQ(plan.workers.size(), 2U);
    expect_reported(plan, filled({window({}, 256), full({})}, settings));
}

TEST(Reference, CountsABundleOnce) {
    const Settings settings = settings_of(900);
    const Plan plan = plan_of("reference", model_of({full({16, 8, 64}), full({16, 4, 64}), full({16, 2, 128})}), settings, {gib});
    ASSERT_EQ(plan.groups.size(), 1U);
    ASSERT_TRUE(plan.groups[0].bundle.has_value());
    expect_reported(plan, filled({full({})}, settings));
}

TEST(Reference, CountsCrossAttentionByTheMostEncoderTokens) {
    Settings settings = settings_of(900);
    settings.encoder_tokens_max = Tokens{1500};
    const KvSpec cross = CrossSpec{.cache = cache_of({})};
    const Plan plan = plan_of("reference", model_of({cross, full({})}), settings, {gib});
    EXPECT_LT(plan.capacity->reported, Tokens{900 * 16});
    std::vector<KvSpec> groups;
    for (const Group& group : plan.groups) groups.push_back(plan.spec(group.spec));
    expect_reported(plan, filled(groups, settings));
}

TEST(Reference, ReportsLessThanARequestWhereNoneFits) {
    const Settings settings = settings_of(200);
    const Plan plan = plan_of("reference,override-order=after-the-check", model_of({full({})}), settings, {gib});
    EXPECT_EQ(plan.capacity->reported, Tokens{199 * 16});
    EXPECT_DOUBLE_EQ(plan.capacity->concurrency, 199.0 * 16 / 4096);
}

TEST(Reference, RefusesToReportWhatHoldsNothingButThePlanStands) {
    const KvSpec cross = CrossSpec{.cache = cache_of({})};
    const Plan plan = plan_of("reference", model_of({cross, cross}), settings_of(900), {gib});  // No encoder tokens.
    EXPECT_EQ(plan.groups.size(), 1U);
    EXPECT_FALSE(plan.capacity.has_value());
    ASSERT_TRUE(plan.capacity_refusal.has_value());
    EXPECT_EQ(plan.capacity_refusal->type, Raised::value_error);
    EXPECT_THAT(plan.capacity_refusal->message, HasSubstr("holds nothing for requests without encoder tokens"));
}

TEST(ConstructedTokens, OfAnEngineThatReportsWhilePlanningEndThePlanWhereNothingIsHeld) {
    const KvSpec encoder = EncoderOnlySpec{.cache = cache_of({})};
    const PlanOutcome outcome =
        outcome_of("vllm-0.18.0,concurrency=constructed,reported-tokens=constructed", model_of({encoder}), settings_of(900), {gib});
    const auto* refused = std::get_if<RefusedPlan>(&outcome);
    ASSERT_NE(refused, nullptr);
    EXPECT_THAT(refused->refusal.message, HasSubstr("encoder-only attention holds nothing between steps"));
}

TEST(Reference, TakesSinksFromThePoolOnceThoughItsManagerIsNotMade) {
    const SinkFullSpec sinks{.full = {.cache = cache_of({})}, .sink = Tokens{64}};
    const Plan plan = plan_of("reference", model_of({sinks}), settings_of(901), {gib});
    EXPECT_EQ(plan.capacity->reported, Tokens{(900 - 4) * 16});
}

}  // namespace
}  // namespace kv::testing
