// Each property of capacity, slots, rows, pages and hits: events that break it, and events that nearly do.
#include "tests/properties/told.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kv::test {
namespace {

TEST(CapacityTrue, IsToOneBlock) {
    const auto ask = [](std::int64_t reported) {
        Told told;
        told.tell(CapacityReported{.tokens = Tokens(reported), .length = Tokens{64}});
        told.tell(CapacityConstructed{.length = Tokens{64}, .requests = 10, .tokens = Tokens{640}, .grain = Tokens{16}});
        return told.found(PropertyId::capacity_true);
    };
    for (const std::int64_t near : {624, 640, 656}) EXPECT_TRUE(ask(near).empty()) << near;
    EXPECT_EQ(ask(623).at(0).direction, FigureDirection::under);
    EXPECT_EQ(ask(657).at(0).direction, FigureDirection::over);
    EXPECT_EQ(ask(657).at(0).truth, 640);
}

TEST(CapacityTrue, IsAboutTheLongestRequestThatIsSaidToFit) {
    const auto ask = [](std::int64_t estimated) {
        Told told;
        told.tell(PlanRefused{.raised_in = "_check", .asked = Tokens{1000}, .estimated = Tokens(estimated)});
        told.tell(LengthConstructed{.length = Tokens{640}, .grain = Tokens{16}});
        return told.found(PropertyId::capacity_true);
    };
    for (const std::int64_t near : {624, 640, 656}) EXPECT_TRUE(ask(near).empty()) << near;
    EXPECT_EQ(ask(623).at(0).direction, FigureDirection::under);
    EXPECT_EQ(ask(657).at(0).reported, 657);
    EXPECT_EQ(ask(657).at(0).truth, 640);
}

TEST(CapacityTrue, IsAboutALengthThatWasFittedToMemory) {
    for (const std::int64_t length : {64, 144}) {
        Told told;
        told.begin().tell(LengthConstructed{.length = Tokens(length), .grain = Tokens{16}});
        EXPECT_EQ(told.holds(PropertyId::capacity_true), length == 64);
    }
}

TEST(CapacityTrue, CountsKeysOfTheHostsTierInTokensThatCanBeHit) {
    const auto ask = [](std::int64_t keys, std::int64_t chunk_keys) {
        Told told;
        told.tell(HostTierMade{.memory = Bytes{4096}, .keys = keys});
        told.tell(HostTierFilled{.keys = 24, .chunk_keys = chunk_keys, .chunk = Tokens{16}});
        return told.found(PropertyId::capacity_true);
    };
    EXPECT_TRUE(ask(24, 8).empty());
    EXPECT_TRUE(ask(16, 8).empty()) << "a chunk less";
    EXPECT_EQ(ask(15, 8).at(0).reported, 16);
    EXPECT_EQ(ask(15, 8).at(0).truth, 48);
    EXPECT_EQ(ask(40, 8).at(0).direction, FigureDirection::over);
    EXPECT_TRUE(ask(40, 0).empty()) << "nobody can say";
}

TEST(SlotInBounds, HasTheLastRowAndNotTheNext) {
    const auto ask = [](std::int64_t slot) {
        Told told;
        told.begin();
        told.tell(BufferMade{.rank = rank0, .buffer = BufferKind::side, .rows = Rows{160}, .group = 0, .rows_per_block = 16});
        const std::vector<std::int64_t> slots{3, -1, slot};
        const std::vector<RowTag> rows(3);
        told.tell(RowsStored{.rank = rank0, .step = step0, .slots = slots, .rows = rows});
        return told.found(PropertyId::slot_in_bounds);
    };
    EXPECT_TRUE(ask(159).empty());
    EXPECT_EQ(ask(160).at(0).slot, 160);
    EXPECT_EQ(ask(160).at(0).rows, 160);
    EXPECT_EQ(ask(-2).at(0).slot, -2);
}

TEST(SlotInBounds, HasTheLastColumnOfATableAndNotTheNext) {
    for (const std::int64_t last : {63, 64}) {
        Told told;
        told.begin().arrive(r0).map(r0, last, {17});
        EXPECT_EQ(told.holds(PropertyId::slot_in_bounds), last == 63);
    }
}

TEST(SlotInBounds, KnowsTheBlocksOfThePool) {
    for (const int block : {9, 10}) {
        Told told;
        told.begin().arrive(r0).hold({.request = r0, .blocks = {{block}}, .taken = {block}});
        EXPECT_EQ(told.holds(PropertyId::slot_in_bounds), block == 9);
    }
}

TEST(RowFresh, AsksForOneDeliveryOfAllTokensButTheLast) {
    const auto delivered = [](std::int64_t first, std::size_t count) {
        Told told;
        told.begin().arrive(r0);  // A prompt of 60 tokens.
        std::vector<RowTag> rows;
        for (std::size_t i = 0; i < count; ++i)
            rows.push_back(tag_of({.producer = 0, .content = 7, .position = first + static_cast<std::int64_t>(i)}));
        told.tell(RowsDelivered{.rank = rank0, .request = r0, .first = first, .rows = rows, .wanted = rows});
        return told.found(PropertyId::row_fresh);
    };
    EXPECT_TRUE(delivered(0, 59).empty()) << "the last token is sampled and never computed";
    for (const auto& [first, count] : {std::pair<std::int64_t, std::size_t>{0, 58}, {0, 60}, {1, 58}, {1, 59}})
        EXPECT_EQ(delivered(first, count).size(), 1U) << first << ' ' << count;
}

TEST(SlotInBounds, TellsTheColumnPastTheTable) {
    for (const std::int64_t position : {63, 64}) {
        Told told;
        told.begin().arrive(r0).map(r0, position, {16});
        ASSERT_EQ(told.holds(PropertyId::slot_in_bounds), position == 63) << "four columns of 16 tokens";
        if (position == 63) continue;
        EXPECT_EQ(told.found(PropertyId::slot_in_bounds)[0].value, 4);
        EXPECT_EQ(told.found(PropertyId::slot_in_bounds)[0].limit, 4);
    }
}

// Two ranks of four rows each; the buffer has six.
TEST(SlotInBounds, IsAboutTheSliceOfAStepBufferThatTakesAllRanks) {
    for (const std::int64_t first : {2, 4}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank1, .buffer = BufferKind::step, .rows = Rows{6}, .ranks = 2});
        told.tell(RowsCaptured{.rank = rank1, .step = step0, .buffer_first = first, .first = first, .count = 4});
        ASSERT_EQ(told.holds(PropertyId::slot_in_bounds), first == 2);
        if (first == 2) continue;
        EXPECT_EQ(told.found(PropertyId::slot_in_bounds)[0].slot, 6);
    }
}

TEST(SlotInBounds, IsAboutRowsThatAreWrittenTooFarApart) {
    for (const std::int64_t stride : {8, 9}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank0, .buffer = BufferKind::step, .rows = Rows{16}});
        told.tell(RowsFormed{.rank = rank0, .layers = 4, .entries = 4, .experts = 64, .topk = 8, .id_end = 64, .stride = stride});
        told.tell(RowsCaptured{.rank = rank0, .step = step0, .count = 16});
        EXPECT_EQ(told.holds(PropertyId::slot_in_bounds), stride == 8) << "16 rows of 8 ids, the last of them from 135 on";
        EXPECT_EQ(told.holds(PropertyId::id_space), stride == 8);
    }
}

TEST(SlotInBounds, IsAboutADraftersOwnPoolToo) {
    for (const std::int64_t slot : {127, 128}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank0, .buffer = BufferKind::draft, .rows = Rows{128}, .group = 0, .rows_per_block = 16});
        EXPECT_FALSE(told.holds(PropertyId::buffer_fits)) << "the target's pool has 160 slots";
        const std::vector<std::int64_t> slots{slot};
        told.tell(KvWritten{.rank = rank0, .step = step0, .tokens = 1, .slots = slots});
        EXPECT_EQ(told.holds(PropertyId::slot_in_bounds), slot == 127);
    }
}

TEST(RowFresh, TellsWhatIsThereInPlaceOfTheRow) {
    const RowOrigin origin{.producer = 0, .content = 5, .position = 9};
    const auto ask = [&](RowTag found) {
        Told told;
        told.begin();
        const std::vector<RowTag> rows{found}, wanted{tag_of(origin)};
        told.tell(RowsDelivered{.rank = rank0, .request = r0, .first = 9, .rows = rows, .wanted = wanted});
        return told.found(PropertyId::row_fresh);
    };
    EXPECT_TRUE(ask(tag_of(origin)).empty());
    EXPECT_TRUE(ask(missing_tag).empty()) << "it says so";
    EXPECT_EQ(ask(never_written_tag).at(0).state, RowState::never_written);
    EXPECT_EQ(ask(tag_of({.producer = 0, .content = 6, .position = 9})).at(0).state, RowState::stale);
    EXPECT_EQ(ask(tag_of({.producer = 0, .content = 5, .position = 8})).at(0).state, RowState::shifted);
    EXPECT_EQ(ask(tag_of({.producer = 1, .content = 5, .position = 9})).at(0).state, RowState::foreign);
}

TEST(MapAgrees, IsAboutTheBlockAndTheOffsetInIt) {
    for (const std::int64_t slot : {50, 49, 34}) {
        Told told;
        told.begin().arrive(r0).hold({.request = r0, .blocks = {{2, 3}}, .new_tokens = 20}).map(r0, 18, {slot});
        EXPECT_EQ(told.holds(PropertyId::map_agrees), slot == 50) << "position 18 is the third of block 3";
    }
}

TEST(MapAgrees, IsAboutWhereTheReaderLooksToo) {
    for (const std::int64_t slot : {32, 0}) {
        Told told;
        told.begin(2);
        told.tell(BufferMade{.rank = rank0, .buffer = BufferKind::side, .rows = Rows{160}, .group = 1, .rows_per_block = 16});
        told.arrive(r0).hold({.request = r0, .blocks = {{1, 5}, {2, 3}}, .new_tokens = 20});
        told.hold({.request = r0, .blocks = {{1, 5}, {0, 3}}, .computed = 60, .admission = false});
        const std::vector<std::int64_t> slots{slot};
        told.tell(RowsRead{.rank = rank0, .request = r0, .group = 1, .first = 0, .slots = slots});
        EXPECT_EQ(told.holds(PropertyId::map_agrees), slot == 32) << "the row lies in block 2, which has left the window";
    }
}

TEST(MapAgrees, IsAboutWhereRowsAreStored) {
    for (const std::int64_t slot : {32, 16}) {
        Told told;
        told.begin(2);
        told.tell(BufferMade{.rank = rank0, .buffer = BufferKind::side, .rows = Rows{160}, .group = 1, .rows_per_block = 16});
        told.arrive(r0).hold({.request = r0, .blocks = {{1}, {2}}, .new_tokens = 2}).map(r0, 0, {16, 17});
        const std::vector<std::int64_t> slots{slot, slot + 1};
        const std::vector<RowTag> rows(2);
        told.tell(RowsStored{.rank = rank0, .step = step0, .group = 1, .slots = slots, .rows = rows});
        EXPECT_EQ(told.holds(PropertyId::map_agrees), slot == 32) << "rows are read by the blocks of group 1";
    }
}

// Two ranks take turns of four tokens in blocks of 16: position 5 is the second rank's, its second token.
TEST(MapAgrees, IsAboutEachContextParallelRanksTurns) {
    for (const std::int64_t slot : {17, 21}) {
        Told told;
        told.group(0).sharded = true;
        told.plan().context_ranks = 2;
        told.plan().interleave = Tokens{4};
        told.begin().arrive(r0).hold({.request = r0, .blocks = {{1}}, .new_tokens = 6});
        const std::vector<PositionRun> runs{{.row = 0, .count = 1, .first = 5}};
        const std::vector<RequestId> requests{r0};
        const std::vector<std::int64_t> second{slot}, first{-1};
        told.tell(SlotsMapped{.rank = rank0, .step = step0, .context_rank = 1, .requests = requests, .runs = runs, .slots = second});
        told.tell(SlotsMapped{.rank = rank0, .step = step0, .requests = requests, .runs = runs, .slots = first});
        EXPECT_EQ(told.holds(PropertyId::map_agrees), slot == 17);
    }
}

TEST(MapAgrees, IsAboutTheTokensOfABlockOfEvents) {
    for (const std::int64_t block : {32, 16}) {
        Told told;
        told.plan().hash_block = Tokens{32};
        told.plan().router_block = Tokens(block);
        told.begin();
        EXPECT_EQ(told.holds(PropertyId::map_agrees), block == 32);
    }
}

TEST(BufferFits, IsASlotOfEveryBlockAndARowOfEveryBatch) {
    for (const std::int64_t rows : {160, 159}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank0, .buffer = BufferKind::side, .rows = Rows(rows), .group = 0, .rows_per_block = 16});
        EXPECT_EQ(told.holds(PropertyId::buffer_fits), rows == 160);
    }
    for (const std::int64_t rows : {64, 65}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank0, .buffer = BufferKind::step, .rows = Rows{64}});
        told.tell(BatchSized{.rank = rank0, .step = step0, .tokens = 60, .rows = rows});
        EXPECT_EQ(told.holds(PropertyId::buffer_fits), rows == 64);
    }
}

TEST(BufferFits, IsAPositionOfACrossTableForEachTokenOfAnEncodersInput) {
    for (const std::int64_t encoder : {64, 65}) {
        Told told;
        told.group(1).family = GroupFamily::cross;
        told.begin(2).tell(RequestArrived{.rank = rank0, .request = r0, .prompt = Tokens{60}, .encoder = Tokens(encoder)});
        EXPECT_EQ(told.holds(PropertyId::buffer_fits), encoder == 64);
    }
    Told told;
    told.begin(2).tell(RequestArrived{.rank = rank0, .request = r0, .prompt = Tokens{60}, .encoder = Tokens{65}});
    EXPECT_TRUE(told.holds(PropertyId::buffer_fits)) << "no group is of the encoder's tokens";
}

TEST(BufferFits, IsAboutTheRowsOfAllRanksWhereTheBufferTakesThem) {
    for (const std::int64_t ranks : {0, 2}) {
        Told told;
        BufferMade buffer{.rank = rank0, .buffer = BufferKind::step, .rows = Rows{8}};
        if (ranks > 0) buffer.ranks = ranks;
        told.begin().tell(buffer);
        const std::vector<std::int64_t> tokens{6, 4};
        told.tell(RowsOffered{.rank = rank0, .step = step0, .rows = 10, .rank_tokens = tokens, .rank_rows = tokens});
        EXPECT_EQ(told.holds(PropertyId::buffer_fits), ranks == 0) << "a rank that keeps its own six rows has room";
    }
}

TEST(PadInert, IsThatPaddingIsWrittenNowhere) {
    for (const bool wraps : {false, true}) {
        Told told;
        told.begin();
        const std::vector<std::int64_t> slots{16, 17, -1};
        KvWritten written{.rank = rank0, .step = step0, .tokens = 2, .slots = slots};
        if (wraps) written.pad_slot = 79;
        told.tell(written);
        EXPECT_EQ(told.holds(PropertyId::pad_inert), !wraps);
    }
}

TEST(PadInert, IsThatRowsOfNobodyLeaveNoState) {
    for (const std::int64_t padded : {0, 3}) {
        Told told;
        told.begin().tell(StatesWritten{.rank = rank0, .step = step0, .group = 0, .padded = padded});
        EXPECT_EQ(told.holds(PropertyId::pad_inert), padded == 0);
    }
}

TEST(PadInert, IsThatATokenHasASlotOfItsOwn) {
    for (const std::int64_t slot : {16, 15, -1}) {
        Told told;
        told.begin().arrive(r0).map(r0, 0, {slot});
        EXPECT_EQ(told.holds(PropertyId::pad_inert), slot == 16) << "block 0 is the null block";
    }
}

TEST(PageUnified, IsOneSizeInOnePool) {
    for (const std::int64_t page : {4096, 4097}) {
        Told told;
        told.group(0).page = Bytes{4096};
        told.group(1).page = Bytes(page);
        told.begin(2);
        EXPECT_EQ(told.holds(PropertyId::page_unified), page == 4096);
    }
}

TEST(PageUnified, IsThatAGroupHasTheSinksOfItsLayers) {
    for (const std::int64_t sink : {64, 0}) {
        Told told;
        told.group(0).sink_layers = 3;
        told.group(0).sink = Tokens(sink);
        told.begin();
        EXPECT_EQ(told.holds(PropertyId::page_unified), sink == 64);
    }
}

// The first request fills three blocks; the second has its text.
TEST(HitComplete, IsThatEveryGroupHasWhatTheNextTokenReads) {
    const auto ask = [](std::int64_t stream, std::vector<std::vector<BlockId>> blocks, std::int64_t length) {
        Told told;
        told.begin(2).arrive(r0, 3).arrive(r1, stream);
        told.hold({.request = r0, .blocks = {{1, 2, 3}, {4, 5, 6}}, .new_tokens = 48, .taken = {1, 2, 3, 4, 5, 6}});
        told.tell(CacheHitFound{.rank = rank0, .request = r1, .length = Tokens(length), .blocks = blocks});
        EXPECT_TRUE(told.holds(PropertyId::hit_complete)) << "nobody goes on from it yet";
        told.tell(BlocksAsked{.rank = rank0, .request = r1, .hit = Tokens(length), .admission = true, .granted = true, .free = Blocks{3}});
        return told.holds(PropertyId::hit_complete);
    };
    const auto ids = [](std::vector<int> numbers) {
        std::vector<BlockId> made;
        for (const int number : numbers) made.push_back(BlockId{number});
        return made;
    };
    EXPECT_TRUE(ask(3, {ids({1, 2, 3}), ids({0, 5, 6})}, 48)) << "a window of 32 reads positions from 17 on";
    EXPECT_FALSE(ask(3, {ids({1, 2, 3}), ids({0, 0, 6})}, 48));
    EXPECT_FALSE(ask(3, {ids({1, 0, 3}), ids({0, 5, 6})}, 48));
    EXPECT_FALSE(ask(3, {ids({1, 3, 2}), ids({0, 5, 6})}, 48)) << "the blocks stand in another order";
    EXPECT_FALSE(ask(4, {ids({1, 2, 3}), ids({0, 5, 6})}, 48)) << "another text";
    EXPECT_FALSE(ask(3, {ids({1, 2}), ids({4, 5})}, 16)) << "more blocks than the hit has tokens for";
}

// A hit of which no group needs a block: somebody has to have come so far.
TEST(HitComplete, IsThatSomebodyComputedWhatIsSkipped) {
    const auto ask = [](std::int64_t of_another, std::int64_t of_its_own) {
        Told told;
        told.group(0) = {.family = GroupFamily::chunked, .block = TokensPerBlock{16}, .chunk = Tokens{16}};
        told.begin(1).arrive(r0, 3).arrive(r1, 3);
        told.hold({.request = r0, .blocks = {{1, 2, 3}}, .taken = {1, 2, 3}});
        if (of_another > 0) told.map(r0, 0, std::vector<std::int64_t>(static_cast<std::size_t>(of_another), 16));
        if (of_its_own > 0) told.map(r1, 0, std::vector<std::int64_t>(static_cast<std::size_t>(of_its_own), 16));
        const std::vector<std::vector<BlockId>> blocks{{BlockId{0}, BlockId{0}}};
        told.tell(CacheHitFound{.rank = rank0, .request = r1, .length = Tokens{32}, .blocks = blocks});
        told.tell(BlocksAsked{
            .rank = rank0, .request = r1, .hit = Tokens{32}, .admission = true, .granted = true, .changes = true, .free = Blocks{6}});
        return told.holds(PropertyId::hit_complete);
    };
    EXPECT_TRUE(ask(32, 0));
    EXPECT_FALSE(ask(31, 0));
    EXPECT_FALSE(ask(0, 0));
    EXPECT_TRUE(ask(0, 32)) << "before it was preempted";
}

TEST(HitComplete, IsThatABlockHoldsWhatWasLoadedAndWhatWasComputedBehindIt) {
    for (const std::int64_t loaded : {5, 4}) {
        Told told;
        told.begin(1).arrive(r0, 3).arrive(r1, 3);
        std::vector<Holding> held{{.blocks = {BlockId{1}}}};
        const std::vector<BlockId> taken{BlockId{1}};
        told.tell(BlocksAsked{.rank = rank0,
                              .request = r0,
                              .tokens = Tokens{60},
                              .new_tokens = Tokens{11},
                              .external = Tokens{5},
                              .admission = true,
                              .granted = true,
                              .changes = true,
                              .taken = taken,
                              .free = Blocks{8},
                              .held = held});
        told.tell(TransferDone{.rank = rank0, .request = r0, .tokens = Tokens(loaded)});
        const std::vector<std::vector<BlockId>> blocks{{BlockId{1}}};
        told.tell(CacheHitFound{.rank = rank0, .request = r1, .length = Tokens{16}, .blocks = blocks});
        told.tell(BlocksAsked{.rank = rank0, .request = r1, .hit = Tokens{16}, .admission = true, .granted = true, .free = Blocks{7}});
        EXPECT_EQ(told.holds(PropertyId::hit_complete), loaded == 5) << "position 4 is nobody's";
    }
}

TEST(HitMaximal, LeavesOutNoMoreThanOneUnit) {
    for (const std::int64_t length : {32, 16, 15, 0}) {
        Told told;
        told.begin(1).arrive(r0, 3).arrive(r1, 3);
        told.hold({.request = r0, .blocks = {{1, 2, 3}}, .new_tokens = 48, .taken = {1, 2, 3}});
        told.map(r0, 0, std::vector<std::int64_t>(48, 16));  // That they were computed is what counts here.
        const std::vector<std::vector<BlockId>> blocks(1);
        told.tell(CacheHitFound{.rank = rank0, .request = r1, .length = Tokens(length), .blocks = blocks});
        EXPECT_EQ(told.holds(PropertyId::hit_maximal), length >= 32) << length << " of 48 tokens";
    }
}

TEST(LayoutMatch, IsTheRanksOwnRowsAndAllOfThem) {
    const auto ask = [](CaptureOutcome outcome, std::int64_t first, std::int64_t count) {
        Told told;
        told.begin();
        const std::vector<std::int64_t> tokens{6, 4};
        told.tell(RowsOffered{.rank = rank1, .rows = 10, .layout = RouterView::joined, .rank_tokens = tokens, .rank_rows = tokens});
        told.tell(RowsCaptured{.rank = rank1, .outcome = outcome, .first = first, .count = count});
        return told.holds(PropertyId::layout_match);
    };
    EXPECT_TRUE(ask(CaptureOutcome::copied, 6, 4));
    EXPECT_FALSE(ask(CaptureOutcome::copied, 5, 4));
    EXPECT_FALSE(ask(CaptureOutcome::copied, 6, 3));
    EXPECT_FALSE(ask(CaptureOutcome::skipped, 0, 0));
    EXPECT_FALSE(ask(CaptureOutcome::refused, 0, 0));
}

TEST(LayoutMatch, PutsARanksRowsWhereTheyStandIfTheBufferTakesThoseOfAll) {
    for (const std::int64_t to : {6, 0}) {
        Told told;
        told.begin().tell(BufferMade{.rank = rank1, .buffer = BufferKind::step, .rows = Rows{16}, .ranks = 2});
        const std::vector<std::int64_t> tokens{6, 4};
        told.tell(RowsOffered{.rank = rank1, .rows = 10, .layout = RouterView::joined, .rank_tokens = tokens, .rank_rows = tokens});
        told.tell(RowsCaptured{.rank = rank1, .buffer_first = to, .first = 6, .count = 4});
        EXPECT_EQ(told.holds(PropertyId::layout_match), to == 6);
    }
}

TEST(LayoutMatch, IsNotAboutRowsThatAreNoneOfTheModel) {
    for (const std::int64_t columns : {8, 1}) {
        Told told;
        told.begin();
        told.tell(RowsFormed{.rank = rank0, .layers = 4, .entries = 4, .experts = 64, .topk = 8, .id_end = 64});
        const std::vector<std::int64_t> tokens{6};
        told.tell(RowsOffered{.rank = rank0, .layers = 4, .rows = 6, .columns = columns, .rank_tokens = tokens, .rank_rows = tokens});
        told.tell(RowsCaptured{.rank = rank0, .outcome = CaptureOutcome::refused});
        EXPECT_EQ(told.holds(PropertyId::layout_match), columns == 1) << "it is right to refuse them";
    }
}

TEST(IdSpace, IsEachLayersOwn) {
    for (const std::int64_t layer : {3, -1}) {
        Told told;
        told.begin();
        told.tell(RowsOffered{.rank = rank0, .layer = layer, .layers = 1});
        told.tell(RowsCaptured{.rank = rank0, .step = step0, .layer = 3});
        EXPECT_EQ(told.holds(PropertyId::id_space), layer == 3);
    }
}

TEST(IdSpace, IsOneCountOfLayersForWhoeverReads) {
    for (const std::int64_t read : {61, 58}) {
        Told told;
        told.tell(RowsFormed{
            .rank = rank0, .layers = 61, .dense_first = 3, .entries = 61, .experts = 64, .topk = 8, .id_end = 64, .reader_entries = read});
        ASSERT_EQ(told.holds(PropertyId::id_space), read == 61);
        if (read == 61) continue;
        EXPECT_EQ(told.found(PropertyId::id_space)[0].limit, 58);
    }
}

}  // namespace
}  // namespace kv::test
