#include "sim/deployment.h"

#include "model/events/event_digest.h"
#include "model/given_groups.h"
#include "sim/simulation.h"
#include "tests/model/build.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

GivenGroup full_group(std::int64_t block) { return {.name = "full", .spec = FullSpec{.cache = {.block = TokensPerBlock{block}}}}; }
GivenGroup state_group(std::int64_t block, MambaMode mode, std::int64_t drafts = 0) {
    return {.name = "state", .spec = MambaSpec{.block = TokensPerBlock{block}, .mode = mode, .speculative_blocks = drafts}};
}
GivenGroup window_group(std::int64_t block) {
    return {.name = "window", .spec = SlidingWindowSpec{.cache = {.block = TokensPerBlock{block}}, .window = Tokens{100}}};
}

Settings settings_of(std::int64_t length, std::int64_t blocks = 100) {
    Settings settings;
    settings.model_len_max = Tokens{length};
    settings.batched_max = Tokens{2048};
    settings.sequences_max = 8;
    settings.blocks_override = Blocks{blocks};
    return settings;
}

using Deployed = std::variant<Deployment, Refusal, NotDeployed>;

Deployed deployed(std::string_view engine, const std::vector<GivenGroup>& groups, const Settings& settings,
                  const DeploymentShape& shape = {}) {
    const Engine rules = engine_of(engine);
    PlanOutcome outcome = plan_of_groups(rules, groups, settings);
    if (const auto* refused = std::get_if<RefusedPlan>(&outcome)) {
        ADD_FAILURE() << refused->refusal.message;
        return NotDeployed{};
    }
    return deploy(rules, std::get<Plan>(outcome), settings, shape);
}

RankSettings first_rank(std::string_view engine, const std::vector<GivenGroup>& groups, const Settings& settings,
                        const DeploymentShape& shape = {}) {
    Deployed made = deployed(engine, groups, settings, shape);
    const auto* deployment = std::get_if<Deployment>(&made);
    if (deployment == nullptr) {
        ADD_FAILURE() << "not deployed";
        return {};
    }
    return deployment->ranks.front();
}

DeploymentShape capturing(CaptureShape capture = {.layers = 4, .routers = {.experts = 64, .topk = 8}}) {
    DeploymentShape shape;
    shape.capture = std::move(capture);
    return shape;
}

// What max_num_blocks_per_req of 0.32.0 answered, and what may_reinitialize_input_batch of 0.18.0 works out.
TEST(TableRows, AreAsWideAsTheEngineMakesThem) {
    const Engine old = engine_of("vllm-0.18.0"), later = engine_of("vllm-0.32.0");
    Settings settings = settings_of(1000);
    const auto width = [&](const Engine& engine, const GivenGroup& group) {
        return row_blocks_max(engine, group.spec, settings, Tokens{1000}).value;
    };
    const std::array aligned{state_group(16, MambaMode::align, 3)}, none{state_group(16, MambaMode::none, 3)};
    EXPECT_EQ(width(old, full_group(16)), 63);
    EXPECT_EQ(width(later, full_group(16)), 63);
    EXPECT_EQ(width(old, full_group(1000)), 1);
    EXPECT_EQ(width(old, full_group(999)), 2);
    EXPECT_EQ(width(later, none[0]), 4);
    settings.mamba_mode = MambaMode::align;
    EXPECT_EQ(width(later, aligned[0]), 66);
    settings.mamba_mode = MambaMode::all;
    EXPECT_EQ(width(later, aligned[0]), 4);
    EXPECT_EQ(width(old, none[0]), 66);  // By prefix caching, whatever the mode.
    settings.prefix_caching = false;
    EXPECT_EQ(width(old, none[0]), 4);
    settings.parallel.decode_context = 2;
    EXPECT_EQ(width(later, full_group(16)), 32);
    EXPECT_EQ(width(old, full_group(16)), 32);
    settings.parallel.prefill_context = 2;
    EXPECT_EQ(width(later, full_group(16)), 32);  // Prefill ranks each hold all of it there.
    EXPECT_EQ(width(old, full_group(16)), 16);
    GivenGroup replicated = window_group(16);
    std::get<SlidingWindowSpec>(replicated.spec).cache.sharding = ContextSharding::replicated;
    EXPECT_EQ(width(later, replicated), 63);
    EXPECT_EQ(width(later, {.name = "ring", .spec = CircularBufferSpec{}}), 1);
}

TEST(TableRows, OfCrossAttentionHaveRoomForTheLongestInputOfTheEncoder) {
    Settings settings = settings_of(448);
    const std::vector<GivenGroup> groups{full_group(16), {.name = "heard", .spec = CrossSpec{}}};
    settings.encoder_tokens_max = Tokens{1500};
    for (const TableShape& table : first_rank("vllm-0.18.0", groups, settings).tables) EXPECT_EQ(table.row_blocks_max, Blocks{94});
    settings.encoder_tokens_max = Tokens{100};
    for (const TableShape& table : first_rank("vllm-0.18.0", groups, settings).tables) EXPECT_EQ(table.row_blocks_max, Blocks{28});
}

TEST(TableRows, HaveTheColumnsThatSomebodySaid) {
    DeploymentShape shape;
    shape.columns = {std::nullopt, 32};
    const RankSettings rank = first_rank("vllm-0.32.0", {full_group(64), full_group(4)}, settings_of(8192, 2000), shape);
    EXPECT_EQ(rank.tables[0].row_blocks_max, Blocks{128});
    EXPECT_EQ(rank.tables[1].row_blocks_max, Blocks{32});
    EXPECT_EQ(rank.batch.rows, 8);
}

TEST(TableRows, HaveKernelBlocksWhereTheSpecSaysThem) {
    GivenGroup group = full_group(96);
    std::get<FullSpec>(group.spec).cache.stride_alignment.kernel_block = Tokens{64};
    EXPECT_EQ(first_rank("vllm-0.18.0", {group}, settings_of(960)).tables[0].kernel_block, TokensPerBlock{32});
    EXPECT_EQ(first_rank("vllm-0.18.0", {full_group(96)}, settings_of(960)).tables[0].kernel_block, TokensPerBlock{96});
}

TEST(CacheOfADeployment, IsHashedAsTheEngineHashes) {
    const std::vector<GivenGroup> groups{full_group(48), window_group(16)};
    Settings settings = settings_of(4096);
    const CacheSetup old = first_rank("vllm-0.18.0", groups, settings).cache;
    EXPECT_EQ(old.hash_block, TokensPerBlock{16});
    EXPECT_FALSE(old.retention_interval);
    const CacheSetup later = first_rank("vllm-0.32.0", groups, settings).cache;
    EXPECT_EQ(later.hash_block, TokensPerBlock{16});
    EXPECT_EQ(later.scheduler_block, TokensPerBlock{48});
    EXPECT_EQ(later.in_flight_max, Tokens{4096});  // Two batches of 2,048.
    EXPECT_EQ(later.retention_interval, Tokens{0});
    settings.async_scheduling = false;
    EXPECT_EQ(first_rank("vllm-0.32.0", groups, settings).cache.in_flight_max, Tokens{2048});
    settings.parallel.decode_context = 2;
    settings.parallel.prefill_context = 2;
    EXPECT_EQ(first_rank("vllm-0.18.0", {full_group(16)}, settings).cache.hash_block, TokensPerBlock{64});
    EXPECT_EQ(first_rank("vllm-0.32.0", {full_group(16)}, settings).cache.hash_block, TokensPerBlock{32});
    EXPECT_EQ(first_rank("vllm-0.32.0", {full_group(16)}, settings).cache.prefill_context, 1);
}

TEST(DraftsOfADeployment, DropABlockAndLookAheadAsTheEngineDoes) {
    Settings settings = settings_of(4096);
    const auto rank = [&](std::string_view engine) { return first_rank(engine, {full_group(16)}, settings); };
    EXPECT_EQ(rank("vllm-0.32.0").scheduler.lookahead, Tokens{0});
    settings.drafting = {.method = "mtp", .tokens = 3};
    for (const char* engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        EXPECT_TRUE(rank(engine).cache.eagle);
        EXPECT_EQ(rank(engine).scheduler.lookahead, Tokens{3});
        EXPECT_EQ(rank(engine).scheduler.drafts_max, 3);
    }
    EXPECT_EQ(rank("vllm-0.32.0").cache.prefill_lookahead, 1);
    settings.drafting.keeps_last_block = true;
    EXPECT_TRUE(rank("vllm-0.18.0").cache.eagle);
    EXPECT_FALSE(rank("vllm-0.32.0").cache.eagle);
    settings.drafting = {.method = "ngram", .tokens = 3};
    EXPECT_EQ(rank("vllm-0.18.0").scheduler.lookahead, Tokens{0});
    EXPECT_FALSE(rank("vllm-0.18.0").cache.eagle);
    settings.drafting = {.method = "dflash", .tokens = 3};
    EXPECT_EQ(rank("vllm-0.32.0").scheduler.lookahead, Tokens{4});
    settings.drafting = {.method = "draft_model", .tokens = 3};
    EXPECT_EQ(rank("vllm-0.32.0").scheduler.lookahead, Tokens{3});
}

TEST(SchedulerOfADeployment, CutsChunksAtStatesOnlyWhereTheyAreAligned) {
    Settings settings = settings_of(4096);
    const auto state_block = [&](std::string_view engine, const std::vector<GivenGroup>& groups) {
        return first_rank(engine, groups, settings).scheduler.state_block;
    };
    EXPECT_EQ(state_block("vllm-0.18.0", {full_group(16), state_group(4096, MambaMode::none)}), std::nullopt);
    settings.mamba_mode = MambaMode::align;
    EXPECT_EQ(state_block("vllm-0.18.0", {full_group(784), state_group(784, MambaMode::align)}), TokensPerBlock{784});
    EXPECT_EQ(state_block("vllm-0.32.0", {full_group(784), state_group(784, MambaMode::align)}), TokensPerBlock{784});
    EXPECT_EQ(state_block("vllm-0.32.0", {full_group(784)}), std::nullopt);
}

TEST(StepsInFlight, AreTwoWithoutAPipelineAndOneAStageWithOne) {
    const Engine old = engine_of("vllm-0.18.0"), later = engine_of("vllm-0.32.0");
    Settings settings = settings_of(100);
    EXPECT_EQ(steps_in_flight(old, settings), 2);
    EXPECT_EQ(steps_in_flight(later, settings), 2);
    settings.parallel.pipeline = 3;
    settings.v2_runner = true;
    EXPECT_EQ(steps_in_flight(old, settings), 3);
    EXPECT_EQ(steps_in_flight(later, settings), 4);
    settings.async_scheduling = false;
    EXPECT_EQ(steps_in_flight(later, settings), 3);
    settings.parallel.pipeline = 1;
    EXPECT_EQ(steps_in_flight(old, settings), 1);
}

TEST(CaptureOfADeployment, HasTheRowsOfThePlanOnBothSides) {
    const std::vector<GivenGroup> groups{state_group(262144, MambaMode::none), full_group(272)};
    Settings settings = settings_of(262144, 5142);
    const CaptureSettings old = first_rank("vllm-0.18.0", groups, settings, capturing()).capture.value();
    EXPECT_EQ(old.group, 1U);
    EXPECT_EQ(old.rows.rows, 699312);
    EXPECT_EQ(old.rows.reader_rows, 699312);
    EXPECT_EQ(old.rows.address.block_tokens(), 272);
    EXPECT_EQ(old.buffer.rows, 2048);
    EXPECT_EQ(old.buffer.layers, 4);
    EXPECT_EQ(old.buffer.columns, 8);
    EXPECT_EQ(first_rank("vllm-0.18.0+pr-37118", groups, settings, capturing()).capture->rows.rows, 1398624);
    const CaptureSettings later = first_rank("vllm-0.32.0", {full_group(16)}, settings_of(4096), capturing()).capture.value();
    EXPECT_EQ(later.rows.object_rows, 16);
    EXPECT_EQ(later.rows.rows, 1600);
    EXPECT_EQ(later.rows.steps_in_flight_max, 2);
    EXPECT_EQ(first_rank("reference", groups, settings, capturing()).capture->rows.rows, 1398624);
    EXPECT_FALSE(first_rank("vllm-0.18.0", groups, settings).capture);
}

TEST(CaptureOfADeployment, NumbersADraftersLayersOnFromTheTargets) {
    DeploymentShape shape = capturing({.layers = 61, .dense_first = 3, .routers = {.experts = 256, .topk = 8}, .draft_layers = 1});
    shape.requests = {7};
    const auto rows = [&] { return first_rank("vllm-0.18.0", {full_group(16)}, settings_of(4096), shape).capture->rows; };
    EXPECT_EQ(rows().model.draft_first, 61);
    EXPECT_EQ(rows().requests_max, 7);
    shape.capture->draft_first = 0;
    EXPECT_EQ(rows().model.draft_first, 0);
}

std::optional<Refusal> refused(std::string_view engine, const Settings& settings) {
    Deployed made = deployed(engine, {full_group(16)}, settings, capturing());
    const auto* refusal = std::get_if<Refusal>(&made);
    return refusal != nullptr ? std::optional(*refusal) : std::nullopt;
}

TEST(CaptureOfADeployment, IsRefusedWhereTheEngineRefusesIt) {
    Settings settings = settings_of(4096);
    settings.prefix_caching = false;
    EXPECT_FALSE(refused("vllm-0.18.0", settings));
    EXPECT_EQ(refused("vllm-0.32.0", settings)->type, Raised::value_error);
    EXPECT_FALSE(refused("reference", settings));
    settings.prefix_caching = true;
    EXPECT_FALSE(refused("vllm-0.32.0", settings));
    settings.parallel.decode_context = 2;
    EXPECT_EQ(refused("vllm-0.18.0", settings)->type, Raised::assertion_error);
    EXPECT_EQ(refused("vllm-0.32.0", settings)->type, Raised::value_error);
    EXPECT_FALSE(refused("reference", settings));
}

std::string complaint(std::string_view engine, const std::vector<GivenGroup>& groups, const Settings& settings,
                      const DeploymentShape& shape = {}) {
    const Deployed made = deployed(engine, groups, settings, shape);
    const auto* why = std::get_if<NotDeployed>(&made);
    return why != nullptr ? why->why : "";
}

TEST(Deployment, OfMoreMemoryThanThereIsIsToldBeforeAnyIsTaken) {
    const std::int64_t huge = std::int64_t{1} << 40;
    EXPECT_THAT(complaint("vllm-0.32.0", {full_group(16)}, settings_of(4096, huge)),
                ::testing::HasSubstr("more than 2048 MiB: the blocks of the pool of 1 rank"));
    EXPECT_THAT(complaint("vllm-0.32.0", {full_group(16)}, settings_of(huge)), ::testing::HasSubstr("the block tables of"));
    Settings settings = settings_of(4096);
    settings.batched_max = Tokens{huge};
    EXPECT_THAT(complaint("vllm-0.18.0", {full_group(16)}, settings), ::testing::HasSubstr("the tokens of a step of"));
    settings = settings_of(huge, 1 << 20);
    EXPECT_EQ(complaint("vllm-0.18.0", {full_group(huge)}, settings), "");
    EXPECT_THAT(complaint("vllm-0.18.0", {full_group(std::int64_t{1} << 30)}, settings, capturing()),
                ::testing::HasSubstr("the rows of the side buffer of"));
    DeploymentShape wide;
    wide.columns = {huge};
    EXPECT_NE(complaint("vllm-0.32.0", {full_group(1)}, settings_of(4096), wide), "");
    DeploymentShape ranks;
    ranks.data_ranks = 256;
    EXPECT_EQ(complaint("vllm-0.32.0", {full_group(16)}, settings_of(4096), ranks), "");
    ranks.data_ranks = 257;
    EXPECT_EQ(complaint("vllm-0.32.0", {full_group(16)}, settings_of(4096), ranks), "257 data parallel ranks: expected 256 at most");
}

TEST(Deployment, OfNoGroupHasNothingToFollow) {
    const Plan none;
    const auto made = deploy(engine_of("vllm-0.18.0"), none, settings_of(100), {});
    EXPECT_TRUE(std::holds_alternative<NotDeployed>(made));
}

// Ranks as they are made run: a request of 40 tokens and three outputs on each engine, with rows of all but the last token.
TEST(Deployment, RunsOnEveryEngine) {
    struct Delivered : EventSink {
        using EventSink::see;
        void see(const RowsDelivered& event) override { rows += std::ssize(event.rows) / event.columns; }
        std::int64_t rows = 0;
    };
    for (const Engine& engine : engines()) {
        Settings settings = settings_of(4096);
        DeploymentShape shape = capturing();
        shape.data_ranks = 2;
        shape.requests = {1, 0};
        Deployed made = deployed(engine.name, {full_group(16)}, settings, shape);
        const auto& deployment = std::get<Deployment>(made);
        EXPECT_EQ(deployment.ranks[1].rank, RankId{1});
        Happenings happenings{.requests = {{}}};
        happenings.make = [&](std::size_t) {
            NewRequest request{.text = RequestText(deployment.ranks[0].cache.hash_block), .prompt = 40, .outputs_max = 3};
            request.text.append({.stream = 1, .first = 0, .count = 64});
            return request;
        };
        Outside outside;
        Delivered seen;
        Simulation simulation(engine, deployment.ranks, deployment.lockstep, std::move(happenings), outside, seen);
        simulation.run(100);
        EXPECT_FALSE(simulation.fault()) << engine.name;
        EXPECT_EQ(seen.rows, 42) << engine.name;
    }
}

}  // namespace
}  // namespace kv::testing
