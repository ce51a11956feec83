// Each property of admission, ranks, transfers, blocks and time: events that break it, and events that nearly do.
#include "tests/properties/told.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kv::test {
namespace {

TEST(AdmitAgrees, IsThatAnEmptyPoolTakesWhatStartUpPromised) {
    for (const bool granted : {true, false}) {
        Told told;
        told.begin().arrive(r0);
        told.tell(BlocksAsked{.rank = rank0, .request = r0, .needed = Blocks{10}, .granted = granted, .free = Blocks{9}});
        EXPECT_EQ(told.holds(PropertyId::admit_agrees), granted);
    }
    Told told;
    told.begin().arrive(r0).hold({.request = r1, .blocks = {{1}}, .taken = {1}, .free = 8});
    told.tell(BlocksAsked{.rank = rank0, .request = r0, .needed = Blocks{9}, .granted = false, .free = Blocks{8}});
    EXPECT_TRUE(told.holds(PropertyId::admit_agrees)) << "others hold blocks: it waits for them";
}

// Nine blocks, of which another request holds some; this one holds 4 of the first group and 3 of the second at most.
TEST(AdmitAgrees, IsThatWhoFindsRoomIsLetIn) {
    const auto ask = [](BlocksAsked asked) {
        Told told;
        told.begin(2).arrive(r0).arrive(r1).hold({.request = r1, .blocks = {{1}, {2}}, .taken = {1, 2}, .free = 7});
        asked.rank = rank0;
        asked.request = r0;
        asked.tokens = Tokens{60};
        asked.new_tokens = Tokens{60};
        asked.needed = Blocks{30};
        told.tell(asked);
        return told.found(PropertyId::admit_agrees);
    };
    const auto found = ask({.admission = true, .free = Blocks{7}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].needed, 30);
    EXPECT_EQ(found[0].blocks, 7);
    EXPECT_EQ(found[0].free, 7);
    EXPECT_TRUE(ask({.admission = true, .free = Blocks{6}}).empty());
    EXPECT_TRUE(ask({.admission = true, .reserved = Blocks{1}, .free = Blocks{7}}).empty()) << "one is kept back for others";
    EXPECT_TRUE(ask({.lookahead = Tokens{5}, .admission = true, .free = Blocks{7}}).empty()) << "and it needs slots for drafts";
    EXPECT_TRUE(ask({.free = Blocks{7}}).empty()) << "who runs gets what another gives up";
}

TEST(AdmitAgrees, LetsARequestWaitForAStateThatIsBeingWritten) {
    const auto ask = [](std::int64_t state) {
        Told told;
        told.group(1) = {.family = GroupFamily::states, .block = TokensPerBlock{16}, .states = MambaMode::align, .held_max = Blocks{2}};
        told.begin(2).arrive(r0, 3).arrive(r1, 3);
        told.hold({.request = r0, .blocks = {{1, 2}, {0, 4}}, .new_tokens = 32, .taken = {1, 2, 4}, .free = 6});
        const std::vector<StateWrite> writes{{.request = r0, .position = state, .column = 1, .block = BlockId{4}}};
        told.tell(StatesWritten{.rank = rank0, .step = step0, .group = 1, .writes = writes});
        const std::vector<std::vector<BlockId>> blocks{{BlockId{1}, BlockId{2}}, {BlockId{0}, BlockId{4}}};
        told.tell(CacheHitFound{.rank = rank0, .request = r1, .length = Tokens{32}, .blocks = blocks});
        told.tell(BlocksAsked{.rank = rank0,
                              .request = r1,
                              .tokens = Tokens{33},
                              .new_tokens = Tokens{1},
                              .hit = Tokens{32},
                              .admission = true,
                              .needed = Blocks{11},
                              .free = Blocks{7}});
        return told.holds(PropertyId::admit_agrees);
    };
    EXPECT_TRUE(ask(20)) << "what lies there is of fewer tokens";
    EXPECT_FALSE(ask(32)) << "it is there";
}

TEST(AdmitAgrees, SaysWhoWaitsBehind) {
    for (const std::int64_t waiting : {1, 3}) {
        Told told;
        told.begin().arrive(r0);
        told.tell(StepBegan{.rank = rank0, .step = step0});
        told.tell(BlocksAsked{.rank = rank0, .request = r0, .needed = Blocks{10}, .free = Blocks{9}});
        told.tell(StepScheduled{.rank = rank0, .step = step0, .waiting = waiting});
        EXPECT_EQ(told.found(PropertyId::admit_agrees).size(), waiting == 1 ? 1U : 2U);
    }
}

TEST(AdmitAgrees, IsThatStartUpRefusesNoMoreThanHasNoRoom) {
    for (const std::int64_t asked : {640, 641}) {
        Told told;
        told.tell(PlanRefused{.raised_in = "_check", .asked = Tokens(asked), .estimated = Tokens{640}});
        told.tell(LengthConstructed{.length = Tokens{640}, .grain = Tokens{16}});
        EXPECT_EQ(told.holds(PropertyId::admit_agrees), asked == 641);
    }
}

TEST(AdmitAgrees, IsThatStatesOfNoPositionAreCountedAsTheyAreGiven) {
    for (const int held : {2, 1}) {
        Told told;
        told.group(1) = {.family = GroupFamily::states, .block = TokensPerBlock{64}, .held_max = Blocks{2}};
        told.begin(2).arrive(r0);
        told.hold({.request = r0, .blocks = {{1}, held == 2 ? std::vector{2, 3} : std::vector{2}}, .new_tokens = 10, .taken = {1, 2, 3}});
        EXPECT_EQ(told.holds(PropertyId::admit_agrees), held == 2);
    }
}

TEST(AdmitAgrees, IsThatWhoWasAdmittedCanGoOn) {
    const auto ask = [](std::string_view raised_in, bool scheduled) {
        Told told;
        told.begin().arrive(r0).tell(StepBegan{.rank = rank0, .step = step0});
        if (scheduled) told.tell(StepScheduled{.rank = rank0, .step = step0, .running = 1});
        told.tell(EngineFault{.rank = rank0, .step = step0, .type = Raised::assertion_error, .raised_in = raised_in});
        return told.holds(PropertyId::admit_agrees);
    };
    EXPECT_FALSE(ask("MambaManager.allocate_new_blocks", false));
    EXPECT_TRUE(ask("MambaManager.allocate_new_blocks", true)) << "the step was scheduled";
    EXPECT_TRUE(ask("save_captured_experts", false)) << "no block was asked for";
}

TEST(AdmitAgrees, IsThatAPlanHoldsItsLongestRequest) {
    for (const std::int64_t held : {9, 10}) {
        Told told;
        told.group(0).held_max = Blocks(held);
        told.begin();
        EXPECT_EQ(told.holds(PropertyId::admit_agrees), held == 9);
    }
}

TEST(ShardPartition, IsOneOwnerOfEachLayerAndToken) {
    for (const std::int64_t layers : {5, 4}) {
        Told told;
        const std::vector<WorkerFacts> workers{{.layers = 3}, {.layers = layers}};
        told.plan().workers = workers;
        told.begin();
        EXPECT_EQ(told.holds(PropertyId::shard_partition), layers == 5);
    }
    for (const std::int64_t second : {-1, 17}) {
        Told told;
        told.group(0).sharded = true;
        told.plan().context_ranks = 2;
        told.begin();
        const std::vector<PositionRun> runs{{.row = 0, .count = 2, .first = 0}};
        const std::vector<std::int64_t> of_second{second, 16}, of_first{16, -1};
        told.tell(SlotsMapped{.rank = rank0, .step = step0, .context_rank = 1, .runs = runs, .slots = of_second});
        told.tell(SlotsMapped{.rank = rank0, .step = step0, .context_rank = 0, .runs = runs, .slots = of_first});
        EXPECT_EQ(told.holds(PropertyId::shard_partition), second == -1) << "the first token has two owners";
    }
}

TEST(XferMatch, IsABlockForEachTokenThatComes) {
    for (const std::size_t blocks : {std::size_t{2}, std::size_t{1}}) {
        Told told;
        told.begin().arrive(r0);
        const std::vector<BlockId> ids(blocks, BlockId{3});
        told.tell(TransferOpened{
            .rank = rank0, .request = r0, .tokens = Tokens{20}, .source_block = TokensPerBlock{16}, .source_blocks = 2, .blocks = ids});
        EXPECT_EQ(told.holds(PropertyId::xfer_match), blocks == 2);
    }
    Told told;
    told.begin().arrive(r0);
    const std::vector<BlockId> ids(2, BlockId{3});
    told.tell(TransferOpened{
        .rank = rank0, .request = r0, .tokens = Tokens{20}, .source_block = TokensPerBlock{32}, .source_blocks = 2, .blocks = ids});
    EXPECT_FALSE(told.holds(PropertyId::xfer_match)) << "20 tokens are one block of 32";
}

TEST(IdSpace, HoldsEveryExpertAndNoOther) {
    for (const std::int64_t end : {256, 257}) {
        Told told;
        told.tell(RowsFormed{.rank = rank0, .layers = 4, .experts = 256, .topk = 8, .id_end = end, .type_end = 65536});
        EXPECT_EQ(told.holds(PropertyId::id_space), end == 256) << "ids of replicas";
    }
    for (const std::int64_t end : {512, 256}) {
        Told told;
        told.tell(RowsFormed{.rank = rank0, .layers = 4, .experts = 512, .topk = 8, .id_end = 512, .type_end = end});
        EXPECT_EQ(told.holds(PropertyId::id_space), end == 512) << "512 experts in a byte";
    }
}

TEST(BlockConserved, IsThatEveryBlockIsFreeOrHeld) {
    for (const std::int64_t free : {7, 6, 8}) {
        Told told;
        told.begin().arrive(r0).hold({.request = r0, .blocks = {{1, 2}}, .taken = {1, 2}, .free = free});
        told.tell(StepScheduled{.rank = rank0, .step = step0});
        EXPECT_EQ(told.holds(PropertyId::block_conserved), free == 7);
    }
}

TEST(BlockConserved, IsThatNobodyGivesBackMoreEncoderRoomThanItHas) {
    const auto ask = [](std::int64_t returned, std::int64_t free, int times) {
        Told told;
        told.begin().arrive(r0).arrive(r1);
        told.tell(EncoderRoomChanged{.rank = rank0, .request = r0, .taken = Tokens{100}, .room = Tokens{300}, .free = Tokens{200}});
        told.tell(EncoderRoomChanged{.rank = rank0, .request = r1, .taken = Tokens{50}, .room = Tokens{300}, .free = Tokens{150}});
        EXPECT_TRUE(told.holds(PropertyId::block_conserved));
        for (int time = 0; time < times; ++time)
            told.tell(EncoderRoomChanged{
                .rank = rank0, .request = r0, .returned = Tokens(returned), .room = Tokens{300}, .free = Tokens(free + time * returned)});
        return told.found(PropertyId::block_conserved);
    };
    EXPECT_TRUE(ask(100, 250, 1).empty());
    EXPECT_EQ(ask(100, 250, 2).at(0).blocks, 100) << "again";
    EXPECT_EQ(ask(100, 260, 1).at(0).blocks, 10) << "and counts more";
    EXPECT_TRUE(ask(0, 150, 2).empty());
}

TEST(BlockConserved, IsThatAnEmptyCacheCanBeReset) {
    Told told;
    told.begin().tell(CacheReset{.rank = rank0, .done = false, .free = Blocks{8}});
    EXPECT_FALSE(told.holds(PropertyId::block_conserved));
    Told held;
    held.begin().arrive(r0).hold({.request = r0, .blocks = {{1}}, .taken = {1}, .free = 8});
    held.tell(CacheReset{.rank = rank0, .done = false, .free = Blocks{8}});
    EXPECT_TRUE(held.holds(PropertyId::block_conserved)) << "a request holds a block";
}

TEST(LiveRead, IsThatALoadsBlocksAreNobodyElses) {
    for (const bool done : {true, false}) {
        Told told;
        told.begin().arrive(r0).arrive(r1);
        const std::vector<BlockId> ids{BlockId{3}};
        told.tell(TransferOpened{
            .rank = rank0, .request = r0, .tokens = Tokens{16}, .source_block = TokensPerBlock{16}, .source_blocks = 1, .blocks = ids});
        if (done) told.tell(TransferDone{.rank = rank0, .request = r0, .tokens = Tokens{16}});
        told.hold({.request = r1, .blocks = {{3}}, .taken = {3}});
        EXPECT_EQ(told.holds(PropertyId::live_read), done);
    }
}

// Step 0 has the request in flight; it is preempted in step 1, and step 0 is settled after.
TEST(LiveRead, IsThatALateOutputTakesNothingBack) {
    for (const bool preempted : {false, true}) {
        Told told;
        told.begin().arrive(r0);
        told.tell(StepBegan{.rank = rank0, .step = step0}).tell(StepBegan{.rank = rank0, .step = StepId{1}});
        if (preempted) told.tell(BlocksFreed{.rank = rank0, .request = r0, .why = FreedWhy::preempted, .free = Blocks{9}});
        told.tell(OutputSettled{.rank = rank0, .request = r0, .rejected = 2, .outputs = 1, .taken_back = 2});
        ASSERT_EQ(told.holds(PropertyId::live_read), !preempted);
        told.tell(StepSettled{.rank = rank0, .step = step0});
        told.tell(OutputSettled{.rank = rank0, .request = r0, .rejected = 1, .outputs = 1, .taken_back = 1});
        EXPECT_EQ(told.found(PropertyId::live_read).size(), preempted ? 1U : 0U) << "step 1 is the one that preempted";
    }
}

TEST(XferMatch, IsOneSizeOfBlocksWhereTheyArePairedByPosition) {
    for (const std::int64_t source : {16, 32}) {
        Told told;
        told.begin().arrive(r0);
        const std::vector<BlockId> ids{BlockId{3}, BlockId{4}};
        told.tell(TransferOpened{.rank = rank0,
                                 .request = r0,
                                 .tokens = Tokens{32},
                                 .source_block = TokensPerBlock{source},
                                 .source_blocks = 32 / source,
                                 .blocks = ids,
                                 .by_position = true});
        EXPECT_EQ(told.holds(PropertyId::xfer_match), source == 16);
    }
}

TEST(RanksAgree, IsAsManyIterations) {
    for (const std::int64_t iterations : {2, 1}) {
        Told told;
        told.tell(BatchSized{.rank = rank0, .step = step0, .tokens = 500, .rows = 500, .iterations = 2});
        told.tell(BatchSized{.rank = rank1, .step = step0, .tokens = 200, .rows = 200, .iterations = iterations});
        EXPECT_EQ(told.holds(PropertyId::ranks_agree), iterations == 2);
    }
}

TEST(RanksAgree, IsTheSameGroupsInEveryPipelineStage) {
    for (const std::string_view second : {"full 16, sliding-window 16", "sliding-window 16, full 16"}) {
        Told told;
        const std::vector<WorkerFacts> workers{{.layers = 4, .own_groups = "full 16, sliding-window 16"},
                                               {.layers = 4, .own_groups = second}};
        told.plan().workers = workers;
        told.begin();
        EXPECT_EQ(told.holds(PropertyId::ranks_agree), second.starts_with("full"));
    }
}

TEST(RanksAgree, IsOneGraphAndOneSize) {
    const auto ask = [](const BatchSized& first, const BatchSized& second) {
        return Told().tell(first).tell(second).holds(PropertyId::ranks_agree);
    };
    const BatchSized eager{.rank = rank0, .step = step0, .tokens = 5, .rows = 5},
        graph{.rank = rank0, .step = step0, .tokens = 5, .rows = 8, .graph = 8};
    BatchSized other = eager;
    other.rank = rank1;
    other.rows = other.tokens = 9;
    EXPECT_TRUE(ask(eager, other)) << "without a graph each has its own size";
    EXPECT_FALSE(ask(graph, other));
    other = graph;
    other.rows = other.graph = 16;
    EXPECT_FALSE(ask(graph, other));
    other.step = StepId{1};
    EXPECT_TRUE(ask(graph, other)) << "another step";
}

TEST(OffsetFits, IsBelowTheSignBit) {
    for (const std::int64_t largest : {std::int64_t{2147483647}, std::int64_t{2147483648}}) {
        Told told;
        told.tell(AddressFormed{.rank = rank0, .largest = largest, .bits = 32});
        EXPECT_EQ(told.holds(PropertyId::offset_fits), largest == 2147483647);
    }
}

// Of a window of 32, with 48 tokens settled: position 48 reads from 17 on, so the block of [0, 16) has to go and that of [16, 32) to stay.
TEST(WindowExact, IsNeitherEarlyNorLate) {
    const auto ask = [](std::vector<int> window, std::int64_t in_flight) {
        Told told;
        told.begin(2).arrive(r0);
        told.hold({.request = r0, .blocks = {{1, 2, 3}, {4, 5, 6}}, .new_tokens = 48, .taken = {1, 2, 3, 4, 5, 6}});
        told.hold({.request = r0,
                   .blocks = {{1, 2, 3}, std::move(window)},
                   .computed = 48,
                   .new_tokens = 1,
                   .in_flight = in_flight,
                   .admission = false});
        return told.found(PropertyId::window_exact);
    };
    EXPECT_TRUE(ask({0, 5, 6}, 0).empty());
    EXPECT_EQ(ask({4, 5, 6}, 0).at(0).released, ReleaseTime::late);
    EXPECT_EQ(ask({0, 0, 6}, 0).at(0).released, ReleaseTime::early);
    EXPECT_EQ(ask({0, 5, 6}, 2).at(0).released, ReleaseTime::early) << "two tokens may come back: position 46 reads from 15 on";
    EXPECT_TRUE(ask({4, 5, 6}, 2).empty());
}

}  // namespace
}  // namespace kv::test
