// The figures of the threads from nothing but the geometry of groups: no page is said.
#include "model/given_groups.h"

#include "tests/model/build.h"

namespace kv::testing {
namespace {

GivenGroup full_group(std::int64_t block, std::int64_t layers = 1) {
    return {.name = "full", .spec = FullSpec{.cache = {.block = TokensPerBlock{block}}}, .layers = layers};
}

GivenGroup state_group(std::int64_t block, MambaMode mode = MambaMode::none, std::int64_t layers = 1) {
    return {.name = "state", .spec = MambaSpec{.block = TokensPerBlock{block}, .mode = mode}, .layers = layers};
}

GivenGroup window_group(std::int64_t block, std::int64_t tokens) {
    return {.name = "window", .spec = SlidingWindowSpec{.cache = {.block = TokensPerBlock{block}}, .window = Tokens{tokens}}};
}

Settings settings_of(std::int64_t blocks, std::int64_t len_max, std::int64_t batched_max = 8192) {
    Settings settings;
    settings.blocks_override = Blocks{blocks};
    settings.model_len_max = Tokens{len_max};
    settings.batched_max = Tokens{batched_max};
    return settings;
}

Plan planned(std::string_view engine, const std::vector<GivenGroup>& groups, const Settings& settings) {
    PlanOutcome outcome = plan_of_groups(engine_of(engine), groups, settings);
    if (const auto* refused = std::get_if<RefusedPlan>(&outcome)) {
        ADD_FAILURE() << refused->refusal.message;
        return {};
    }
    return std::get<Plan>(std::move(outcome));
}

TEST(PlanOfGroups, HasTheSideBufferOfVllm37118AndOfItsFix) {
    const std::vector<GivenGroup> groups{state_group(262144, MambaMode::none, 24), full_group(272, 8)};
    const Settings settings = settings_of(5142, 262144);
    const Plan released = planned("vllm-0.18.0", groups, settings);
    EXPECT_EQ(released.side_buffer->rows, Rows{699312});
    EXPECT_EQ(released.side_buffer->capture_group, 1U);
    EXPECT_EQ(planned("vllm-0.18.0+pr-37118", groups, settings).side_buffer->rows, Rows{1398624});
    EXPECT_EQ(planned("vllm-0.18.0,capture-group=first-group", groups, settings).side_buffer->capture_group, 0U);
    EXPECT_EQ(released.workers.size(), 1U);
    EXPECT_EQ(released.workers[0].blocks, Blocks{5142});
    EXPECT_EQ(released.groups[0].layers.size(), 24U);
    EXPECT_EQ(released.groups[1].layers.front(), LayerId{24});
}

TEST(PlanOfGroups, ReportsTheTokensAndTheConcurrencyOfVllm40691) {
    const auto hybrid = [](MambaMode mode, std::int64_t block) {
        return std::vector<GivenGroup>{full_group(784), state_group(block, mode), state_group(block, mode), state_group(block, mode)};
    };
    Settings settings = settings_of(1487, 32768);
    const Plan plan = planned("vllm-0.18.0", hybrid(MambaMode::none, 32768), settings);
    EXPECT_EQ(plan.capacity->reported, Tokens{290864});
    EXPECT_DOUBLE_EQ(plan.capacity->concurrency, 1487.0 / 45);
    settings.mamba_mode = MambaMode::align;
    EXPECT_DOUBLE_EQ(planned("vllm-0.18.0", hybrid(MambaMode::align, 784), settings).capacity->concurrency, 1487.0 / 48);
    const Plan later = planned("vllm-0.32.0", hybrid(MambaMode::align, 784), settings);
    EXPECT_DOUBLE_EQ(later.capacity->concurrency, 1487.0 / 48);
    EXPECT_EQ(later.capacity->reported, Tokens{static_cast<std::int64_t>(1487.0 / 48 * 32768)});
}

TEST(PlanOfGroups, ReportsWhatVllm39734Logged) {
    std::vector<GivenGroup> groups(5, window_group(16, 1024));
    groups.push_back(full_group(32));
    const Plan plan = planned("vllm-0.18.0", groups, settings_of(14022, 262144, 2048));
    EXPECT_EQ(plan.capacity->reported, Tokens{37392});
    EXPECT_DOUBLE_EQ(plan.capacity->concurrency, 14022.0 / 9157);
}

// Whatever is said of some pages, the quotients are those of blocks.
TEST(PlanOfGroups, GivesTheSameFiguresWithAnyPage) {
    GivenGroup wide = full_group(784);
    std::get<FullSpec>(wide.spec).cache.kv_heads = 64;
    for (const char* engine : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        const Plan plan = planned(engine, {wide, full_group(16)}, settings_of(1000, 7840));
        const Plan other = planned(engine, {full_group(784), full_group(16)}, settings_of(1000, 7840));
        EXPECT_EQ(plan.capacity->reported, other.capacity->reported) << engine;
        EXPECT_EQ(plan.capacity->concurrency, other.capacity->concurrency) << engine;
        EXPECT_EQ(plan.spec(plan.groups[0].spec), wide.spec) << "and no spec is changed";
        EXPECT_TRUE(plan.workers[0].tensors.empty());
    }
}

TEST(PlanOfGroups, CountsBlocksOfKindsThatAreOnlyNumbers) {
    const GivenGroup own{.name = "own", .spec = CustomSpec{.name = "own", .block = TokensPerBlock{32}, .page = BytesPerBlock{7}}};
    EXPECT_DOUBLE_EQ(planned("vllm-0.32.0", {own, full_group(16)}, settings_of(1000, 320)).capacity->concurrency, 1000.0 / 30);
}

TEST(PlanOfGroups, HasTheBlockSizesOfTheEngine) {
    const std::vector<GivenGroup> groups{full_group(48), window_group(16, 100)};
    EXPECT_FALSE(planned("vllm-0.18.0", groups, settings_of(100, 4096)).scheduler.hash_block);
    EXPECT_EQ(planned("vllm-0.18.0", groups, settings_of(100, 4096)).scheduler.block, Tokens{16});
    const Plan later = planned("vllm-0.32.0", groups, settings_of(100, 4096));
    EXPECT_EQ(later.scheduler.scheduler_block, Tokens{48});
    EXPECT_EQ(later.scheduler.hash_block, Tokens{16});
}

TEST(PlanOfGroups, MarksTheGroupWhoseLastLayerIsTheDrafters) {
    Settings settings = settings_of(100, 4096);
    settings.drafting = {.method = "mtp", .tokens = 2};
    const std::vector<GivenGroup> groups{full_group(16), window_group(16, 100)};
    const Plan later = planned("vllm-0.32.0", groups, settings);
    EXPECT_FALSE(later.groups[0].draft);
    EXPECT_TRUE(later.groups[1].draft);
    EXPECT_FALSE(planned("vllm-0.18.0", groups, settings).groups[1].draft);
}

TEST(PlanOfGroups, IsRefusedAsTheEngineRefuses) {
    const auto refusal = [](std::string_view engine, const GivenGroup& group) {
        const PlanOutcome outcome = plan_of_groups(engine_of(engine), std::vector{group}, settings_of(100, 4096));
        const auto* refused = std::get_if<RefusedPlan>(&outcome);
        return refused == nullptr ? std::optional<Raised>() : refused->refusal.type;
    };
    // Of one encoder-only layer a request holds no block, and the concurrency divides by it (R13).
    const GivenGroup encoder{.name = "encoder", .spec = EncoderOnlySpec{}};
    EXPECT_EQ(refusal("vllm-0.18.0", encoder), Raised::zero_division_error);
    EXPECT_EQ(refusal("vllm-0.32.0", encoder), Raised::value_error);
    const GivenGroup rswa{.name = "rswa", .spec = RswaSpec{.rswa_window = Tokens{64}}};
    EXPECT_EQ(refusal("vllm-0.18.0", rswa), Raised::not_implemented_error);
    EXPECT_EQ(refusal("vllm-0.32.0", rswa), std::nullopt);
    GivenGroup narrow = full_group(16);
    pad_page(narrow.spec, Bytes{1});
    EXPECT_EQ(refusal("vllm-0.18.0", narrow), Raised::assertion_error);
}

TEST(PlanOfGroups, ThrowsWhereASizeDoesNotFit) {
    const std::int64_t huge = std::int64_t{1} << 40;
    GivenGroup group = full_group(huge);
    std::get<FullSpec>(group.spec).cache.head_size = huge;
    EXPECT_THROW(static_cast<void>(plan_of_groups(engine_of("vllm-0.18.0"), std::vector{group}, settings_of(10, 100))), SizeOverflow);
}

}  // namespace
}  // namespace kv::testing
