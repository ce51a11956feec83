// Sizes of the ranks' batches of one step, with graphs, padding and micro-batches.
#include "sim/lockstep.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kv::test {
namespace {

std::vector<BatchSize> sizes_of(const LockstepSettings& settings, const std::vector<std::int64_t>& tokens, std::int64_t dummy = 1) {
    std::vector<BatchSize> sizes;
    size_batches(settings, tokens, dummy, sizes);
    return sizes;
}

std::vector<std::int64_t> rows_of(const std::vector<BatchSize>& sizes) {
    std::vector<std::int64_t> rows;
    for (const BatchSize& size : sizes) rows.push_back(size.rows);
    return rows;
}
std::vector<std::int64_t> graphs_of(const std::vector<BatchSize>& sizes) {
    std::vector<std::int64_t> graphs;
    for (const BatchSize& size : sizes) graphs.push_back(size.graph);
    return graphs;
}

TEST(BatchSizes, AreTheTokensWhereNothingPads) { EXPECT_EQ(rows_of(sizes_of({}, {6, 4})), (std::vector<std::int64_t>{6, 4})); }

TEST(BatchSizes, PadToTheNextGraphOnBothSidesOfIt) {
    const LockstepSettings settings{.graph_sizes = {1, 8, 16}};
    for (const auto& [tokens, rows, graph] :
         {std::array<std::int64_t, 3>{1, 1, 1}, {2, 8, 8}, {8, 8, 8}, {9, 16, 16}, {16, 16, 16}, {17, 17, 0}}) {
        const BatchSize size = sizes_of(settings, {tokens}).front();
        EXPECT_EQ(size.rows, rows);
        EXPECT_EQ(size.graph, graph);
        EXPECT_EQ(size.tokens, tokens);
    }
}

// The ranks replay one graph or none; each has padded to its own by then.
TEST(BatchSizes, AgreeOnTheLargestGraphOrOnNone) {
    const LockstepSettings settings{.graph_sizes = {8, 16}};
    EXPECT_EQ(rows_of(sizes_of(settings, {3, 9})), (std::vector<std::int64_t>{16, 16}));
    EXPECT_EQ(graphs_of(sizes_of(settings, {3, 9})), (std::vector<std::int64_t>{16, 16}));
    EXPECT_EQ(rows_of(sizes_of(settings, {3, 17})), (std::vector<std::int64_t>{8, 17}));
    EXPECT_EQ(graphs_of(sizes_of(settings, {3, 17})), (std::vector<std::int64_t>{0, 0}));
}

TEST(BatchSizes, PadAllRanksToTheLargestWhereTheyAreToldTo) {
    EXPECT_EQ(rows_of(sizes_of({.pads_ranks = true}, {500, 200, 256})), (std::vector<std::int64_t>{500, 500, 500}));
}

TEST(BatchSizes, GiveARankWithoutTokensADummyBatch) {
    const std::vector<BatchSize> sizes = sizes_of({}, {5, 0}, 3);
    EXPECT_EQ(sizes[1], (BatchSize{.tokens = 0, .rows = 3, .dummy = true}));
    EXPECT_FALSE(sizes[0].dummy);
}

TEST(BatchSizes, AreNothingWhereNoRankHasATokenAndForOneRankThatHasNone) {
    EXPECT_EQ(sizes_of({.graph_sizes = {8}}, {0, 0}), (std::vector<BatchSize>(2)));
    EXPECT_EQ(sizes_of({.graph_sizes = {8}}, {0}), (std::vector<BatchSize>(1)));
}

// The second half of ten rows begins at row 5: a rank with five tokens would have none in it.
TEST(BatchSizes, SplitAllRanksOrNone) {
    const LockstepSettings settings{.micro_batches = 2};
    const std::vector<BatchSize> split = sizes_of(settings, {10, 6});
    EXPECT_EQ(split[0].micro_batches, 2);
    EXPECT_EQ(split[1].micro_batches, 2);
    EXPECT_EQ(rows_of(split), (std::vector<std::int64_t>{10, 10}));
    EXPECT_EQ(split[1].start(1), 5);
    EXPECT_EQ(split[1].length(1), 5);
    for (const BatchSize& size : sizes_of(settings, {10, 5})) EXPECT_EQ(size.micro_batches, 1);
    EXPECT_EQ(sizes_of(settings, {10}).front().micro_batches, 1) << "one rank has nobody to agree with";
    EXPECT_EQ(sizes_of(settings, {9, 9})[0].length(1), 5) << "the last part has what is over";
}

TEST(BatchSizes, GoInAsManyIterationsOnAllRanksUnlessEachGoesByItsOwn) {
    const auto iterations_of = [](BatchAgreement agreement) {
        std::vector<std::int64_t> iterations;
        for (const BatchSize& size : sizes_of({.expert_chunk = 256, .agreement = agreement}, {500, 200, 256, 0}))
            iterations.push_back(size.iterations);
        return iterations;
    };
    EXPECT_EQ(iterations_of(BatchAgreement::agreed), (std::vector<std::int64_t>{2, 2, 2, 2}));
    EXPECT_EQ(iterations_of(BatchAgreement::own_counts), (std::vector<std::int64_t>{2, 1, 1, 1}));
}

TEST(BatchSizes, AreEachRanksOwnWhereNobodyAgrees) {
    LockstepSettings settings{.graph_sizes = {8, 16}, .agreement = BatchAgreement::own_counts};
    EXPECT_EQ(graphs_of(sizes_of(settings, {3, 9, 0})), (std::vector<std::int64_t>{8, 16, 8}));
    settings.agreement = BatchAgreement::own_dummies;
    EXPECT_EQ(graphs_of(sizes_of(settings, {3, 9, 0})), (std::vector<std::int64_t>{16, 16, 8}));
}

RC_GTEST_PROP(BatchSizes, AlwaysHoldEveryTokenAndAgreeWhereRanksMust, ()) {
    LockstepSettings settings{.pads_ranks = *rc::gen::arbitrary<bool>(), .micro_batches = *rc::gen::inRange<std::int64_t>(1, 4)};
    settings.graph_sizes = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 40));
    std::ranges::sort(settings.graph_sizes);
    const auto tokens = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 50)));
    const std::vector<BatchSize> sizes = sizes_of(settings, tokens);
    const bool any = std::ranges::any_of(tokens, [](std::int64_t count) { return count > 0; });
    for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
        const BatchSize& size = sizes[rank];
        RC_ASSERT(size.tokens == tokens[rank]);
        RC_ASSERT(size.rows >= size.tokens);
        RC_ASSERT((size.rows > 0) == any);
        RC_ASSERT(size.graph == sizes[0].graph && size.micro_batches == sizes[0].micro_batches);
        if (size.graph > 0) RC_ASSERT(size.graph == size.rows);
        if (settings.pads_ranks || size.graph > 0 || size.micro_batches > 1) RC_ASSERT(size.rows == sizes[0].rows);
        std::int64_t rows = 0;
        for (std::int64_t part = 0; part < size.micro_batches; ++part) {
            RC_ASSERT(size.start(part) == rows);
            rows += size.length(part);
        }
        RC_ASSERT(rows == size.rows);
        if (size.micro_batches > 1) RC_ASSERT(std::max<std::int64_t>(size.tokens, 1) > size.start(size.micro_batches - 1));
    }
}

}  // namespace
}  // namespace kv::test
