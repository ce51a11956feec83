// Which rows of a router's tensor a rank takes: the threads, and both sides of every guess.
#include "model/capture/router_offer.h"
#include "model/capture/step_capture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv::test {
namespace {

Engine engine(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

Captured capture(const std::string& spelling, const RouterOffer& offer,
                 StepBufferShape buffer = {.rows = 1024, .layers = 36, .columns = 4}) {
    return capture_call(engine(spelling), buffer, {.layer = 3, .rows = rows_of(offer.tensor(0)), .columns = 4}, offer.dispatch(),
                        offer.workers_rows());
}

RouterOffer offer_of(RouterView view, const std::vector<std::int64_t>& tokens, std::int64_t rank, std::int64_t tp_size = 8,
                     std::int64_t padding = 0) {
    return offered(view, {.rank_tokens = tokens, .padding = padding, .dp_rank = rank, .tp_size = tp_size});
}

bool skipped(const Captured& captured) { return std::holds_alternative<RowsSkipped>(captured.outcome); }

std::optional<Raised> raised(const Captured& captured) {
    const auto* refusal = std::get_if<Refusal>(&captured.outcome);
    return refusal == nullptr ? std::nullopt : std::optional(refusal->type);
}

// First source row and count of what was copied to row 0 of the buffer.
std::array<std::int64_t, 2> taken(const Captured& captured) {
    const CopiedRows& copied = std::get<CopiedRows>(captured.outcome);
    EXPECT_EQ(copied.buffer_first, 0);
    return {copied.first, copied.count};
}
using Rows = std::array<std::int64_t, 2>;

// vllm-project/vllm#37857: tensor parallel 8, data parallel 2, expert parallel, 128 experts, top-4, at graph capture.
TEST(Issue37857, AssertsInTheOldEngineOnEveryRankBecauseTheRouterSeesItsOwnTokensOnly) {
    for (const std::int64_t tokens : {1, 8, 512})
        for (const std::int64_t rank : {0, 1})
            EXPECT_EQ(raised(capture("vllm-0.18.0", offer_of(RouterView::local, {tokens, tokens}, rank))), Raised::assertion_error);
}

TEST(Issue37857, TakesTheRanksOwnRowsWithThePatch) {
    for (const std::int64_t rank : {0, 1}) {
        EXPECT_EQ(taken(capture("vllm-0.18.0+pr-37879", offer_of(RouterView::local, {512, 512}, rank))), (Rows{0, 512}));
        EXPECT_EQ(taken(capture("vllm-0.18.0+pr-37879", offer_of(RouterView::joined, {512, 512}, rank))), (Rows{512 * rank, 512}));
    }
}

TEST(Issue37857, CapturesNothingOfAPaddedGatherWithThePatchAndTheRightRowsInReference) {
    for (const std::int64_t rank : {0, 1}) {
        const RouterOffer offer = offer_of(RouterView::padded_gather, {6, 4}, rank);
        ASSERT_EQ(rows_of(offer.tensor(0)), 12);
        EXPECT_TRUE(skipped(capture("vllm-0.18.0+pr-37879", offer)));
        EXPECT_EQ(taken(capture("vllm-0.18.0,capture-layout=by-padded-count", offer)), (Rows{6 * rank, rank == 0 ? 6 : 4}));
        EXPECT_EQ(taken(capture("reference", offer)), (Rows{6 * rank, rank == 0 ? 6 : 4}));
    }
}

TEST(CaptureLayout, EqualRanksMakePaddedAndJoinedTheSameTensor) {
    for (const std::int64_t rank : {0, 1})
        EXPECT_EQ(taken(capture("vllm-0.18.0+pr-37879", offer_of(RouterView::padded_gather, {5, 5}, rank))), (Rows{5 * rank, 5}));
}

TEST(CaptureLayout, AnEmptyPeerMakesLocalAndJoinedTheSameTensor) {
    EXPECT_EQ(taken(capture("vllm-0.18.0", offer_of(RouterView::local, {6, 0}, 0))), (Rows{0, 6}));
    EXPECT_EQ(raised(capture("vllm-0.18.0", offer_of(RouterView::local, {6, 0}, 1))), Raised::assertion_error);
}

TEST(CaptureLayout, JoinsAShardOverItsWorkersInTheLaterEngines) {
    const RouterOffer offer = offer_of(RouterView::shard, {13, 40}, 0);
    for (const char* name : {"vllm-0.32.0", "vllm-0.33.0", "reference"}) {
        const Captured captured = capture(name, offer);
        EXPECT_TRUE(captured.gathered) << name;
        EXPECT_EQ(taken(captured), (Rows{0, 13})) << name;
    }
    EXPECT_EQ(raised(capture("vllm-0.18.0", offer)), Raised::assertion_error);
}

TEST(CaptureLayout, ReferenceRefusesRowsThatDoNotFitWhatWasDeclared) {
    RouterOffer offer = offer_of(RouterView::padded_gather, {6, 4}, 1);
    EXPECT_EQ(raised(capture("reference", offer)), std::nullopt);
    offer.tensors.front().push_back({.rank = pad_rank, .first = 0, .count = 1});
    EXPECT_EQ(raised(capture("reference", offer)), Raised::assertion_error);
    Dispatch silent = offer_of(RouterView::local, {6, 4}, 1).dispatch();
    silent.declared.reset();
    const RouterCall call{.layer = 0, .rows = 4, .columns = 4};
    EXPECT_EQ(raised(capture_call(engine("reference"), StepBufferShape{8, 1, 4}, call, silent, 4)), Raised::assertion_error);
}

// Two micro-batches of 5 and 3 tokens: the second belongs behind the first.
TEST(MicroBatches, OverwriteTheFirstUnlessTheirStartIsHeeded) {
    const std::vector<std::int64_t> second{3, 3};
    const RouterOffer offer =
        offered(RouterView::joined, {.rank_tokens = second, .padding = 0, .batch_start = 5, .dp_rank = 1, .tp_size = 2});
    const auto start = [&](const char* name) { return std::get<CopiedRows>(capture(name, offer).outcome).buffer_first; };
    EXPECT_EQ(start("vllm-0.18.0"), 0);
    EXPECT_EQ(start("vllm-0.32.0"), 0);
    EXPECT_EQ(start("vllm-0.33.0"), 5);
    EXPECT_EQ(start("reference"), 5);
}

struct CalledLayer {
    std::optional<Raised> raised;
    std::optional<std::int64_t> written;
};
CalledLayer call_layer(const char* name, std::int64_t layer, const RouterOffer& offer) {
    const Captured captured = capture_call(engine(name), StepBufferShape{.rows = 16, .layers = 4, .columns = 2},
                                           {.layer = layer, .rows = rows_of(offer.tensor(0)), .columns = 2}, offer.dispatch(), 6);
    const auto* copied = std::get_if<CopiedRows>(&captured.outcome);
    return {raised(captured), copied == nullptr ? std::nullopt : std::optional(copied->layer)};
}

TEST(CapturedLayer, IsTheOneThatTheRouterNamesOnBothEdges) {
    const RouterOffer fits = offer_of(RouterView::joined, {6}, 0, 1);
    for (const char* name : {"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference"}) {
        EXPECT_EQ(call_layer(name, 0, fits).written, 0) << name;
        EXPECT_EQ(call_layer(name, 3, fits).written, 3) << name;
    }
    for (const char* name : {"vllm-0.32.0", "vllm-0.33.0", "reference"})
        for (const std::int64_t layer : {-1, 4}) EXPECT_EQ(call_layer(name, layer, fits).raised, Raised::index_error) << name;
}

TEST(CapturedLayer, IsLostOrAnotherInTheOldEngine) {
    const RouterOffer fits = offer_of(RouterView::joined, {6}, 0, 1);
    EXPECT_EQ(call_layer("vllm-0.18.0", 4, fits).raised, std::nullopt);
    EXPECT_EQ(call_layer("vllm-0.18.0", 4, fits).written, std::nullopt);
    EXPECT_EQ(call_layer("vllm-0.18.0", -1, fits).written, 3);
    EXPECT_EQ(call_layer("vllm-0.18.0", -4, fits).written, 0);
    EXPECT_EQ(call_layer("vllm-0.18.0", -5, fits).raised, Raised::index_error);
}

TEST(CapturedLayer, IsLookedAtAfterTheRowsBut0_33LooksFirst) {
    RouterOffer odd = offer_of(RouterView::joined, {6, 6}, 0, 2);
    odd.tensors.front().push_back({.rank = pad_rank, .first = 0, .count = 1});
    EXPECT_EQ(call_layer("vllm-0.18.0", 9, odd).raised, Raised::assertion_error);
    EXPECT_EQ(call_layer("vllm-0.32.0", 9, odd).raised, Raised::assertion_error);
    EXPECT_EQ(call_layer("vllm-0.33.0", 9, odd).raised, Raised::index_error);
}

Captured call_columns(const char* name, std::int64_t columns, std::int64_t buffer_rows = 16) {
    const RouterOffer offer = offer_of(RouterView::joined, {6}, 0, 1);
    return capture_call(engine(name), StepBufferShape{.rows = buffer_rows, .layers = 1, .columns = 4},
                        {.layer = 0, .rows = 6, .columns = columns}, offer.dispatch(), 6);
}

TEST(CapturedColumns, OneIsSpreadOverAllInReleasedEnginesAndRefusedInReference) {
    for (const char* name : {"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0"}) {
        EXPECT_TRUE(std::get<CopiedRows>(call_columns(name, 1).outcome).one_column_for_all) << name;
        EXPECT_EQ(raised(call_columns(name, 3)), Raised::runtime_error) << name;
        EXPECT_EQ(raised(call_columns(name, 5)), Raised::runtime_error) << name;
        EXPECT_FALSE(std::get<CopiedRows>(call_columns(name, 4).outcome).one_column_for_all) << name;
    }
    EXPECT_EQ(raised(call_columns("reference", 1)), Raised::runtime_error);
    EXPECT_EQ(raised(call_columns("reference", 4)), std::nullopt);
}

TEST(StepBuffer, RefusesOneRowMoreThanItHas) {
    for (const char* name : {"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference"}) {
        EXPECT_EQ(raised(call_columns(name, 4, 6)), std::nullopt) << name;
        EXPECT_EQ(raised(call_columns(name, 4, 5)), Raised::runtime_error) << name;
    }
}

TEST(StepBuffer, LosesASingleRowPastItsEndWithoutAWordButInReference) {
    const std::vector<std::int64_t> one{1};
    const RouterOffer past = offered(RouterView::joined, {.rank_tokens = one, .padding = 0, .batch_start = 16, .dp_rank = 0, .tp_size = 1});
    const auto call = [&](const char* name) {
        return capture_call(engine(name), StepBufferShape{.rows = 16, .layers = 1, .columns = 4}, {.layer = 0, .rows = 1, .columns = 4},
                            past.dispatch(), 1);
    };
    EXPECT_EQ(std::get<CopiedRows>(call("vllm-0.33.0").outcome).count, 0);
    EXPECT_EQ(raised(call("reference")), Raised::runtime_error);
}

TEST(StepBuffer, IsRefusedWhileThereIsNone) {
    const RouterOffer offer = offer_of(RouterView::joined, {6}, 0, 1);
    EXPECT_EQ(raised(capture_call(engine("vllm-0.18.0"), std::nullopt, {.layer = 0, .rows = 6, .columns = 4}, offer.dispatch(), 6)),
              Raised::runtime_error);
}

// Larger steps than can be enumerated: as the rows lie in the tensor, so they are taken.
// sgl-project/sglang#30712: four ranks with 11, 13, 17 and 19 tokens, a prefill in a graph of 32, and rank 2.
TEST(DecodeGraph, SaysWhereARanksRowsBeginAlthoughAPrefillReplaysAnother) {
    const std::vector<std::int64_t> tokens{11, 13, 17, 19}, padded{32, 32, 32, 32};
    const auto first_of = [&](const std::string& layout, std::int64_t graph, std::optional<std::int64_t> decoded) {
        const RouterOffer offer = offered(graph > 0 ? RouterView::padded_gather : RouterView::joined,
                                          {.rank_tokens = tokens,
                                           .rank_counts = graph > 0 ? std::span<const std::int64_t>(padded) : tokens,
                                           .dp_rank = 2,
                                           .graph_rows = graph,
                                           .decode_graph_rows = decoded});
        return capture("reference,capture-start=as-offered,capture-layout=" + layout, offer);
    };
    EXPECT_EQ(std::get<CopiedRows>(first_of("declared", 32, 8).outcome).first, 64);
    EXPECT_EQ(std::get<CopiedRows>(first_of("by-decode-graph", 32, 8).outcome).first, 16);
    EXPECT_EQ(std::get<CopiedRows>(first_of("by-decode-graph", 32, 32).outcome).first, 64);
    EXPECT_EQ(raised(first_of("by-decode-graph", 32, std::nullopt)), Raised::type_error);
    EXPECT_EQ(std::get<CopiedRows>(first_of("by-decode-graph", 0, std::nullopt).outcome).first, 24) << "without a graph, a running sum";
}

// A graph's kernel writes on where the buffer ends; without a graph the assignment is refused.
TEST(StepBuffer, OfAllRanksIsLookedAtOnlyWithoutAGraph) {
    for (const std::int64_t graph : {0, 4}) {
        const std::vector<std::int64_t> tokens{4, 4};
        const RouterOffer offer = offered(RouterView::joined, {.rank_tokens = tokens, .dp_rank = 1, .graph_rows = graph});
        const Captured captured = capture("reference,capture-start=as-offered", offer, {.rows = 6, .layers = 36, .columns = 4});
        if (graph == 0) {
            EXPECT_EQ(raised(captured), Raised::runtime_error);
            continue;
        }
        EXPECT_EQ(std::get<CopiedRows>(captured.outcome).buffer_first, 4);
        EXPECT_EQ(std::get<CopiedRows>(captured.outcome).count, 4);
    }
}

RC_GTEST_PROP(DeclaredLayout, TakesExactlyTheRowsOfTheRank, ()) {
    const auto ranks = *rc::gen::inRange<std::size_t>(1, 17);
    const auto tokens = *rc::gen::container<std::vector<std::int64_t>>(ranks, rc::gen::inRange<std::int64_t>(0, 3000));
    const auto rank = *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(ranks));
    const auto view = static_cast<RouterView>(*rc::gen::inRange<std::size_t>(0, router_view_names.size()));
    const auto tp_size = *rc::gen::inRange<std::int64_t>(1, 17);
    const RouterOffer offer = offer_of(view, tokens, rank, tp_size, *rc::gen::inRange<std::int64_t>(0, 300));
    const auto worker = *rc::gen::inRange<std::int64_t>(0, tp_size);
    const std::int64_t own = tokens[static_cast<std::size_t>(rank)];
    const Captured captured =
        capture_call(engine("reference"), StepBufferShape{.rows = 3000, .layers = 1, .columns = 4},
                     {.layer = 0, .rows = rows_of(offer.tensor(worker)), .columns = 4}, offer.dispatch(), offer.workers_rows());
    const CopiedRows& copied = std::get<CopiedRows>(captured.outcome);
    RC_ASSERT(copied.count == own);
    std::vector<std::int64_t> found;  // Places in the source of rows 0, 1, ... of the rank.
    std::int64_t row = 0;
    for (std::int64_t each = 0; each < (copied.from_all_workers ? tp_size : 1); ++each) {
        for (const RowSegment& segment : offer.tensor(copied.from_all_workers ? each : worker)) {
            for (std::int64_t i = 0; i < segment.count; ++i, ++row) {
                if (segment.rank != rank) continue;
                RC_ASSERT(segment.first + i == std::ssize(found));
                found.push_back(row);
            }
        }
    }
    std::vector<std::int64_t> expected(static_cast<std::size_t>(own));
    std::iota(expected.begin(), expected.end(), copied.first);
    RC_ASSERT(found == expected);
}

}  // namespace
}  // namespace kv::test
