// When an engine says no, and how long a request it says would fit.
#include "tests/model/build.h"

#include <rapidcheck/gtest.h>

#include <string>

namespace kv::testing {
namespace {

// One full layer with blocks of 16 tokens and 32 KiB.
const KvSpec layer = full({16, 8, 64});
constexpr std::int64_t page = 32768;

Settings length(std::int64_t tokens) {
    Settings settings;
    settings.model_len_max = Tokens{tokens};
    return settings;
}

std::optional<AdmissionFigures> refusal(std::string_view engine, const Settings& settings, std::int64_t memory) {
    const PlanOutcome outcome = outcome_of(engine, model_of({layer}), settings, {memory});
    if (std::holds_alternative<Plan>(outcome)) return std::nullopt;
    return std::get<RefusedPlan>(outcome).refusal.admission;
}

TEST(Admission, NeedsEveryBlockOfTheLongestRequestIn018) {
    EXPECT_FALSE(refusal("vllm-0.18.0", length(160), 10 * page));
    const auto refused = refusal("vllm-0.18.0", length(160), 10 * page - 1);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->needed, Bytes{10 * page});
    EXPECT_EQ(refused->checked, Bytes{10 * page - 1});
    EXPECT_EQ(refused->estimated_len_max, Tokens{144});
}

TEST(Admission, NeedsOneBlockMoreForTheNullBlockIn032) {
    EXPECT_FALSE(refusal("vllm-0.32.0", length(160), 11 * page));
    const auto refused = refusal("vllm-0.32.0", length(160), 10 * page);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->checked, Bytes{9 * page});
    EXPECT_EQ(refused->estimated_len_max, Tokens{144});
}

TEST(Admission, WithoutMemoryComputesNothing) {
    const auto refused = refusal("vllm-0.18.0", length(160), 0);
    ASSERT_TRUE(refused);
    EXPECT_FALSE(refused->needed);
    EXPECT_FALSE(refused->estimated_len_max);
    const auto only_the_null_block = refusal("vllm-0.32.0", length(160), page);
    ASSERT_TRUE(only_the_null_block);
    EXPECT_EQ(only_the_null_block->checked, Bytes{0});
    EXPECT_FALSE(only_the_null_block->needed);
}

TEST(Admission, EstimatesZeroWhenNotEvenOneTokenFits) {
    const auto refused = refusal("vllm-0.18.0", length(160), page - 1);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->estimated_len_max, Tokens{0});
}

TEST(Admission, LooksAtAnOverriddenBlockCountOnlySince032) {
    Settings settings = length(160);
    settings.blocks_override = Blocks{1};
    const Plan old = plan_of("vllm-0.18.0", model_of({layer}), settings, {gib});  // R11: accepted at a tenth of a request.
    EXPECT_EQ(old.workers[0].blocks, Blocks{1});
    EXPECT_DOUBLE_EQ(old.capacity->concurrency, 0.1);
    EXPECT_TRUE(refusal("vllm-0.32.0", settings, gib));
    settings.blocks_override = Blocks{11};
    EXPECT_FALSE(refusal("vllm-0.32.0", settings, 1));  // And then not at the memory.
}

TEST(Admission, LooksAtTheFirstGroupOnlyIn018) {
    // R02: Mamba first, and one state block is all that is asked for.
    const ModelLayers model = model_of({mamba(131072, 272 * 8 * 128 * 4), full({272, 8, 128})});
    const Settings settings = length(131072);
    const Plan accepted = plan_of("vllm-0.18.0", model, settings, {100LL * 272 * 8 * 128 * 4});
    EXPECT_LT(accepted.capacity->concurrency, 1);
    EXPECT_TRUE(std::holds_alternative<RefusedPlan>(
        outcome_of("vllm-0.18.0,request-need=all-groups", model, settings, {100LL * 272 * 8 * 128 * 4})));
    EXPECT_TRUE(std::holds_alternative<RefusedPlan>(outcome_of("vllm-0.32.0", model, settings, {100LL * 272 * 8 * 128 * 4})));
}

TEST(Admission, OfWorkersThatDisagreeOnALayerIsRefused) {
    ModelLayers model = model_of({layer, full({16, 4, 64})});
    model.workers = {{{LayerId{0}, SpecId{0}}}, {{LayerId{0}, SpecId{1}}}};
    const PlanOutcome outcome = outcome_of("vllm-0.32.0", model, {}, {gib});
    ASSERT_TRUE(std::holds_alternative<RefusedPlan>(outcome));
    EXPECT_EQ(std::get<RefusedPlan>(outcome).refusal.raised_in, "get_kv_cache_configs");
}

TEST(Admission, GivesEveryRankTheBlocksOfTheSmallest) {
    const ModelLayers model = model_of({layer, layer}, {1, 1});
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const Plan plan = plan_of(engine, model, length(160), {100 * page, 50 * page + 5});
        for (const WorkerPlan& worker : plan.workers) {
            EXPECT_EQ(worker.blocks, Blocks{50}) << engine;
            EXPECT_EQ(worker.tensors[0].size, Bytes{50 * page}) << engine;
        }
    }
}

TEST(Admission, OfSizesPast64BitsIsAnOverflowWithItsNumbers) {
    Settings settings = length(std::int64_t{1} << 40);
    const ModelLayers model = model_of(repeated(8, {full({1, 1 << 20, 1 << 10})}));
    EXPECT_THROW(outcome_of("vllm-0.18.0", model, settings, {std::int64_t{1} << 60}), SizeOverflow);
}

RC_GTEST_PROP(Admission, FitsTheLongestLengthAndNotOneTokenMore, ()) {
    const auto blocks = *rc::gen::inRange<std::int64_t>(20, 4000);
    const auto window_tokens = *rc::gen::inRange<std::int64_t>(1, 3000);
    const auto batched = *rc::gen::inRange<std::int64_t>(1, 4096);
    const ModelLayers model = model_of({window({16}, window_tokens), full({16}), full({16})});
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        Settings settings = length(1 << 20);
        settings.batched_max = Tokens{batched};
        settings.length = LengthChoice::fitted_to_memory;
        const std::int64_t memory = blocks * 2 * page + 17;
        const PlanOutcome outcome = outcome_of(engine, model, settings, {memory});
        if (std::holds_alternative<RefusedPlan>(outcome)) continue;  // Not one token: the edge is tested above.
        settings.length = LengthChoice::as_given;
        settings.model_len_max = std::get<Plan>(outcome).model_len_max;
        RC_ASSERT(std::holds_alternative<Plan>(outcome_of(engine, model, settings, {memory})));
        if (settings.model_len_max == Tokens{1 << 20}) continue;  // The upper limit, not the memory, ended it.
        settings.model_len_max += Tokens{1};
        RC_ASSERT(std::holds_alternative<RefusedPlan>(outcome_of(engine, model, settings, {memory})));
    }
}

}  // namespace
}  // namespace kv::testing
