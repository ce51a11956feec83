// Ranks of an engine in motion, and the rows that their requests are given.
#include "sim/simulation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kv::test {
namespace {

Engine engine(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

constexpr TokensPerBlock block{16};
const AttentionCache cache{.block = block, .kv_heads = 1, .head_size = 64, .head_size_v = 64, .dtype = DType::bfloat16};

// What requests were given, row by row.
class Given : public EventSink {
public:
    using EventSink::see;
    void see(const RowsDelivered& event) override {
        std::map<RowKinship, std::int64_t>& kinships = by_request[event.request];
        for (std::size_t row = 0; row < event.wanted.size(); ++row)
            ++kinships[kinship(event.rows[row * static_cast<std::size_t>(event.columns)], origin_of(event.wanted[row]).value())];
        first[event.request] = event.first;
    }
    void see(const CacheHitFound& event) override { hit_tokens += event.length.value; }
    void see(const RequestStops& event) override { preemptions += event.why == FreedWhy::preempted ? 1 : 0; }

    std::int64_t rows(std::int64_t request, RowKinship kinship) const {
        const auto found = by_request.at(RequestId{request}).find(kinship);
        return found == by_request.at(RequestId{request}).end() ? 0 : found->second;
    }
    std::int64_t rows(RowKinship kinship) const {
        std::int64_t sum = 0;
        for (const auto& [request, kinships] : by_request)
            if (const auto found = kinships.find(kinship); found != kinships.end()) sum += found->second;
        return sum;
    }

    std::map<RequestId, std::map<RowKinship, std::int64_t>> by_request;
    std::map<RequestId, std::int64_t> first;
    std::int64_t hit_tokens = 0;
    std::int64_t preemptions = 0;
};

struct Shape {
    std::vector<KvSpec> groups = {FullSpec{.cache = cache}};
    std::int64_t blocks = 64;
    std::int64_t side_rows = -1;  // Negative: every slot has one.
    std::size_t capture_group = 0;
    std::int64_t batched_max = 64;
    std::int64_t running_max = 8;
    std::int64_t drafts = 0;
    bool asynchronous = false;
    bool prefix_caching = true;
    RouterView view = RouterView::joined;
    std::int64_t tp_size = 1;
};

RankSettings settings_of(const Shape& shape, std::int64_t rank = 0) {
    RankSettings settings{.rank = RankId{static_cast<std::int32_t>(rank)},
                          .scheduler = {.batched_max = Tokens(shape.batched_max),
                                        .running_max = shape.running_max,
                                        .asynchronous = shape.asynchronous,
                                        .drafts_max = shape.drafts,
                                        .lookahead = Tokens(shape.drafts)},
                          .cache = {.blocks = Blocks(shape.blocks),
                                    .prefix_caching = shape.prefix_caching,
                                    .model_len_max = Tokens{100'000},
                                    .hash_block = block,
                                    .scheduler_block = block,
                                    .in_flight_max = Tokens(2 * shape.batched_max)},
                          .tables = {},
                          .batch = {.rows = shape.running_max},
                          .steps_in_flight = shape.asynchronous ? 2 : 1};
    for (const KvSpec& spec : shape.groups) {
        settings.cache.groups.push_back({spec});
        settings.tables.push_back({.block = block, .kernel_block = block, .row_blocks_max = Blocks{1000}});
    }
    const RowModel model{.layers = 4, .routers = {.experts = 32, .topk = 4}};
    settings.capture = CaptureSettings{.rows = {.model = model,
                                                .seed = 3,
                                                .rows = shape.side_rows < 0 ? shape.blocks * block.value : shape.side_rows,
                                                .object_rows = block.value,
                                                .prefix_caching = shape.prefix_caching,
                                                .address = SlotAddress(block),
                                                .requests_max = 64,
                                                .running_max = shape.running_max,
                                                .batched_max = shape.batched_max,
                                                .steps_in_flight_max = settings.steps_in_flight},
                                       .buffer = {.rows = shape.batched_max, .layers = 4, .columns = 4},
                                       .view = shape.view,
                                       .tp_size = shape.tp_size,
                                       .group = shape.capture_group};
    return settings;
}

struct Asked {
    std::int64_t own = 40;
    std::int64_t outputs = 8;
    std::int64_t shared = 0;  // Tokens of a prefix that others have too, in front.
};

NewRequest request(const Asked& asked, std::int64_t stream) {
    NewRequest made{.text = RequestText(block), .prompt = asked.shared + asked.own, .outputs_max = asked.outputs};
    made.text.append({.stream = 1, .first = 0, .count = asked.shared});
    made.text.append({.stream = stream, .first = 0, .count = asked.own + asked.outputs + 16});
    return made;
}

// All guesses but the first are wrong.
struct HalfRight : Outside {
    std::int64_t accepted(RequestId, std::int64_t drafts) override { return drafts > 0 ? 1 : 0; }
};

struct OneRun {
    Given given = {};
    std::optional<Refusal> refusal = {};  // How it ended, if it did not come to its end.
};

// Ranks in lockstep until all requests are done: the first of each rank at once, the others of one session, each after the one before it,
// where `in_turn` says so.
OneRun try_ranks(const std::string& spelling, const std::vector<RankSettings>& ranks, const std::vector<Asked>& asked, bool in_turn = false,
                 const LockstepSettings& lockstep = {}) {
    OneRun one;
    HalfRight outside;
    Happenings happenings;
    happenings.make = [&](std::size_t place) { return request(asked[place], 100 + static_cast<std::int64_t>(place)); };
    for (std::size_t place = 0; place < asked.size(); ++place) {
        happenings.requests.push_back({.rank = RankId{static_cast<std::int32_t>(place % ranks.size())}});
        if (in_turn && place > 0) happenings.requests.back().after = place - 1;
    }
    Simulation simulation(engine(spelling), ranks, lockstep, std::move(happenings), outside, one.given);
    simulation.run(10'000);
    one.refusal = simulation.fault();
    if (!one.refusal) {
        EXPECT_EQ(simulation.left(), 0) << "the ranks do not come to an end";
    }
    return one;
}

OneRun try_one(const std::string& spelling, const Shape& shape, const std::vector<Asked>& asked) {
    return try_ranks(spelling, {settings_of(shape)}, asked);
}

Given run_one(const std::string& spelling, const Shape& shape, const std::vector<Asked>& asked) {
    OneRun one = try_one(spelling, shape, asked);
    if (one.refusal) ADD_FAILURE() << name_of(one.refusal->type) << " in " << one.refusal->raised_in << ": " << one.refusal->message;
    return std::move(one.given);
}

// Requests of tokens that were computed here are given a fresh row for each position but the last.
void expect_all_fresh(const Given& given, const std::vector<Asked>& asked) {
    ASSERT_EQ(given.by_request.size(), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto id = static_cast<std::int64_t>(i);
        EXPECT_EQ(given.rows(id, RowKinship::fresh), asked[i].shared + asked[i].own + asked[i].outputs - 1) << "request " << i;
    }
    for (const RowKinship wrong :
         {RowKinship::never_written, RowKinship::stale, RowKinship::shifted, RowKinship::foreign, RowKinship::missing})
        EXPECT_EQ(given.rows(wrong), 0);
}

const std::vector<std::string>& all_engines() {
    static const std::vector<std::string> names{"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference", "vllm-0.18.0+rfc-38079"};
    return names;
}

TEST(RankRun, GivesEveryRequestItsRowsWhereOneGroupKeepsAll) {
    const std::vector<Asked> asked{
        {.own = 40, .outputs = 8}, {.own = 100, .outputs = 1}, {.own = 1, .outputs = 30}, {.own = 16, .outputs = 16}};
    for (const std::string& name : all_engines()) {
        SCOPED_TRACE(name);
        expect_all_fresh(run_one(name, {}, asked), asked);
    }
}

TEST(RankRun, GivesRowsOfASharedPrefixThatAnotherRequestComputed) {
    const std::vector<Asked> asked{{.own = 20, .outputs = 40, .shared = 64}, {.own = 30, .outputs = 4, .shared = 64}};
    for (const std::string name : {"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference"}) {
        SCOPED_TRACE(name);
        const Given given = try_ranks(name, {settings_of({})}, asked, true).given;
        EXPECT_EQ(given.hit_tokens, 64);
        expect_all_fresh(given, asked);
    }
}

TEST(RankRun, LeavesRowsOfAHitOutWhereTheyGoWithTheStep) {
    const std::vector<Asked> asked{{.own = 20, .outputs = 4, .shared = 64}, {.own = 30, .outputs = 4, .shared = 64}};
    const Given given = try_ranks("vllm-0.18.0+rfc-38079", {settings_of({})}, asked, true).given;
    EXPECT_EQ(given.first.at(RequestId{1}), 64);
    EXPECT_EQ(given.rows(1, RowKinship::fresh), 33);
}

TEST(RankRun, GivesRowsOfAcceptedDraftsAndNoneOfRejectedOnes) {
    const std::vector<Asked> asked{{.own = 40, .outputs = 21}, {.own = 7, .outputs = 12}};
    for (const std::string name : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        SCOPED_TRACE(name);
        expect_all_fresh(run_one(name, {.drafts = 3}, asked), asked);
    }
}

TEST(RankRun, GivesTheSameRowsWithAStepInFlight) {
    const std::vector<Asked> asked{{.own = 40, .outputs = 21}, {.own = 90, .outputs = 12}, {.own = 3, .outputs = 5}};
    for (const std::string name : {"vllm-0.32.0", "reference"}) {
        SCOPED_TRACE(name);
        expect_all_fresh(run_one(name, {.asynchronous = true}, asked), asked);
    }
}

TEST(RankRun, GivesAPreemptedRequestItsRowsOnceItIsComputedAgain) {
    const std::vector<Asked> asked{{.own = 60, .outputs = 60}, {.own = 60, .outputs = 60}};
    for (const std::string name : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        SCOPED_TRACE(name);
        const Given given = run_one(name, {.blocks = 12}, asked);
        EXPECT_GT(given.preemptions, 0);
        expect_all_fresh(given, asked);
    }
}

TEST(RankRun, NeedsThePrefixCacheWhereRowsAreKeptUnderItsKeys) {
    const std::vector<Asked> asked{{.own = 5, .outputs = 2}};
    EXPECT_EQ(try_one("vllm-0.32.0", {.prefix_caching = false}, asked).refusal.value().type, Raised::value_error);
    EXPECT_FALSE(try_one("reference", {.prefix_caching = false}, asked).refusal);
}

// R03, without any error: a gpt-oss shape, whose first group is a sliding window of 128. 4,096 tokens in chunks of 512: of the request's
// 256 blocks 216 have left the window by the end, and the reader takes their rows from the null block's slots.
TEST(RankRun, ReadsMostRowsOfAWindowedGroupFromTheNullBlock) {
    const Shape shape{.groups = {SlidingWindowSpec{.cache = cache, .window = Tokens{128}}, FullSpec{.cache = cache}},
                      .blocks = 2000,
                      .batched_max = 512,
                      .prefix_caching = false};
    const std::vector<Asked> asked{{.own = 4096, .outputs = 1}};
    const Given old = run_one("vllm-0.18.0", shape, asked);
    EXPECT_EQ(old.rows(RowKinship::fresh), 40 * 16);
    EXPECT_EQ(old.rows(RowKinship::fresh) + old.rows(RowKinship::never_written), 4096);
    Shape full = shape;
    full.capture_group = 1;
    expect_all_fresh(run_one("reference", full, asked), asked);
}

// B01: rows of a share of the pool; the first block past them is refused as the engine refuses it.
TEST(RankRun, EndsWhereASlotHasNoRow) {
    Shape shape{.groups = {FullSpec{.cache = cache}, SlidingWindowSpec{.cache = cache, .window = Tokens{32}}}, .blocks = 20};
    shape.side_rows = 20 / 2 * 16;
    const Refusal refusal = try_one("vllm-0.18.0", shape, {{.own = 150, .outputs = 4}}).refusal.value();
    EXPECT_EQ(refusal.type, Raised::index_error);
    EXPECT_EQ(refusal.figures, (std::vector<std::int64_t>{160, 0, 160}));
    shape.side_rows = 20 * 16;
    EXPECT_FALSE(try_one("vllm-0.18.0", shape, {{.own = 150, .outputs = 4}}).refusal);
}

// vllm-project/vllm#37857 with two ranks in motion.
OneRun run_two(const std::string& spelling, RouterView view, const std::vector<Asked>& asked) {
    const Shape shape{.view = view, .tp_size = 8};
    return try_ranks(spelling, {settings_of(shape, 0), settings_of(shape, 1)}, asked);
}

std::optional<Raised> raised_by(const OneRun& run) {
    if (!run.refusal) return std::nullopt;
    return run.refusal->type;
}

TEST(TwoRankRun, EndsInTheOldEngineWhereTheRouterSeesLocalTokens) {
    const std::vector<Asked> asked{{.own = 6, .outputs = 3}, {.own = 4, .outputs = 3}};
    EXPECT_EQ(raised_by(run_two("vllm-0.18.0", RouterView::local, asked)), Raised::assertion_error);
    EXPECT_EQ(raised_by(run_two("vllm-0.18.0", RouterView::joined, asked)), std::nullopt);
    EXPECT_EQ(raised_by(run_two("vllm-0.18.0+pr-37879", RouterView::local, asked)), std::nullopt);
}

TEST(TwoRankRun, GivesEachRankItsOwnRowsInEveryLayoutThatAnEngineKnows) {
    const std::vector<Asked> asked{{.own = 6, .outputs = 3}, {.own = 40, .outputs = 9}, {.own = 11, .outputs = 1}};
    const auto expect_own = [&](const std::string& name, RouterView view) {
        SCOPED_TRACE(name + " " + std::string(router_view_names[static_cast<std::size_t>(view)]));
        const OneRun two = run_two(name, view, asked);
        EXPECT_EQ(raised_by(two), std::nullopt);
        expect_all_fresh(two.given, asked);
    };
    expect_own("vllm-0.18.0", RouterView::joined);
    for (const RouterView view : {RouterView::joined, RouterView::local}) expect_own("vllm-0.18.0+pr-37879", view);
    for (const RouterView view : {RouterView::joined, RouterView::local, RouterView::gathered_shards, RouterView::shard})
        for (const char* name : {"vllm-0.32.0", "vllm-0.33.0"}) expect_own(name, view);
    for (std::size_t view = 0; view < router_view_names.size(); ++view) expect_own("reference", static_cast<RouterView>(view));
}

TEST(TwoRankRun, LosesTheRowsOfAPaddedGatherWithThePatch) {
    const OneRun two = run_two("vllm-0.18.0+pr-37879", RouterView::padded_gather, {{.own = 6, .outputs = 1}, {.own = 4, .outputs = 1}});
    EXPECT_EQ(raised_by(two), std::nullopt);
    EXPECT_EQ(two.given.rows(0, RowKinship::never_written), 6);
    EXPECT_EQ(two.given.rows(1, RowKinship::never_written), 4);
}

// Any shape of pool and scheduler, and any requests.
struct AnyRun {
    Shape shape;
    std::vector<Asked> asked;
};
AnyRun any_run() {
    AnyRun run;
    Shape& shape = run.shape;
    shape.blocks = *rc::gen::inRange<std::int64_t>(12, 40);
    shape.batched_max = *rc::gen::inRange<std::int64_t>(8, 80);
    shape.running_max = *rc::gen::inRange<std::int64_t>(1, 6);
    shape.asynchronous = *rc::gen::arbitrary<bool>();
    shape.prefix_caching = *rc::gen::arbitrary<bool>();
    shape.drafts = *rc::gen::inRange<std::int64_t>(0, 4);
    if (*rc::gen::arbitrary<bool>()) {
        shape.groups.insert(shape.groups.begin(),
                            SlidingWindowSpec{.cache = cache, .window = Tokens(*rc::gen::inRange<std::int64_t>(1, 70))});
        shape.capture_group = 1;
        shape.blocks *= 2;
    }
    const auto count = *rc::gen::inRange<std::size_t>(1, 7);
    for (std::size_t i = 0; i < count; ++i)
        run.asked.push_back({.own = *rc::gen::inRange<std::int64_t>(1, 60),
                             .outputs = *rc::gen::inRange<std::int64_t>(1, 40),
                             .shared = *rc::gen::element<std::int64_t>(0, 16, 33, 64)});
    return run;
}

void expect_all_rows(const std::string& spelling, const AnyRun& any) {
    const Given given = run_one(spelling, any.shape, any.asked);
    RC_ASSERT(given.by_request.size() == any.asked.size());
    for (std::size_t i = 0; i < any.asked.size(); ++i) {
        const auto id = static_cast<std::int64_t>(i);
        RC_ASSERT(given.rows(id, RowKinship::fresh) == any.asked[i].shared + any.asked[i].own + any.asked[i].outputs - 1);
    }
}

RC_GTEST_PROP(RankRun, ReferenceGivesEveryRequestItsOwnRowsWhateverComes, ()) { expect_all_rows("reference", any_run()); }

// Where rows are captured in the group that keeps every token, and in one batch; what breaks it is elsewhere.
RC_GTEST_PROP(RankRun, ReleasedEnginesDoSoToo, ()) {
    AnyRun any = any_run();
    any.shape.prefix_caching = true;
    const std::string spelling = *rc::gen::element<std::string>("vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0");
    if (spelling == "vllm-0.18.0") any.shape.asynchronous = false;  // It does not schedule ahead where rows are captured.
    expect_all_rows(spelling, any);
}

// Ranks in step, with graphs, padding, dummy batches and micro-batches; a side buffer of a row for each slot.
struct AnyRanks {
    AnyRun run = any_run();
    LockstepSettings lockstep = {};
    std::vector<RankSettings> ranks = {};
};
AnyRanks any_ranks(std::int64_t micro_batches_max) {
    AnyRanks any;
    any.run.shape.view = static_cast<RouterView>(*rc::gen::inRange<std::size_t>(0, router_view_names.size()));
    any.run.shape.tp_size = *rc::gen::element<std::int64_t>(1, 2, 8);
    any.lockstep.pads_ranks = *rc::gen::arbitrary<bool>();
    any.lockstep.micro_batches = *rc::gen::inRange<std::int64_t>(1, micro_batches_max + 1);
    any.lockstep.graph_sizes =
        *rc::gen::element(std::vector<std::int64_t>{}, std::vector<std::int64_t>{1, 2, 4, 8}, std::vector<std::int64_t>{16, 32, 64, 80});
    const auto count = *rc::gen::inRange<std::int64_t>(1, 4);
    for (std::int64_t rank = 0; rank < count; ++rank) {
        any.ranks.push_back(settings_of(any.run.shape, rank));
        any.ranks.back().capture.value().buffer.rows = 128;  // The largest graph and the largest batch.
    }
    return any;
}

RC_GTEST_PROP(RanksRun, ReferenceGivesEveryRequestItsOwnRowsWhateverTheRanksAgreeOn, ()) {
    const AnyRanks any = any_ranks(2);
    const OneRun one = try_ranks("reference", any.ranks, any.run.asked, false, any.lockstep);
    RC_ASSERT(!one.refusal);
    for (std::size_t i = 0; i < any.run.asked.size(); ++i) {
        const Asked& asked = any.run.asked[i];
        RC_ASSERT(one.given.rows(static_cast<std::int64_t>(i), RowKinship::fresh) == asked.shared + asked.own + asked.outputs - 1);
    }
}

// R10: the second micro-batch overwrites the first from row 0 on, and nobody says so.
TEST(RanksRun, LosesTheFirstMicroBatchInTheLaterEngine) {
    const std::vector<Asked> asked{{.own = 40, .outputs = 1}, {.own = 40, .outputs = 1}};
    const std::vector<RankSettings> ranks{settings_of({}, 0), settings_of({}, 1)};
    const LockstepSettings halves{.micro_batches = 2};
    const OneRun later = try_ranks("vllm-0.32.0", ranks, asked, false, halves);
    EXPECT_FALSE(later.refusal);
    for (const std::int64_t request : {0, 1}) {
        EXPECT_EQ(later.given.rows(request, RowKinship::shifted), 20);
        EXPECT_EQ(later.given.rows(request, RowKinship::fresh), 0);
    }
    for (const char* fixed : {"vllm-0.33.0", "reference"}) expect_all_fresh(try_ranks(fixed, ranks, asked, false, halves).given, asked);
}

}  // namespace
}  // namespace kv::test
