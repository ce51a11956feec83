#include "sim/simulation.h"

#include "model/events/event_digest.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kv::test {
namespace {

constexpr TokensPerBlock block{16};

RankSettings rank_of_one_group(std::int64_t rank) {
    const AttentionCache cache{.block = block, .kv_heads = 1, .head_size = 64, .head_size_v = 64, .dtype = DType::bfloat16};
    return {.rank = RankId{static_cast<std::int32_t>(rank)},
            .scheduler = {.batched_max = Tokens{32}, .running_max = 4},
            .cache = {.groups = {{FullSpec{.cache = cache}}}, .blocks = Blocks{64}, .in_flight_max = Tokens{32}},
            .tables = {{.block = block, .kernel_block = block, .row_blocks_max = Blocks{64}}},
            .batch = {.rows = 4}};
}

struct Arrival {
    std::int64_t step = 0;
    std::int64_t rank = 0;
    std::int64_t prompt = 1;
    std::int64_t outputs = 1;
    std::optional<std::int64_t> abort_at = {};
    std::optional<std::size_t> after = {};
};

Happenings happenings_of(const std::vector<Arrival>& arrivals) {
    Happenings happenings;
    for (const Arrival& arrival : arrivals)
        happenings.requests.push_back({.step = arrival.step,
                                       .rank = RankId{static_cast<std::int32_t>(arrival.rank)},
                                       .abort_at = arrival.abort_at,
                                       .after = arrival.after});
    happenings.make = [arrivals](std::size_t place) {
        const Arrival& arrival = arrivals[place];
        NewRequest made{.text = RequestText(block), .prompt = arrival.prompt, .outputs_max = arrival.outputs};
        made.text.append({.stream = 7 + static_cast<std::int64_t>(place), .first = 0, .count = arrival.prompt + arrival.outputs});
        return made;
    };
    return happenings;
}

// The steps in which a rank computed something, and how many tokens.
struct StepsSeen : EventSink {
    using EventSink::see;
    void see(const StepScheduled& event) override {
        std::int64_t tokens = 0;
        for (const ScheduledPart& part : event.scheduled) tokens += part.tokens;
        by_rank[static_cast<std::size_t>(event.rank)].push_back(tokens);
    }
    std::vector<std::vector<std::int64_t>> by_rank{2};
};

TEST(Simulation, StepsAllRanksTogetherUntilTheLastRequestIsDone) {
    StepsSeen seen;
    Outside outside;
    const std::vector<RankSettings> ranks{rank_of_one_group(0), rank_of_one_group(1)};
    Simulation simulation(std::get<Engine>(engine_spelled("reference")), ranks, {},
                          happenings_of({{.prompt = 40, .outputs = 3}, {.step = 2, .rank = 1, .prompt = 5, .outputs = 2}}), outside, seen);
    simulation.run(1000);
    // 40 tokens in steps of at most 32, then one each; the other rank idles until its request comes.
    EXPECT_EQ(seen.by_rank[0], (std::vector<std::int64_t>{32, 8, 1, 1}));
    EXPECT_EQ(seen.by_rank[1], (std::vector<std::int64_t>{0, 0, 5, 1}));
    EXPECT_EQ(simulation.steps(), 4);
    EXPECT_FALSE(simulation.step());
}

TEST(Simulation, ServesAsManyTokensAsABudgetHasOnBothSidesOfIt) {
    for (const std::int64_t prompt : {31, 32, 33}) {
        StepsSeen seen;
        Outside outside;
        const std::vector<RankSettings> ranks{rank_of_one_group(0)};
        Simulation simulation(std::get<Engine>(engine_spelled("vllm-0.18.0")), ranks, {}, happenings_of({{.prompt = prompt}}), outside,
                              seen);
        simulation.run(10);
        EXPECT_EQ(seen.by_rank[0], prompt <= 32 ? (std::vector<std::int64_t>{prompt}) : (std::vector<std::int64_t>{32, 1}));
    }
}

TEST(Simulation, EndsAfterTheStepsThatItIsGiven) {
    StepsSeen seen;
    Outside outside;
    const std::vector<RankSettings> ranks{rank_of_one_group(0)};
    Simulation simulation(std::get<Engine>(engine_spelled("vllm-0.32.0")), ranks, {}, happenings_of({{.prompt = 10, .outputs = 100}}),
                          outside, seen);
    simulation.run(7);
    EXPECT_EQ(simulation.steps(), 7);
    EXPECT_TRUE(simulation.step());
}

// What became of each request, in order.
struct LivesSeen : EventSink {
    using EventSink::see;
    void see(const StepBegan& event) override { step = static_cast<std::int64_t>(event.step); }
    void see(const RequestArrived& event) override { arrived.emplace_back(event.request, step); }
    void see(const RequestStops& event) override { stopped.emplace_back(event.request, event.why); }
    void see(const CacheReset& event) override { resets.push_back(event.done); }
    void see(const CacheHitFound& event) override { hits.push_back(event.length.value); }
    void see(const BatchSized& event) override { dummies += event.dummy ? 1 : 0; }
    void see(const RunEnded& event) override { ended = event; }
    std::int64_t step = -1;  // The last that began.
    std::vector<std::pair<RequestId, std::int64_t>> arrived;
    std::vector<std::pair<RequestId, FreedWhy>> stopped;
    std::vector<bool> resets;
    std::vector<std::int64_t> hits;
    std::int64_t dummies = 0;
    RunEnded ended;
};

LivesSeen lives(std::vector<RankSettings> ranks, Happenings happenings, std::int64_t steps_max = 1000) {
    LivesSeen seen;
    Outside outside;
    Simulation simulation(std::get<Engine>(engine_spelled("reference")), ranks, {}, std::move(happenings), outside, seen);
    simulation.run(steps_max);
    return seen;
}

constexpr RequestId first{0}, second{1};

TEST(Simulation, AbortsARequestWhileItRunsAndOneThatHasNotComeNeverComes) {
    const LivesSeen seen = lives({rank_of_one_group(0)}, happenings_of({{.prompt = 20, .outputs = 50, .abort_at = 4},
                                                                        {.step = 6, .prompt = 20, .outputs = 5, .abort_at = 5},
                                                                        {.step = 6, .prompt = 20, .outputs = 2, .abort_at = 900}}));
    EXPECT_EQ(seen.stopped, (std::vector<std::pair<RequestId, FreedWhy>>{{first, FreedWhy::aborted}, {RequestId{2}, FreedWhy::finished}}));
    EXPECT_EQ(seen.arrived.size(), 2U);
    EXPECT_EQ(seen.ended.why, EndedWhy::done);
}

TEST(Simulation, LetsATurnOfASessionWaitForTheOneBefore) {
    const LivesSeen seen =
        lives({rank_of_one_group(0)}, happenings_of({{.prompt = 20, .outputs = 6}, {.step = 2, .prompt = 30, .outputs = 2, .after = 0}}));
    ASSERT_EQ(seen.arrived.size(), 2U);
    EXPECT_EQ(seen.arrived[1], (std::pair{second, std::int64_t{5}})) << "six outputs are six steps";
    EXPECT_EQ(seen.ended.why, EndedWhy::done);
}

TEST(Simulation, GoesOnWithATurnWhoseEarlierOneWasAborted) {
    const LivesSeen seen =
        lives({rank_of_one_group(0)}, happenings_of({{.prompt = 20, .outputs = 60, .abort_at = 3},
                                                     {.step = 1, .prompt = 30, .outputs = 2, .after = 0},
                                                     {.step = 0, .prompt = 3, .outputs = 2, .abort_at = 2, .after = 1}}));
    EXPECT_EQ(seen.stopped, (std::vector<std::pair<RequestId, FreedWhy>>{{first, FreedWhy::aborted}, {second, FreedWhy::finished}}));
    EXPECT_EQ(seen.ended.why, EndedWhy::done);
    EXPECT_EQ(seen.ended.waiting, 0);
}

TEST(Simulation, PassesOverTheTimeInWhichNothingHappens) {
    const LivesSeen seen =
        lives({rank_of_one_group(0)}, happenings_of({{.prompt = 5, .outputs = 2}, {.step = 1'000'000'000, .prompt = 5}}));
    EXPECT_EQ(seen.ended.why, EndedWhy::done);
    EXPECT_EQ(seen.ended.steps, 3);
    EXPECT_EQ(seen.step, 1'000'000'000);
}

// 63 usable blocks hold 1,008 tokens.
TEST(Simulation, EndsWhereARequestCanNeverBeAdmitted) {
    for (const std::int64_t prompt : {1000, 1100}) {
        RankSettings rank = rank_of_one_group(0);
        rank.tables.front().row_blocks_max = Blocks{100};
        const LivesSeen seen = lives({rank}, happenings_of({{.prompt = prompt, .outputs = 1}}));
        EXPECT_EQ(seen.ended.why, prompt == 1000 ? EndedWhy::done : EndedWhy::stalled);
        EXPECT_EQ(seen.ended.waiting, prompt == 1000 ? 0 : 1);
        EXPECT_LT(seen.ended.steps, 100);
    }
}

TEST(Simulation, ForgetsPrefixesWhenItIsToldToAndNothingIsHeld) {
    Happenings happenings = happenings_of({{.prompt = 40, .outputs = 4}, {.step = 20, .prompt = 40, .outputs = 4}});
    const auto alike = [](std::size_t) {
        NewRequest made{.text = RequestText(block), .prompt = 40, .outputs_max = 4};
        made.text.append({.stream = 1, .first = 0, .count = 44});
        return std::optional(std::move(made));
    };
    happenings.make = alike;
    EXPECT_EQ(lives({rank_of_one_group(0)}, happenings).hits, (std::vector<std::int64_t>{0, 32}));
    happenings.resets = {{.step = 10}};
    EXPECT_EQ(lives({rank_of_one_group(0)}, happenings).hits, (std::vector<std::int64_t>{0, 0}));
    happenings.resets = {{.step = 2}};
    EXPECT_EQ(lives({rank_of_one_group(0)}, happenings).resets, std::vector<bool>{false}) << "a request holds blocks";
    happenings.resets = {{.step = 2, .preempt_running = true}};
    const LivesSeen preempted = lives({rank_of_one_group(0)}, happenings);
    EXPECT_EQ(preempted.resets, std::vector<bool>{true});
    EXPECT_EQ(preempted.stopped.front(), (std::pair{first, FreedWhy::preempted}));
    EXPECT_EQ(preempted.ended.why, EndedWhy::done);
}

TEST(Simulation, KeepsAPeerCompanyWithDummyBatches) {
    const Happenings one = happenings_of({{.prompt = 20, .outputs = 5}});
    EXPECT_EQ(lives({rank_of_one_group(0), rank_of_one_group(1)}, one).dummies, 5);
    EXPECT_EQ(lives({rank_of_one_group(0)}, one).dummies, 0);
}

struct FaultsSeen : EventSink {
    using EventSink::see;
    void see(const EngineFault& event) override {
        ++faults;
        rank = event.rank;
        type = event.type;
    }
    int faults = 0;
    RankId rank{};
    Raised type{};
};

// The second rank's side buffer is too small for its first step.
TEST(Simulation, EndsWhenOneRankRaisesAndSaysWhich) {
    std::vector<RankSettings> ranks{rank_of_one_group(0), rank_of_one_group(1)};
    for (RankSettings& rank : ranks) {
        rank.capture = CaptureSettings{.rows = {.model = {.routers = {.experts = 8, .topk = 2}},
                                                .rows = rank.rank == RankId{0} ? 64 * 16 : 20,
                                                .object_rows = 16,
                                                .address = SlotAddress(block),
                                                .requests_max = 4,
                                                .running_max = 4,
                                                .batched_max = 32},
                                       .buffer = {.rows = 32, .layers = 1, .columns = 2}};
    }
    FaultsSeen seen;
    Outside outside;
    Simulation simulation(std::get<Engine>(engine_spelled("vllm-0.18.0")), ranks, {},
                          happenings_of({{.prompt = 20, .outputs = 9}, {.step = 3, .rank = 1, .prompt = 20, .outputs = 3}}), outside, seen);
    simulation.run(1000);
    EXPECT_EQ(seen.faults, 1);
    EXPECT_EQ(seen.rank, RankId{1});
    EXPECT_EQ(seen.type, Raised::index_error);
    EXPECT_EQ(simulation.steps(), 3);
    EXPECT_EQ(simulation.fault().value().type, Raised::index_error);
    EXPECT_FALSE(simulation.step());
}

std::uint64_t digest_of(const std::string& spelling, std::int64_t prompt, std::int64_t outputs) {
    EventDigest digest;
    Outside outside;
    const std::vector<RankSettings> ranks{rank_of_one_group(0), rank_of_one_group(1)};
    Simulation simulation(std::get<Engine>(engine_spelled(spelling)), ranks, {},
                          happenings_of({{.prompt = prompt, .outputs = outputs}, {.step = 1, .rank = 1, .prompt = 20, .outputs = 4}}),
                          outside, digest);
    simulation.run(1000);
    EXPECT_GT(digest.events(), 50);
    return digest.value();
}

TEST(EventDigest, IsOneNumberForOneRunAndAnotherForAnother) {
    const std::uint64_t once = digest_of("reference", 40, 8);
    EXPECT_EQ(digest_of("reference", 40, 8), once);
    EXPECT_NE(digest_of("reference", 41, 8), once);
    EXPECT_NE(digest_of("reference", 40, 9), once);
    EXPECT_NE(digest_of("vllm-0.18.0", 40, 8), once);  // Which takes its blocks in another order.
}

TEST(EventDigest, HandsEventsOn) {
    StepsSeen seen;
    EventDigest digest(&seen);
    digest.see(StepScheduled{.rank = RankId{1}, .step = StepId{0}, .scheduled = {}});
    EXPECT_EQ(seen.by_rank[1], std::vector<std::int64_t>{0});
    EXPECT_EQ(digest.events(), 1);
}

}  // namespace
}  // namespace kv::test
