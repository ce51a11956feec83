// Each property: events that break it, and events that nearly do.
#include "properties/judges.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kv::test {
namespace {

constexpr RankId rank0{0}, rank1{1};
constexpr RequestId r0{0}, r1{1};
constexpr StepId step0{0};

// One engine of full attention and a window of 32 in blocks of 16, with a pool of ten blocks.
class Told {
public:
    Told() {
        groups_[0] = {
            .family = GroupFamily::full, .block = TokensPerBlock{16}, .layers = 4, .prefix_cacheable = true, .held_max = Blocks{4}};
        groups_[1] = {.family = GroupFamily::sliding_window,
                      .block = TokensPerBlock{16},
                      .layers = 4,
                      .prefix_cacheable = true,
                      .window = Tokens{32},
                      .held_max = Blocks{3}};
    }

    GroupFacts& group(std::size_t index) { return groups_[index]; }
    PlanMade& plan() { return plan_; }

    // Everything that is there before the first step.
    Told& begin(std::size_t groups = 1) {
        groups_.resize(groups);
        plan_.groups = groups_;
        tell(plan_);
        for (const RankId rank : {rank0, rank1}) {
            tell(PoolMade{.rank = rank, .blocks = Blocks{10}, .null_blocks = 1, .free = Blocks{9}});
            for (std::size_t group = 0; group < groups; ++group)
                tell(TableMade{.rank = rank,
                               .group = static_cast<std::int64_t>(group),
                               .rows = 4,
                               .columns = 4,
                               .block = TokensPerBlock{16},
                               .kernel_block = TokensPerBlock{16}});
        }
        return *this;
    }

    template <class Event>
    Told& tell(const Event& event) {
        judges_.see(event);
        return *this;
    }

    // A request of 64 tokens of a text of its own, or of another's.
    Told& arrive(RequestId request, std::int64_t stream = 0) {
        const std::vector<TokenRun> text{{.stream = stream > 0 ? stream : 7 + static_cast<std::int64_t>(request), .first = 0, .count = 64}};
        return tell(RequestArrived{.rank = rank0, .request = request, .prompt = Tokens{60}, .wants_rows = true, .text = text});
    }

    struct Hold {
        RequestId request{};
        std::vector<std::vector<int>> blocks = {};  // By group; 0 is the null block.
        std::int64_t computed = 0, new_tokens = 0, in_flight = 0, hit = 0;
        bool admission = true;
        std::vector<int> taken = {};
        std::int64_t free = 9;
    };
    Told& hold(const Hold& hold) {
        std::vector<Holding> held;
        for (const std::vector<int>& ids : hold.blocks) {
            Holding& holding = held.emplace_back();
            for (const int id : ids) holding.blocks.push_back(BlockId{id});
        }
        std::vector<BlockId> taken;
        for (const int id : hold.taken) taken.push_back(BlockId{id});
        return tell(BlocksAsked{.rank = rank0,
                                .request = hold.request,
                                .computed = Tokens(hold.computed),
                                .in_flight = Tokens(hold.in_flight),
                                .tokens = Tokens{60},
                                .new_tokens = Tokens(hold.new_tokens),
                                .hit = Tokens(hold.hit),
                                .admission = hold.admission,
                                .granted = true,
                                .changes = true,
                                .taken = taken,
                                .free = Blocks(hold.free),
                                .held = held});
    }

    Told& map(RequestId request, std::int64_t first, const std::vector<std::int64_t>& slots, std::int64_t group = 0) {
        const std::vector<PositionRun> runs{{.row = 0, .count = static_cast<std::int32_t>(slots.size()), .first = first}};
        const std::vector<RequestId> requests{request};
        return tell(SlotsMapped{.rank = rank0, .step = step0, .group = group, .requests = requests, .runs = runs, .slots = slots});
    }

    std::vector<Finding> found(PropertyId property) const {
        std::vector<Finding> of;
        for (const Finding& finding : judges_.findings().all())
            if (finding.property == property) of.push_back(finding);
        return of;
    }
    bool holds(PropertyId property) const { return found(property).empty(); }

private:
    std::vector<GroupFacts> groups_{2};
    PlanMade plan_{.engine = "told", .blocks = Blocks{10}, .model_len_max = Tokens{64}, .layers = 8, .scheduler_block = Tokens{16}};
    Judges judges_;
};

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
