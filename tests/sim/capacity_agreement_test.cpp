// What fits is found three times: filled by the engine's manager, counted, and by a plain loop. All agree; deliberately wrong counts do
// not.
#include "sim/capacity_experiment.h"
#include "tests/sim/capacity_cases.h"
#include "tests/sim/plain_capacity.h"

#include <functional>

namespace kv::testing {
namespace {

constexpr std::uint64_t seed = 20401;
constexpr int cases = 6000;  // Of each engine.

struct Tried {
    const char* engine;
    PlainVersion version;
};

class Capacity : public ::testing::TestWithParam<Tried> {
protected:
    Engine engine = engine_of(GetParam().engine);
    CaseDrawer drawer{seed, GetParam().version == PlainVersion::vllm_0_32};
};

TEST_P(Capacity, CountedIsWhatTheEnginesManagerIsFilledWith) {
    int fitted = 0;
    for (int i = 0; i < cases; ++i) {
        const DrawnCase drawn = drawer.draw();
        const CapacityOutcome counted = count_capacity(engine, drawn.given, drawn.length);
        const CapacityOutcome constructed = construct_capacity(engine, drawn.given, drawn.length);
        ASSERT_EQ(text_of(counted), text_of(constructed)) << text_of(drawn);
        fitted += std::holds_alternative<CapacityTruth>(counted) ? 1 : 0;
    }
    EXPECT_GT(fitted, cases / 2);
}

TEST_P(Capacity, CountedIsWhatAPlainLoopFinds) {
    int compared = 0;
    for (int i = 0; i < 2500; ++i) {
        const DrawnCase drawn = drawer.draw();
        const CapacityOutcome counted = count_capacity(engine, drawn.given, drawn.length);
        const auto* truth = std::get_if<CapacityTruth>(&counted);
        if (truth == nullptr) continue;
        const PlainFit plain = plain_fit(GetParam().version, drawn.given, drawn.length.value);
        ASSERT_EQ((PlainFit{truth->requests, truth->further.value}), plain) << text_of(drawn);
        ++compared;
    }
    EXPECT_GT(compared, 2500 / 2);
}

// A count that is wrong on purpose: how often the plain loop tells.
int caught(const Tried& tried, const std::function<std::optional<PlainFit>(const DrawnCase&)>& wrong) {
    CaseDrawer drawer(seed, tried.version == PlainVersion::vllm_0_32);
    int differ = 0;
    for (int i = 0; i < 600; ++i) {
        const DrawnCase drawn = drawer.draw();
        const std::optional<PlainFit> fit = wrong(drawn);
        if (fit && *fit != plain_fit(tried.version, drawn.given, drawn.length.value)) ++differ;
    }
    return differ;
}

std::optional<PlainFit> fit_of(const CapacityOutcome& outcome) {
    const auto* truth = std::get_if<CapacityTruth>(&outcome);
    return truth != nullptr ? std::optional(PlainFit{truth->requests, truth->further.value}) : std::nullopt;
}

TEST_P(Capacity, IsNotMistakenForACountThatForgetsTheNullBlock) {
    EXPECT_GT(caught(GetParam(),
                     [&](DrawnCase drawn) {
                         drawn.given.setup.blocks += Blocks{1};
                         return fit_of(count_capacity(engine, drawn.given, drawn.length));
                     }),
              100);
}

TEST_P(Capacity, IsNotMistakenForACountThatForgetsThePeakWhilePrefilling) {
    EXPECT_GT(caught(GetParam(),
                     [&](const DrawnCase& drawn) -> std::optional<PlainFit> {
                         const CapacityOutcome outcome = count_capacity(engine, drawn.given, drawn.length);
                         const auto* truth = std::get_if<CapacityTruth>(&outcome);
                         if (truth == nullptr || truth->requests == 0) return std::nullopt;
                         Blocks idle;
                         for (const Blocks blocks : truth->idle_blocks) idle += blocks;
                         // As if a request needed no more than it holds when it is idle.
                         return PlainFit{(drawn.given.setup.blocks.value - 1) / idle.value, truth->further.value};
                     }),
              50);
}

TEST_P(Capacity, IsNotMistakenForACountWithAnotherGate) {
    const std::string other = GetParam().version == PlainVersion::vllm_0_32 ? "next-chunk" : "whole-request";
    const Engine gated = engine_of(std::string(GetParam().engine) + ",request-gate=" + other);
    EXPECT_GT(caught(GetParam(), [&](const DrawnCase& drawn) { return fit_of(count_capacity(gated, drawn.given, drawn.length)); }), 10);
}

TEST_P(Capacity, IsNotMistakenForACountThatChargesWindowsAsIfTheyGrew) {
    EXPECT_GT(caught(GetParam(),
                     [&](DrawnCase drawn) {
                         for (CacheGroup& group : drawn.given.setup.groups)
                             if (const auto* sliding = std::get_if<SlidingWindowSpec>(&group.spec))
                                 group.spec = FullSpec{.cache = sliding->cache};
                         return fit_of(count_capacity(engine, drawn.given, drawn.length));
                     }),
              50);
}

TEST_P(Capacity, IsNotMistakenForACountThatHoldsAStateForEveryBlock) {
    EXPECT_GT(caught(GetParam(),
                     [&](DrawnCase drawn) {
                         for (CacheGroup& group : drawn.given.setup.groups)
                             if (const auto* states = std::get_if<MambaSpec>(&group.spec))
                                 group.spec = full({.block = states->block.value});
                         return fit_of(count_capacity(engine, drawn.given, drawn.length));
                     }),
              50);
}

TEST_P(Capacity, IsNotMistakenForACountThatForgetsTheBlocksOfDrafts) {
    EXPECT_GT(caught(GetParam(),
                     [&](DrawnCase drawn) {
                         for (CacheGroup& group : drawn.given.setup.groups)
                             if (auto* states = std::get_if<MambaSpec>(&group.spec)) states->speculative_blocks = 0;
                         return fit_of(count_capacity(engine, drawn.given, drawn.length));
                     }),
              20);
}

TEST_P(Capacity, IsNotMistakenForACountWithOneChunkForTheWholePrompt) {
    EXPECT_GT(caught(GetParam(),
                     [&](DrawnCase drawn) {
                         drawn.given.batched_max = drawn.given.setup.model_len_max;
                         return fit_of(count_capacity(engine, drawn.given, drawn.length));
                     }),
              20);
}

TEST_P(Capacity, IsNotMistakenForACountThatFindsTheFurtherLengthByHalvesAlone) {
    // A request whose aligned state moves on in its last step needs a block that a longer one does not.
    const auto fits = [&](const DrawnCase& drawn, Tokens tokens, Blocks free) {
        CapacityCase given = drawn.given;
        given.setup.blocks = free + Blocks{1};
        const auto fit = fit_of(count_capacity(engine, given, tokens));
        return fit && fit->requests > 0;
    };
    const auto by_halves = [&](const DrawnCase& drawn) -> std::optional<PlainFit> {
        const CapacityOutcome outcome = count_capacity(engine, drawn.given, drawn.length);
        const auto* truth = std::get_if<CapacityTruth>(&outcome);
        if (truth == nullptr) return std::nullopt;
        Blocks idle;
        for (const Blocks blocks : truth->idle_blocks) idle += blocks;
        const Blocks free = drawn.given.setup.blocks - Blocks{1} - truth->requests * idle;
        Tokens low{0}, high = drawn.length - Tokens{1};
        while (low < high) {
            const Tokens middle{(low.value + high.value + 1) / 2};
            if (fits(drawn, middle, free)) low = middle;
            else high = middle - Tokens{1};
        }
        return PlainFit{truth->requests, low.value};
    };
    EXPECT_GT(caught(GetParam(), by_halves), 0);
}

INSTANTIATE_TEST_SUITE_P(Of, Capacity,
                         ::testing::Values(Tried{"vllm-0.18.0", PlainVersion::vllm_0_18}, Tried{"vllm-0.32.0", PlainVersion::vllm_0_32}),
                         [](const auto& tried) { return std::string(tried.param.version == PlainVersion::vllm_0_18 ? "Old" : "New"); });

// The count behind what `reference` reports, which asks no manager.
TEST(ReferenceCapacity, IsWhatAPlainLoopFindsWithTheGateOfItsEngine) {
    const Engine engine = engine_of("reference");
    CaseDrawer drawer(seed + 1, true);
    for (int i = 0; i < 2000; ++i) {
        const DrawnCase drawn = drawer.draw();
        const auto fit = fit_of(count_planned_capacity(engine, drawn.given, drawn.length));
        ASSERT_TRUE(fit.has_value()) << text_of(drawn);
        ASSERT_EQ(*fit, plain_fit(PlainVersion::vllm_0_32, drawn.given, drawn.length.value)) << text_of(drawn);
    }
}

}  // namespace
}  // namespace kv::testing
