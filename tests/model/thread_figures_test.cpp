// The figures that engineers reported in the threads, from the rules that gave them.
#include "tests/model/build.h"

namespace kv::testing {
namespace {

Settings length(std::int64_t len_max, std::int64_t batched_max) {
    Settings settings;
    settings.model_len_max = Tokens{len_max};
    settings.batched_max = Tokens{batched_max};
    return settings;
}

// Full attention next to Mamba without prefix caching: one page size, blocks of 272 and of the whole length.
const std::vector<KvSpec> nemotron_pair{mamba(262144, 272 * 8 * 128 * 2 * 2), full({272, 8, 128})};

TEST(SideBuffer, HasRowsForHalfThePoolOfTheTwoGroupHybridOfVllm37118) {
    Settings settings = length(262144, 8192);
    settings.blocks_override = Blocks{5142};
    const ModelLayers model = model_of(nemotron_pair);
    const Plan plan = plan_of("vllm-0.18.0", model, settings, {64 * gib});
    EXPECT_EQ(plan.groups.size(), 2U);
    EXPECT_EQ(plan.side_buffer->rows, Rows{699312});
    EXPECT_EQ(plan.side_buffer->capture_group, 1U);
    // Block 2,571 of the capture group, offset 0, is the first slot past it: index 699312 of 699312.
    EXPECT_EQ(Rows{2571 * 272}, plan.side_buffer->rows);
    EXPECT_EQ(plan_of("vllm-0.18.0+pr-37118", model, settings, {64 * gib}).side_buffer->rows, Rows{5142 * 272});
}

TEST(SideBuffer, OfGroupZeroTakesMambaBlockIdsAsInVllm35744) {
    Settings settings = length(262144, 8192);
    settings.blocks_override = Blocks{13954};
    const Plan plan = plan_of("vllm-0.18.0,capture-group=first-group", model_of(nemotron_pair), settings, {64 * gib});
    EXPECT_EQ(plan.side_buffer->rows, Rows{1897744});
    EXPECT_EQ(plan.side_buffer->capture_group, 0U);
    EXPECT_EQ(plan.scheduler.groups[0].block, TokensPerBlock{262144});
    EXPECT_GT(8 * 262144, plan.side_buffer->rows.value);  // Block 8 of group 0 is enough.
    EXPECT_LT(7 * 262144, plan.side_buffer->rows.value);
}

TEST(ReportedTokens, IsAQuarterOfWhatFitsInTheFourGroupHybridOfVllm40691) {
    Settings settings = length(32768, 8192);
    settings.blocks_override = Blocks{1487};
    const KvSpec attention = full({784, 4, 256});
    const KvSpec state = mamba(32768, 784 * 4 * 256 * 2 * 2);
    const ModelLayers model = model_of(repeated(16, {state, state, state, attention}));
    const Plan plan = plan_of("vllm-0.18.0", model, settings, {64 * gib});
    EXPECT_EQ(plan.groups.size(), 4U);
    EXPECT_EQ(plan.capacity->reported, Tokens{290864});
    EXPECT_NEAR(plan.capacity->concurrency, 33.04, 0.005);
    // Only one group grows: every fix reports the whole pool for it.
    for (const char* patch : {"pr-40384", "40384-positive-list", "40384-negative-list"})
        EXPECT_EQ(plan_of(std::string("vllm-0.18.0+") + patch, model, settings, {64 * gib}).capacity->reported, Tokens{1487 * 784})
            << patch;
    EXPECT_EQ(plan_of("vllm-0.32.0", model, settings, {64 * gib}).capacity->reported,
              Tokens{static_cast<std::int64_t>(1487.0 / 45 * 32768)});
}

// Five sliding windows to one full layer whose blocks are twice as long: one page size.
ModelLayers gemma_4_class(std::size_t layers) {
    const KvSpec sliding = window({16, 8, 256}, 1024);
    return model_of(repeated(layers, {sliding, sliding, sliding, sliding, sliding, full({32, 4, 256})}));
}

TEST(ReportedTokens, AndConcurrencySpeakOfDifferentModelsInVllm39734) {
    Settings settings = length(262144, 2048);
    settings.blocks_override = Blocks{14022};
    const Plan plan = plan_of("vllm-0.18.0", gemma_4_class(10), settings, {200 * gib});
    EXPECT_EQ(plan.capacity->reported, Tokens{37392});
    EXPECT_NEAR(plan.capacity->concurrency, 1.53, 0.005);
    const Engine engine = engine_of("vllm-0.18.0");
    Blocks held;
    for (const Group& group : plan.groups) held += std::get<Blocks>(blocks_held_max(engine, plan.spec(group.spec), settings));
    EXPECT_EQ(held, Blocks{9157});  // The startup bound: the window, not the sequence, for five of six groups.
}

TEST(ReportedTokens, StaysBelowServedRequestsInVllm39866) {
    Settings settings = length(262144, 16384);
    settings.blocks_override = Blocks{29346};
    const Plan plan = plan_of("vllm-0.18.0", gemma_4_class(10), settings, {400 * gib});
    EXPECT_EQ(plan.capacity->reported, Tokens{78256});
    EXPECT_NEAR(plan.capacity->concurrency, 2.15, 0.005);
}

// 48 layers of 2,048 bytes a token on two stages; the first has 16 of them and the less memory.
struct Bottleneck {
    ModelLayers model = model_of(repeated(48, {full({16, 8, 64})}), {16, 32});
    Settings settings = [] {
        Settings made = length(262144, 8192);
        made.parallel.pipeline = 2;
        return made;
    }();
    std::vector<std::int64_t> memory{3414687744, 12 * gib};
};

TEST(Admission, ComparesOneRanksMemoryWithTheWholeModelInVllm34076) {
    const Bottleneck b;
    const PlanOutcome outcome = outcome_of("vllm-0.18.0,rank-scope=whole-model", b.model, b.settings, b.memory);
    ASSERT_TRUE(std::holds_alternative<RefusedPlan>(outcome));
    const AdmissionFigures& figures = *std::get<RefusedPlan>(outcome).refusal.admission;
    EXPECT_EQ(figures.worker, 0);
    EXPECT_EQ(figures.needed, Bytes{24 * gib});
    EXPECT_EQ(figures.estimated_len_max, Tokens{34736});
}

TEST(Admission, OfTheRanksOwnLayersFindsThreeTimesTheLength) {
    Bottleneck b;
    const PlanOutcome outcome = outcome_of("vllm-0.18.0", b.model, b.settings, b.memory);
    ASSERT_TRUE(std::holds_alternative<RefusedPlan>(outcome));
    EXPECT_EQ(std::get<RefusedPlan>(outcome).refusal.admission->estimated_len_max, Tokens{104208});
    b.settings.length = LengthChoice::fitted_to_memory;
    EXPECT_EQ(plan_of("vllm-0.18.0", b.model, b.settings, b.memory).model_len_max, Tokens{104208});
}

TEST(Admission, OfAnEqualSplitIsTheSameUnderBothScopesPerLayer) {
    Bottleneck b;
    b.model = model_of(repeated(48, {full({16, 8, 64})}), {24, 24});
    b.memory = {24 * gib, 24 * gib};
    EXPECT_EQ(plan_of("vllm-0.18.0", b.model, b.settings, b.memory).capacity->reported,
              plan_of("vllm-0.18.0,rank-scope=whole-model", b.model, b.settings, b.memory).capacity->reported);
}

TEST(ReportedTokens, OfOneWindowAndOneFullLayerIsAboutHalfAt160k) {
    const ModelLayers model = model_of({window({16, 8, 128}, 4096), full({16, 8, 128})});
    const Settings settings = length(160000, 8192);
    const Plan plan = plan_of("vllm-0.18.0", model, settings, {4 * gib});
    const double said = static_cast<double>(plan.capacity->reported.value);
    const double served = plan.capacity->concurrency * 160000;
    EXPECT_NEAR(said / served, 0.5, 0.05);
}

TEST(ReportedTokens, LabelOfTheGptOss120bShapeIsAlmostTwiceTooSmall) {
    const ModelLayers model = model_of(repeated(18, {window({16, 8, 64}, 128), full({16, 8, 64})}));
    const Plan plan = plan_of("vllm-0.18.0", model, length(131072, 2048), {9793LL * 18 * 32768});
    EXPECT_EQ(plan.workers[0].blocks, Blocks{9793});
    EXPECT_EQ(plan.capacity->reported, Tokens{78336});
    EXPECT_NEAR(plan.capacity->concurrency, 1.18, 0.005);
    EXPECT_NEAR(plan.capacity->concurrency * 131072, 154111, 0.5);  // What the two log lines together say fits.
    EXPECT_EQ(plan.side_buffer->capture_group, 0U);                 // R03: the sliding window comes first.
}

}  // namespace
}  // namespace kv::testing
