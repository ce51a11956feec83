// Reports of captured rows gone wrong, rebuilt with their figures, each beside what sets it right.
#include "model/addressing/pad_slot.h"
#include "model/capture/row_delivery.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace kv::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr std::int64_t target = 1;

// One rank of an engine whose steps a test spells out.
class Rank {
public:
    Rank(std::string_view engine, RowSetup setup) : block_(setup.address.block_tokens()), delivery_(engine_of(engine), setup) {}

    // All tokens of a request, or some, in one step.
    void compute(std::int64_t request, std::int64_t content, const std::vector<BlockId>& blocks, std::int64_t first, std::int64_t tokens) {
        save(request, content, blocks, first, tokens);
        delivery_.settle();
    }
    void save(std::int64_t request, std::int64_t content, const std::vector<BlockId>& blocks, std::int64_t first, std::int64_t tokens) {
        std::vector<std::int64_t> slots;
        for (std::int64_t position = first; position < first + tokens; ++position)
            slots.push_back(static_cast<std::int64_t>(blocks[static_cast<std::size_t>(position / block_)]) * block_ + position % block_);
        save_at(request, content, slots, first);
    }
    void save_at(std::int64_t request, std::int64_t content, const std::vector<std::int64_t>& slots, std::int64_t first) {
        std::vector<RowTag> rows(slots.size());
        tag_run({.producer = target, .content = content, .position = first}, rows);
        const std::vector<StepRequest> parts{{.request = request, .first = first, .tokens = std::ssize(slots)}};
        delivery_.begin(parts);
        delivery_.save({.requests = parts, .slots = slots, .rows = rows});
    }

    // How the rows of a request that stops relate to the true ones.
    std::map<RowKinship, std::int64_t> stopped(std::int64_t request, std::int64_t content, const std::vector<BlockId>& blocks,
                                               std::int64_t tokens) {
        const DeliveredRows rows = delivery_.stop(request, {.tokens = tokens, .blocks = blocks});
        std::map<RowKinship, std::int64_t> kinships;
        for (std::int64_t i = 0; i < rows.count; ++i)
            ++kinships[kinship(rows.rows[static_cast<std::size_t>(i)],
                               {.producer = target, .content = content, .position = rows.first + i})];
        return kinships;
    }
    RowDelivery& delivery() { return delivery_; }

private:
    std::int64_t block_;
    RowDelivery delivery_;
};

using Kinships = std::map<RowKinship, std::int64_t>;

RowSetup setup_of(std::int64_t block, std::int64_t rows) {
    return {.model = {.layers = 2, .routers = {.experts = 8, .topk = 2}},
            .rows = rows,
            .object_rows = block,
            .address = SlotAddress(TokensPerBlock{block}),
            .requests_max = 16,
            .running_max = 16,
            .batched_max = 4096,
            .steps_in_flight_max = 2};
}

TEST(DeliveryThreads, Row699312Of699312IsRefusedAsTheEngineRefusesIt) {
    // vllm#37118: 2 groups, 5,142 blocks of 272: (5142 // 2) * 272 rows, and block 2,571 is the first past them.
    Rank rank("vllm-0.18.0", setup_of(272, 5142 / 2 * 272));
    rank.save_at(0, 5, {699'311}, 0);
    const auto refusal = refusal_of([&] { rank.compute(0, 5, blocks_from(2571, 1), 0, 1); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->type, Raised::index_error);
    EXPECT_EQ(refusal->message, "index 699312 is out of bounds for axis 0 with size 699312");
    Rank whole("vllm-0.18.0+pr-37118", setup_of(272, 5142 * 272));
    whole.compute(0, 5, blocks_from(2571, 1), 0, 1);
    EXPECT_EQ(whole.stopped(0, 5, blocks_from(2571, 1), 2), (Kinships{{RowKinship::fresh, 1}}));
    EXPECT_FALSE(refusal_of([&] { whole.save_at(0, 5, {5142 * 272 - 1}, 0); }));
    EXPECT_TRUE(refusal_of([&] { whole.save_at(0, 5, {5142 * 272}, 0); }));
}

TEST(DeliveryThreads, WriterAndReaderSizedByDifferentRulesDisagree) {
    RowSetup setup = setup_of(272, 5142 / 2 * 272);
    setup.reader_rows = 5142 * 272;
    const auto too_large = refusal_of([&] { Rank("vllm-0.18.0", setup); });
    ASSERT_TRUE(too_large) << "a reader cannot take more rows than the writer has made";
    EXPECT_EQ(too_large->type, Raised::type_error);
    std::swap(setup.rows, *setup.reader_rows);
    Rank rank("vllm-0.18.0", setup);
    rank.compute(0, 5, blocks_from(2570, 2), 0, 273);
    const auto too_small = refusal_of([&] { rank.stopped(0, 5, blocks_from(2570, 2), 274); });
    ASSERT_TRUE(too_small) << "what the writer stored, its reader does not find";
    EXPECT_EQ(too_small->message, "index 699312 is out of bounds for axis 0 with size 699312");
    EXPECT_EQ(rank.stopped(0, 5, blocks_from(2570, 2), 273), (Kinships{{RowKinship::fresh, 272}}));
}

TEST(DeliveryThreads, ANegativeSlotWrapsSilentlyInOldAndIsInertInReference) {
    // A padded batch on a buffer whose last row is a live token's.
    for (const auto& [engine, expected] : std::vector<std::pair<std::string, Kinships>>{
             {"vllm-0.18.0", {{RowKinship::fresh, 15}, {RowKinship::stale, 1}}},
             {"vllm-0.18.0,pad-rows=inert", {{RowKinship::fresh, 16}}},
             {"reference", {{RowKinship::fresh, 16}}},
             {"reference,transport=shared-memory", {{RowKinship::fresh, 16}}},
             {"reference,transport=shared-memory,pad-rows=negative-wraps", {{RowKinship::fresh, 15}, {RowKinship::stale, 1}}}}) {
        Rank rank(engine, setup_of(16, 128));
        rank.delivery().arrive(0, {.prompt = 16});
        rank.delivery().arrive(1, {.prompt = 3});
        rank.save(0, 5, blocks_from(7, 1), 0, 16);
        rank.delivery().settle();
        rank.save_at(1, 6, {32, 33, 34, pad_slot, pad_slot}, 0);
        EXPECT_EQ(rank.stopped(0, 5, blocks_from(7, 1), 17), expected) << engine;
    }
}

TEST(DeliveryThreads, ZeroRowsAreRefusedAtStart) {
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        const auto refusal = refusal_of([&] { Rank(engine, setup_of(16, 0)); });
        ASSERT_TRUE(refusal) << engine;
        EXPECT_EQ(refusal->type, Raised::value_error);
        EXPECT_FALSE(refusal_of([&] { Rank(engine, setup_of(16, 16)); })) << engine;
    }
}

TEST(DeliveryThreads, GroupZerosBlocksAsRowAddressesLeaveTheBufferOrTheWrongRows) {
    // N02, vllm#35744: Mamba blocks of 262,144 first, full blocks of 272 second, 1,897,744 rows.
    constexpr std::int64_t rows = 13'954 / 2 * 272;
    Rank both_zero("vllm-0.18.0", setup_of(262'144, rows));
    EXPECT_FALSE(refusal_of([&] { both_zero.compute(0, 5, blocks_from(7, 1), 0, 96); }));
    const auto refusal = refusal_of([&] { both_zero.compute(1, 6, blocks_from(8, 1), 0, 96); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->message, "index 2097152 is out of bounds for axis 0 with size 1897744");
    // The writer takes ids of group 0, its reader those of the full group.
    Rank mixed("vllm-0.18.0", setup_of(272, rows));
    mixed.compute(0, 5, blocks_from(1, 1), 0, 96);
    EXPECT_EQ(mixed.stopped(0, 5, blocks_from(2, 1), 97), (Kinships{{RowKinship::never_written, 96}}));
    EXPECT_EQ(mixed.stopped(0, 5, blocks_from(1, 1), 97), (Kinships{{RowKinship::fresh, 96}}));
}

TEST(DeliveryThreads, RowsOfAPromptAreReadBySlotAndThoseOfOutputsComeWithTheirSteps) {
    // tpu-inference#3583: the writer's slots are of block 1, the reader's of block 2.
    for (const std::int32_t reader : {1, 2}) {
        Rank rank("reference,transport=prompt-by-slot", setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 10});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks_from(1, 1), 0, 10);
        rank.compute(0, 5, blocks_from(1, 1), 10, 1);
        rank.compute(0, 5, blocks_from(1, 1), 11, 1);
        const Kinships expected =
            reader == 1 ? Kinships{{RowKinship::fresh, 12}} : Kinships{{RowKinship::missing, 10}, {RowKinship::fresh, 2}};
        EXPECT_EQ(rank.stopped(0, 5, blocks_from(reader, 1), 13), expected);
        EXPECT_EQ(rank.delivery().last_read().size(), 10U);
    }
}

TEST(DeliveryThreads, RowsThatNoRouterGaveAreNeverWrittenOrMissing) {
    // N03, vllm#37857: a layout that the engine does not know, skipped with a warning.
    const auto after_a_skip = [](std::string_view spelling) {
        const Engine engine = engine_of(spelling);
        const RowSetup setup = setup_of(16, 256);
        Rank rank(spelling, setup);
        rank.delivery().arrive(0, {.prompt = 6});
        StepRows step(engine, rank.delivery().format(), 16);
        step.begin();
        std::vector<std::int64_t> slots(6);
        std::iota(slots.begin(), slots.end(), 16);
        const std::vector<StepRequest> parts{{.request = 0, .first = 0, .tokens = 6}};
        rank.delivery().begin(parts);
        rank.delivery().save({.requests = parts, .slots = slots, .rows = step.rows(0, 6)});
        rank.delivery().settle();
        return rank.stopped(0, 5, blocks_from(1, 1), 7);
    };
    EXPECT_EQ(after_a_skip("vllm-0.18.0"), (Kinships{{RowKinship::never_written, 6}}));
    EXPECT_EQ(after_a_skip("reference"), (Kinships{{RowKinship::missing, 6}}));
}

// N15, vllm#39568: A of 79 + 2 tokens fills blocks 1 to 5 and goes; of B, 64 tokens are loaded, the rest is computed.
Kinships of_a_loaded_request(std::string_view engine, std::int64_t computed_from) {
    Rank rank(engine, setup_of(16, 96));
    rank.delivery().arrive(0, {.prompt = 79});
    rank.delivery().admit(0, {});
    rank.compute(0, 5, blocks_from(1, 5), 0, 80);
    rank.stopped(0, 5, blocks_from(1, 5), 81);
    rank.delivery().arrive(1, {.prompt = 64});
    rank.delivery().admit(1, {.hit = 0, .loaded = computed_from, .blocks = blocks_from(1, 5)});
    rank.compute(1, 6, blocks_from(1, 5), computed_from, 71 - computed_from);
    return rank.stopped(1, 6, blocks_from(1, 5), 72);
}

TEST(DeliveryThreads, RowsOfLoadedTokensAreAnEarlierOwnersOrMissing) {
    EXPECT_EQ(of_a_loaded_request("vllm-0.18.0", 64), (Kinships{{RowKinship::stale, 64}, {RowKinship::fresh, 7}}));
    EXPECT_EQ(of_a_loaded_request("vllm-0.18.0", 63), (Kinships{{RowKinship::stale, 63}, {RowKinship::fresh, 8}}))
        << "the last prompt token is computed again";
    EXPECT_EQ(of_a_loaded_request("vllm-0.18.0,transport=slot-cache", 64), (Kinships{{RowKinship::stale, 64}, {RowKinship::fresh, 7}}));
    EXPECT_EQ(of_a_loaded_request("vllm-0.18.0,loaded-rows=missing", 64), (Kinships{{RowKinship::missing, 64}, {RowKinship::fresh, 7}}));
    EXPECT_EQ(of_a_loaded_request("reference", 64), (Kinships{{RowKinship::missing, 64}, {RowKinship::fresh, 7}}));
    EXPECT_EQ(of_a_loaded_request("reference", 63), (Kinships{{RowKinship::missing, 63}, {RowKinship::fresh, 8}}));
    EXPECT_EQ(of_a_loaded_request("vllm-0.18.0+rfc-38079", 64), (Kinships{{RowKinship::fresh, 7}}))
        << "what it does not have it does not send";
}

TEST(DeliveryThreads, RowsOfALocalHitWereWrittenByAnotherRequestAndAreFresh) {
    // C3, and the twin of N15: the same content, hit where it lies.
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.18.0,transport=slot-cache", "reference"}) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 79});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks_from(1, 5), 0, 80);
        rank.delivery().arrive(1, {.prompt = 70});
        rank.delivery().admit(1, {.hit = 64, .blocks = blocks_from(1, 4)});
        const std::vector<BlockId> blocks{BlockId{1}, BlockId{2}, BlockId{3}, BlockId{4}, BlockId{5}};
        rank.compute(1, 5, blocks, 64, 7);
        EXPECT_EQ(rank.stopped(1, 5, blocks, 72), (Kinships{{RowKinship::fresh, 71}})) << engine;
    }
}

TEST(DeliveryThreads, NTokensHaveNMinusOneRows) {
    // C1, vllm#28284: the last token that came out was never computed.
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.18.0+rfc-38079", "reference", "vllm-0.32.0"}) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 64});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks_from(1, 5), 0, 71);
        EXPECT_EQ(rank.stopped(0, 5, blocks_from(1, 5), 72), (Kinships{{RowKinship::fresh, 71}})) << engine;
    }
}

TEST(DeliveryThreads, ExpertZeroInManyRowsSaysNothing) {
    // C5: of 4 experts, a quarter of all fresh rows begins with expert 0; a row that nobody wrote reads the same to whoever sees ids only.
    std::int64_t zeros = 0;
    for (std::int64_t position = 0; position < 400; ++position) {
        const RowOrigin origin{.producer = target, .content = 5, .position = position};
        zeros += expert_of(11, tag_of(origin), 0, 0, {.experts = 4, .topk = 1}) == 0;
        EXPECT_EQ(kinship(tag_of(origin), origin), RowKinship::fresh);
        EXPECT_EQ(kinship(never_written_tag, origin), RowKinship::never_written);
        EXPECT_EQ(kinship(missing_tag, origin), RowKinship::missing);
    }
    EXPECT_GT(zeros, 60);
    EXPECT_LT(zeros, 140);
}

TEST(DeliveryThreads, RowsBehindAWindowAreReadFromTheNullBlock) {
    // R03: a sliding group's old blocks are null by the time that its request stops.
    const std::vector<BlockId> blocks{BlockId{1}, BlockId{2}}, later{BlockId{0}, BlockId{2}};
    const auto read = [&](std::string_view engine) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 20});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks, 0, 20);
        return rank.stopped(0, 5, later, 21);
    };
    EXPECT_EQ(read("vllm-0.18.0"), (Kinships{{RowKinship::never_written, 16}, {RowKinship::fresh, 4}}));
    EXPECT_EQ(read("vllm-0.18.0,row-reader=as-written-or-missing"), (Kinships{{RowKinship::never_written, 16}, {RowKinship::fresh, 4}}))
        << "PAD is read as the last row";
    EXPECT_EQ(read("vllm-0.18.0,row-reader=as-written-or-missing,pad-rows=inert"),
              (Kinships{{RowKinship::missing, 16}, {RowKinship::fresh, 4}}));
    EXPECT_EQ(read("reference"), (Kinships{{RowKinship::fresh, 20}})) << "a request keeps its own rows";
}

TEST(DeliveryThreads, ASharedStagingBufferHasTheNextStepsRows) {
    // B17, vllm#39568: two steps in flight.
    const auto read = [](std::string_view engine) {
        Rank rank(engine, setup_of(16, 96));
        for (const std::int64_t request : {0, 1}) {
            rank.delivery().arrive(request, {.prompt = 4});
            rank.delivery().admit(request, {});
        }
        rank.save(0, 5, blocks_from(1, 1), 0, 4);
        rank.save(1, 6, blocks_from(2, 1), 0, 4);
        rank.delivery().settle();
        return rank.stopped(0, 5, blocks_from(1, 1), 5);
    };
    EXPECT_EQ(read("reference"), (Kinships{{RowKinship::fresh, 4}}));
    EXPECT_EQ(read("reference,row-staging=shared"), (Kinships{{RowKinship::stale, 4}}));
    EXPECT_EQ(read("vllm-0.32.0"), (Kinships{{RowKinship::fresh, 4}}));
    EXPECT_EQ(read("vllm-0.32.0,row-staging=shared"), (Kinships{{RowKinship::stale, 4}}));
}

TEST(DeliveryThreads, AHitOfAStepInFlightHasNoRowsYetWhereItIsCopiedAtAdmission) {
    const auto read = [](std::string_view engine) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 32});
        rank.delivery().admit(0, {});
        rank.save(0, 5, blocks_from(1, 2), 0, 32);
        rank.delivery().arrive(1, {.prompt = 20});
        rank.delivery().admit(1, {.hit = 16, .blocks = blocks_from(1, 1)});
        rank.delivery().settle();
        rank.compute(1, 5, {BlockId{1}, BlockId{4}}, 16, 4);
        return rank.stopped(1, 5, {BlockId{1}, BlockId{4}}, 21);
    };
    EXPECT_EQ(read("reference"), (Kinships{{RowKinship::fresh, 20}}));
    EXPECT_EQ(read("reference,hit-rows=at-admission"), (Kinships{{RowKinship::missing, 16}, {RowKinship::fresh, 4}}));
    EXPECT_EQ(read("reference,hit-rows=at-admission,unwritten-rows=zeros"),
              (Kinships{{RowKinship::never_written, 16}, {RowKinship::fresh, 4}}));
    EXPECT_EQ(read("reference,hit-rows=missing"), (Kinships{{RowKinship::missing, 16}, {RowKinship::fresh, 4}}));
}

TEST(DeliveryThreads, AResumedRequestSendsItsRowsTwiceAndPlacedTheyAreOnce) {
    const auto read = [](std::string_view engine) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 10});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks_from(1, 1), 0, 10);
        rank.delivery().preempt(0);
        rank.delivery().begin({});
        rank.delivery().admit(0, {});
        rank.compute(0, 5, blocks_from(3, 1), 0, 12);
        return rank.stopped(0, 5, blocks_from(3, 1), 13);
    };
    EXPECT_EQ(read("vllm-0.18.0"), (Kinships{{RowKinship::fresh, 12}}));
    EXPECT_EQ(read("vllm-0.18.0+rfc-38079"), (Kinships{{RowKinship::fresh, 10}, {RowKinship::shifted, 2}}));
    EXPECT_EQ(read("vllm-0.18.0+rfc-38079,resumed-rows=placed"), (Kinships{{RowKinship::fresh, 12}}));
    EXPECT_EQ(read("reference"), (Kinships{{RowKinship::fresh, 12}}));
}

TEST(DeliveryThreads, OnlyRowsOfRequestsThatOptedInAreCarried) {
    Rank rank("vllm-0.18.0+rfc-38079", setup_of(16, 96));
    rank.delivery().arrive(0, {.prompt = 4, .opted_in = false});
    rank.delivery().arrive(1, {.prompt = 5});
    rank.compute(0, 5, blocks_from(1, 1), 0, 4);
    EXPECT_EQ(rank.delivery().as<StepDeltaRows>()->carried(), 0) << "a step with no such request carries none";
    rank.compute(1, 6, blocks_from(2, 1), 0, 5);
    EXPECT_EQ(rank.delivery().as<StepDeltaRows>()->carried(), 5);
    EXPECT_EQ(rank.stopped(0, 5, blocks_from(1, 1), 5), Kinships{});
    EXPECT_EQ(rank.stopped(1, 6, blocks_from(2, 1), 6), (Kinships{{RowKinship::fresh, 5}}));
}

TEST(DeliveryThreads, StepsOfTwoIdTypesDoNotJoin) {
    // 257 experts: a step whose ids all fit a byte, and one whose ids do not.
    RowSetup setup = setup_of(16, 96);
    setup.model.routers = {.experts = 257, .topk = 1};
    setup.model.layers = 1;
    std::int64_t wide = 0;  // A position whose only id is 256.
    const auto id = [&](std::int64_t position) {
        return expert_of(0, tag_of({.producer = target, .content = 5, .position = position}), 0, 0, setup.model.routers);
    };
    while (id(wide) != 256) ++wide;
    const auto read = [&](std::string_view engine) {
        Rank rank(engine, setup);
        rank.delivery().arrive(0, {.prompt = 1});
        rank.save_at(0, 5, {16}, wide - 1);
        rank.delivery().settle();
        rank.save_at(0, 5, {17}, wide);
        rank.delivery().settle();
        rank.stopped(0, 5, blocks_from(1, 1), wide + 2);
    };
    ASSERT_LT(id(wide - 1), 256);
    const auto refusal = refusal_of([&] { read("vllm-0.18.0+rfc-38079,row-type=by-step"); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->type, Raised::value_error);
    EXPECT_FALSE(refusal_of([&] { read("vllm-0.18.0+rfc-38079"); }));
}

TEST(DeliveryThreads, AnAbortedRequestLeavesItsBlocksRowsToWhoeverHitsThem) {
    for (const char* const engine : {"vllm-0.18.0", "reference"}) {
        Rank rank(engine, setup_of(16, 96));
        rank.delivery().arrive(0, {.prompt = 32});
        rank.delivery().admit(0, {});
        rank.save(0, 5, blocks_from(1, 2), 0, 32);
        rank.delivery().abort(0);
        rank.delivery().settle();
        rank.delivery().arrive(1, {.prompt = 20});
        rank.delivery().admit(1, {.hit = 16, .blocks = blocks_from(1, 1)});
        rank.compute(1, 5, {BlockId{1}, BlockId{4}}, 16, 4);
        EXPECT_EQ(rank.stopped(1, 5, {BlockId{1}, BlockId{4}}, 21), (Kinships{{RowKinship::fresh, 20}})) << engine;
    }
}

}  // namespace
}  // namespace kv::testing
