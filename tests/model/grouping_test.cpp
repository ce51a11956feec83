// From layers to groups: what is shared, what is padded, what is refused.
#include "model/rules/hidden_states.h"
#include "model/rules/packing.h"
#include "tests/model/build.h"

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace kv::testing {
namespace {

std::vector<std::vector<std::int32_t>> layers_of(const Plan& plan) {
    std::vector<std::vector<std::int32_t>> layers;
    for (const Group& group : plan.groups) {
        layers.emplace_back();
        for (const LayerId layer : group.layers) layers.back().push_back(static_cast<std::int32_t>(layer));
    }
    return layers;
}

using Layers = std::vector<std::vector<std::int32_t>>;

TEST(Grouping, PutsAllLayersWithOneSpecIntoOneGroup) {
    const Plan plan = plan_of("vllm-0.18.0", model_of(repeated(4, {full({16})})), {}, {8 * gib});
    EXPECT_EQ(layers_of(plan), (Layers{{0, 1, 2, 3}}));
    EXPECT_FALSE(plan.groups[0].bundle);
}

TEST(Grouping, BundlesFullLayersOfDifferentSize) {
    const Plan plan = plan_of("vllm-0.18.0", model_of({full({16, 8, 64}), full({16, 4, 64}), full({16, 8, 64})}), {}, {8 * gib});
    ASSERT_TRUE(plan.groups[0].bundle);
    EXPECT_EQ(layers_of(plan), (Layers{{0, 1, 2}}));
    EXPECT_EQ(plan.workers[0].bytes_per_block, BytesPerBlock{2 * 32768 + 16384});
}

TEST(Grouping, DealsTheLayersOfAHybridInTurnSoThatEachStageHasItsShare) {
    const KvSpec w = window({16}, 1024), f = full({16});
    const Plan plan = plan_of("vllm-0.18.0", model_of({w, w, f, w, w, f}), {}, {8 * gib});
    EXPECT_EQ(layers_of(plan), (Layers{{0, 3}, {1, 4}, {2, 5}}));
}

TEST(Grouping, PadsToTheLargerKindWhileItIsLessThanHalfAsBigAgain) {
    const auto groups = [](std::size_t windows, std::size_t fulls) {
        std::vector<KvSpec> layers = repeated(windows, {window({16}, 1024)});
        for (std::size_t i = 0; i < fulls; ++i) layers.push_back(full({16}));
        const Plan plan = plan_of("vllm-0.18.0", model_of(layers), {}, {8 * gib});
        return std::pair{plan.groups.size(), plan.padding_layers};
    };
    EXPECT_EQ(groups(12, 13), (std::pair{std::size_t{2}, std::vector<std::int64_t>{1}}));  // 13 + 13.
    EXPECT_EQ(groups(8, 11), (std::pair{std::size_t{2}, std::vector<std::int64_t>{3}}));   // 11 < 12.
    EXPECT_EQ(groups(8, 12), (std::pair{std::size_t{3}, std::vector<std::int64_t>{4}}));   // 12 is not less than 12: groups of 8.
}

TEST(Grouping, GivesSmallerPagesMoreTokensABlock) {
    const Plan plan = plan_of("vllm-0.18.0", model_of({window({16, 8, 128}, 1024), full({16, 4, 128})}), {}, {8 * gib});
    EXPECT_EQ(plan.scheduler.groups[0].block, TokensPerBlock{16});
    EXPECT_EQ(plan.scheduler.groups[1].block, TokensPerBlock{32});
}

TEST(Grouping, OfPagesThatDoNotDivideIsRefusedBy018AndPaddedBy032) {
    const ModelLayers model = model_of({window({16, 3, 128}, 1024), full({16, 4, 128})});
    const PlanOutcome refused = outcome_of("vllm-0.18.0", model, {}, {8 * gib});
    ASSERT_TRUE(std::holds_alternative<RefusedPlan>(refused));
    EXPECT_EQ(std::get<RefusedPlan>(refused).refusal.type, Raised::not_implemented_error);
    const Plan padded = plan_of("vllm-0.32.0", model, {}, {8 * gib});
    EXPECT_EQ(padded_page_of(padded.spec(padded.groups[0].spec)), Bytes{16 * 4 * 256 * 2});
}

TEST(Grouping, WithTheHybridManagerDisabledKeepsWindowsForEveryToken) {
    Settings settings;
    settings.hybrid_manager = HybridManager::disabled;
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const Plan plan = plan_of(engine, model_of({window({16}, 1024), full({16})}), settings, {8 * gib});
        EXPECT_EQ(layers_of(plan), (Layers{{0, 1}})) << engine;
        EXPECT_EQ(full_of(plan.spec(plan.groups[0].spec))->window, Tokens{1024}) << engine;
    }
    EXPECT_TRUE(
        std::holds_alternative<RefusedPlan>(outcome_of("vllm-0.18.0", model_of({mamba(8192, 32768), full({16})}), settings, {8 * gib})));
}

TEST(Grouping, TakesTheFirstLayersClassWhenASinkMeetsFullAttention) {
    // R12: full first drops the sink without a word.
    SinkFullSpec sink{FullSpec{.cache = cache_of({16})}, Tokens{128}};
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const Plan full_first = plan_of(engine, model_of({full({16}), sink}), {}, {8 * gib});
        EXPECT_EQ(kind_of(full_first.spec(full_first.groups[0].spec)), "full") << engine;
        const Plan sink_first = plan_of(engine, model_of({sink, full({16})}), {}, {8 * gib});
        EXPECT_EQ(kind_of(sink_first.spec(sink_first.groups[0].spec)), "sink_full") << engine;
    }
}

TEST(Grouping, PacksMixedPagesSideBySideInABlockOutermostLayout) {
    Settings settings;
    settings.layout = CacheLayout::BLHNC;
    const Plan plan = plan_of("vllm-0.32.0", model_of({window({16, 3, 128}, 1024), full({16, 4, 128})}), settings, {8 * gib});
    EXPECT_EQ(plan.groups.size(), 2U);
    EXPECT_FALSE(padded_page_of(plan.spec(plan.groups[0].spec)));
    EXPECT_EQ(plan.workers[0].bytes_per_block, BytesPerBlock{16 * 4 * 256 * 2});
}

RC_GTEST_PROP(Grouping, PutsEveryLayerIntoExactlyOneGroupAndPadsOnlyUpToTheLargestGroup, ()) {
    const auto kinds = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    RC_PRE(!kinds.empty());
    std::vector<KvSpec> layers;
    const std::vector<KvSpec> choices{full({16}), window({16}, 1024), window({16}, 4096), chunked({16}, 2048)};
    for (const int kind : kinds) layers.push_back(choices[static_cast<std::size_t>(kind)]);
    const ModelLayers model = model_of(layers);
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        const PlanOutcome outcome = outcome_of(engine, model, {}, {std::int64_t{1} << 50});
        RC_ASSERT(std::holds_alternative<Plan>(outcome));
        const Plan& plan = std::get<Plan>(outcome);
        std::multiset<LayerId> grouped;
        std::size_t widest = 0;
        for (const Group& group : plan.groups) {
            grouped.insert(group.layers.begin(), group.layers.end());
            widest = std::max(widest, group.layers.size());
            for (const LayerId layer : group.layers) RC_ASSERT(kind_of(layers[index(layer)]) == kind_of(plan.spec(group.spec)));
        }
        RC_ASSERT(grouped.size() == layers.size());
        RC_ASSERT(std::set<LayerId>(grouped.begin(), grouped.end()).size() == layers.size());
        std::int64_t padding = 0;
        for (const std::int64_t layers_padded : plan.padding_layers) padding += layers_padded;
        RC_ASSERT(static_cast<std::int64_t>(plan.groups.size() * widest - layers.size()) == padding);
    }
}

// Plain loops, written from the sentence in the header.
std::int64_t plain_chunk(const std::vector<std::int64_t>& values, std::int64_t smallest) {
    const auto padding = [&](std::int64_t chunk) {
        std::int64_t total = 0;
        for (std::int64_t value : values) {
            while (value % chunk != 0) {
                ++value;
                ++total;
            }
        }
        return total;
    };
    const std::int64_t largest = std::max(smallest, *std::max_element(values.begin(), values.end()));
    std::int64_t best = largest;
    for (std::int64_t chunk = largest; chunk >= smallest; --chunk)
        if (padding(chunk) < padding(best)) best = chunk;
    return best;
}

RC_GTEST_PROP(ChunkWithLeastPadding, IsTheLargestOfTheBest, ()) {
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 40)));
    const auto smallest = *rc::gen::inRange<std::int64_t>(1, 45);
    // A smallest chunk above every value is taken as it is: nothing is tried.
    const std::int64_t largest = *std::max_element(values.begin(), values.end());
    RC_ASSERT(chunk_with_least_padding(values, smallest) == (smallest > largest ? smallest : plain_chunk(values, smallest)));
}

RC_GTEST_PROP(LargestDivisor, IsTheFirstThatDividesWhenCountingDown, ()) {
    const auto value = *rc::gen::inRange<std::int64_t>(1, 5000);
    const auto limit = *rc::gen::inRange<std::int64_t>(1, 6000);
    std::int64_t plain = std::min(value, limit);
    while (value % plain != 0) --plain;
    RC_ASSERT(largest_divisor_up_to(value, limit) == plain);
}

TEST(LargestDivisor, OfABlockOfATrillionTokensIsFoundAtOnce) { EXPECT_EQ(largest_divisor_up_to(std::int64_t{1} << 40, 1 << 20), 1 << 20); }

}  // namespace
}  // namespace kv::testing
