// From positions to slots: both sides of each edge, and any batch against a loop that computes each token by itself.
#include "model/addressing/pad_slot.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two rows of 4 blocks of 4 tokens, 1..4 and 11..14.
BlockTable two_rows(std::string_view engine, const ContextPlace& context = {}) {
    BlockTable table(engine_of(engine), shape_of(4, 4), {.rows = 2, .context = context});
    table.add(0, blocks_from(1, 4));
    table.add(1, blocks_from(11, 4));
    return table;
}

constexpr const char* old_engine = "vllm-0.18.0";
constexpr const char* new_as_wide = "vllm-0.32.0,table-width=as-asked";
constexpr const char* reference_as_wide = "reference,table-width=as-asked";

TEST(SlotMapping, ChangesTheBlockBetweenItsLastTokenAndTheNextsFirst) {
    for (const char* const engine : {old_engine, new_as_wide, reference_as_wide}) {
        const BlockTable table = two_rows(engine);
        EXPECT_THAT(mapped(table, {{.row = 0, .count = 1, .first = 3}, {.row = 0, .count = 1, .first = 4}}, 2), ElementsAre(7, 8))
            << engine;
        EXPECT_THAT(mapped(table, {{.row = 1, .count = 6, .first = 3}}, 6), ElementsAre(47, 48, 49, 50, 51, 52)) << engine;
        EXPECT_THAT(mapped(table, {{.row = 1, .count = 2, .first = 14}}, 2), ElementsAre(58, 59)) << engine;
    }
}

TEST(SlotMapping, ReadsTheNextRowPastARowsWidthInBothEngines) {
    for (const char* const engine : {old_engine, new_as_wide}) {
        const BlockTable table = two_rows(engine);
        EXPECT_THAT(mapped(table, {{.row = 0, .count = 2, .first = 15}}, 2), ElementsAre(19, 44)) << engine;
        EXPECT_THAT(mapped(table, {{.row = 0, .count = 1, .first = 16}}, 1), ElementsAre(44)) << engine;
        EXPECT_THAT(mapped(table, {{.row = 0, .count = 1, .first = 31}}, 1), ElementsAre(59)) << engine;
    }
}

TEST(SlotMapping, RefusesAPositionPastItsRowsWidthInReference) {
    const BlockTable table = two_rows(reference_as_wide);
    EXPECT_THAT(mapped(table, {{.row = 0, .count = 1, .first = 15}}, 1), ElementsAre(19));
    for (const PositionRun run : {PositionRun{.row = 0, .count = 1, .first = 16}, PositionRun{.row = 0, .count = 5, .first = 12}}) {
        const auto refusal = refusal_of([&] { mapped(table, {run}, 9); });
        ASSERT_TRUE(refusal);
        EXPECT_EQ(name_of(refusal->type), "IndexError");
        EXPECT_EQ(refusal->message, "row 0, position 16: column 4 of a row that is 4 wide");
        EXPECT_THAT(refusal->figures, ElementsAre(0, 16, 4));
    }
    EXPECT_EQ(refusal_of([&] { mapped(table, {{.row = 2, .count = 1}}, 9); })->message, "row 2, position 0: the table has 2 rows");
}

TEST(SlotMapping, PastTheLastRowIsAnIndexErrorIn0_18AndForeignMemoryIn0_32) {
    const BlockTable old_table = two_rows(old_engine), new_table = two_rows(new_as_wide);
    for (const PositionRun run : {PositionRun{.row = 1, .count = 1, .first = 16}, PositionRun{.row = 1, .count = 2, .first = 15},
                                  PositionRun{.row = 0, .count = 1, .first = 32}, PositionRun{.row = 2, .count = 1, .first = 0}}) {
        const auto index = refusal_of([&] { mapped(old_table, {run}, 9); });
        ASSERT_TRUE(index);
        EXPECT_EQ(name_of(index->type), "IndexError");
        EXPECT_THAT(index->figures, ElementsAre(8, 8));
        const auto fault = refusal_of([&] { mapped(new_table, {run}, 9); });
        ASSERT_TRUE(fault);
        EXPECT_EQ(name_of(fault->type), "memory fault");
    }
}

TEST(SlotMapping, OfARunWithoutTokensIsNothingWhereverItStands) {
    for (const char* const engine : {old_engine, "vllm-0.32.0,batch-padding=queried-only", "reference,batch-padding=queried-only"}) {
        const BlockTable table = two_rows(engine);
        EXPECT_THAT(mapped(table, {}, 3), IsEmpty());
        EXPECT_THAT(mapped(table, {{.row = 1, .count = 0, .first = 1000}, {.row = 7, .count = 0, .first = 0}}, 3), IsEmpty());
    }
}

TEST(SlotMapping, EndsWithTheLastTokenIn0_18AndIsPaddedToTheBatchSince0_32) {
    const std::vector<PositionRun> runs{{.row = 0, .count = 2, .first = 0}, {.row = 1, .count = 1, .first = 0}};
    const BlockTable old_table = two_rows(old_engine), new_table = two_rows("vllm-0.32.0");
    std::vector<std::int64_t> batch{-77, -77, -77, -77, -77};
    EXPECT_THAT(old_table.map(runs, batch), ElementsAre(4, 5, 44));
    EXPECT_THAT(batch, ElementsAre(4, 5, 44, -77, -77));  // What a padded batch reads there was there before.
    EXPECT_THAT(new_table.map(runs, batch), ElementsAre(4, 5, 44, pad_slot, pad_slot));
    EXPECT_THAT(mapped(new_table, runs, 4), ElementsAre(4, 5, 44, pad_slot));
    EXPECT_THAT(mapped(new_table, runs, 3), ElementsAre(4, 5, 44));
}

TEST(SlotMapping, RefusesMoreTokensThanABatchHasRoomFor) {
    const std::vector<PositionRun> runs{{.row = 0, .count = 2, .first = 0}, {.row = 1, .count = 1, .first = 0}};
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows(old_engine), runs, 2); })->type), "ValueError");
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows(new_as_wide), runs, 2); })->type), "memory fault");
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows("reference"), runs, 1); })->type), "ValueError");
    const std::vector<PositionRun> past_too{runs[0], runs[1], {.row = 1, .count = 1, .first = 16}};
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows(old_engine), past_too, 2); })->type), "IndexError") << "indexes come first";
}

TEST(SlotMapping, DealsTokensOutAmongRanksInTurns) {
    const auto of_rank = [](std::int64_t rank, std::int64_t interleave) {
        const BlockTable table = two_rows(old_engine, {.decode = {.ranks = 2, .rank = rank}, .interleave = Tokens{interleave}});
        return mapped(table, {{.row = 0, .count = 10, .first = 0}}, 10);
    };
    constexpr std::int64_t no = pad_slot;
    EXPECT_THAT(of_rank(0, 1), ElementsAre(4, no, 5, no, 6, no, 7, no, 8, no));
    EXPECT_THAT(of_rank(1, 1), ElementsAre(no, 4, no, 5, no, 6, no, 7, no, 8));
    EXPECT_THAT(of_rank(0, 2), ElementsAre(4, 5, no, no, 6, 7, no, no, 8, 9));
    EXPECT_THAT(of_rank(1, 4), ElementsAre(no, no, no, no, 4, 5, 6, 7, no, no));
    EXPECT_THAT(of_rank(0, 3), ElementsAre(4, 5, 6, no, no, no, 7, 8, 8, 9)) << "an interleave that does not divide the block leaves it";
    EXPECT_THAT(of_rank(0, 8), ElementsAre(4, 5, 6, 7, 8, 9, 10, 11, 8, 9)) << "and one of all blocks gives the first rank everything";
    EXPECT_THAT(of_rank(1, 1000), ElementsAre(no, no, no, no, no, no, no, no, no, no));
}

TEST(SlotMapping, RefusesAnInterleaveThatLeavesItsBlockInReference) {
    const auto made = [](std::int64_t ranks, std::int64_t interleave) {
        return refusal_of([&] { two_rows("reference", {.decode = {.ranks = ranks}, .interleave = Tokens{interleave}}); });
    };
    for (const std::int64_t interleave : {1, 2, 4}) EXPECT_FALSE(made(2, interleave));
    for (const std::int64_t interleave : {3, 5, 8}) {
        const auto refusal = made(2, interleave);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->message, "an interleave of " + std::to_string(interleave) + " tokens does not divide a block of 4");
    }
    EXPECT_FALSE(made(1, 3)) << "nobody takes turns";
}

TEST(SlotMapping, LooksUpTokensOfOtherRanksIn0_18Only) {
    // A column is 8 tokens, a row 32. Positions 64 to 67 are rank 0's, of a column past the table; rank 1 asks.
    const ContextPlace context{.decode = {.ranks = 2, .rank = 1}, .interleave = Tokens{4}};
    const std::vector<PositionRun> others{{.row = 0, .count = 5, .first = 63}}, own{{.row = 0, .count = 6, .first = 63}};
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows(old_engine, context), others, 9); })->type), "IndexError");
    EXPECT_EQ(mapped(two_rows(new_as_wide, context), others, 5), (std::vector<std::int64_t>{59, -1, -1, -1, -1}));
    EXPECT_EQ(name_of(refusal_of([&] { mapped(two_rows(new_as_wide, context), own, 9); })->type), "memory fault");
    EXPECT_TRUE(refusal_of([&] { mapped(two_rows(reference_as_wide, context), others, 9); }));
}

TEST(SlotMapping, DealsOutAmongPrefillRanksIn0_18Only) {
    const ContextPlace context{.decode = {.ranks = 1}, .prefill = {.ranks = 2, .rank = 1}, .interleave = Tokens{4}};
    const std::vector<PositionRun> runs{{.row = 0, .count = 2, .first = 3}};
    EXPECT_THAT(mapped(two_rows(old_engine, context), runs, 2), ElementsAre(pad_slot, 4));
    EXPECT_THAT(mapped(two_rows(new_as_wide, context), runs, 2), ElementsAre(7, 8));
}

TEST(SlotMapping, OfKernelBlocksGivesTokensToRanksThatDoNotHoldTheirBlocks) {
    // Blocks of 128 in kernel blocks of 64, an interleave of 128: the last two of four ranks get nothing (B43).
    const auto own_tokens = [](std::string_view engine, std::int64_t rank) {
        BlockTable table(engine_of(engine), shape_of(128, 1, 64),
                         {.rows = 1, .context = {.decode = {.ranks = 4, .rank = rank}, .interleave = Tokens{128}}});
        table.add(0, blocks_from(1, 1));
        const std::vector<std::int64_t> slots = mapped(table, {{.row = 0, .count = 512, .first = 0}}, 512);
        return 512 - std::ranges::count(slots, pad_slot);
    };
    for (const std::int64_t rank : {0, 1}) EXPECT_EQ(own_tokens(old_engine, rank), 256);
    for (const std::int64_t rank : {2, 3}) EXPECT_EQ(own_tokens(old_engine, rank), 0);
    for (const std::int64_t rank : {0, 1, 2, 3}) EXPECT_EQ(own_tokens("vllm-0.18.0,table-block=manager-blocks", rank), 128);
}

TEST(SlotMapping, WrapsAt32BitsIn0_18Only) {
    for (const bool decode : {true, false}) {
        const std::vector<PositionRun> runs =
            decode ? std::vector<PositionRun>{{0, 1, 15}, {0, 1, 16}} : std::vector<PositionRun>{{0, 2, 15}};
        BlockTable old_table(engine_of(old_engine), shape_of(16, 2), {.rows = 1});
        BlockTable new_table(engine_of("reference"), shape_of(16, 2), {.rows = 1});
        for (BlockTable* table : {&old_table, &new_table}) table->add(0, blocks_from((1 << 27) - 1, 2));
        EXPECT_THAT(mapped(old_table, runs, 2), ElementsAre(2'147'483'647, -2'147'483'648));
        EXPECT_THAT(mapped(new_table, runs, 2), ElementsAre(2'147'483'647, 2'147'483'648));
    }
}

struct DrawnBatch {
    TableShape shape;
    BatchShape batch;
    std::vector<std::vector<std::int32_t>> rows;
    std::vector<PositionRun> runs;
};

DrawnBatch drawn_batch() {
    DrawnBatch drawn;
    const auto block = *rc::gen::element<std::int64_t>(1, 2, 3, 7, 16, 24, 272), columns = *rc::gen::inRange<std::int64_t>(1, 6);
    drawn.shape = shape_of(block, columns);
    const auto decode = *rc::gen::inRange<std::int64_t>(1, 4), prefill = *rc::gen::inRange<std::int64_t>(1, 3);
    drawn.batch = {.rows = *rc::gen::inRange<std::int64_t>(1, 5),
                   .context = {.decode = {.ranks = decode, .rank = *rc::gen::inRange<std::int64_t>(0, decode)},
                               .prefill = {.ranks = prefill, .rank = *rc::gen::inRange<std::int64_t>(0, prefill)},
                               .interleave = Tokens{*rc::gen::inRange<std::int64_t>(1, 2 * block + 2)}}};
    const std::int64_t row_tokens = block * columns * decode * prefill;
    for (std::int64_t row = 0; row < drawn.batch.rows; ++row)
        drawn.rows.push_back(
            *rc::gen::container<std::vector<std::int32_t>>(static_cast<std::size_t>(columns), rc::gen::inRange(0, 1 << 30)));
    const auto run_count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < run_count; ++i) {
        const auto first = *rc::gen::inRange<std::int64_t>(0, row_tokens);
        const auto count = *rc::gen::oneOf(rc::gen::just<std::int64_t>(1), rc::gen::inRange<std::int64_t>(0, row_tokens - first + 1));
        drawn.runs.push_back({.row = static_cast<std::int32_t>(*rc::gen::inRange<std::int64_t>(0, drawn.batch.rows)),
                              .count = static_cast<std::int32_t>(count),
                              .first = first});
    }
    return drawn;
}

// Token by token, with the remainders that the words "in turn" mean.
std::vector<std::int64_t> token_by_token(const DrawnBatch& drawn) {
    const ContextPlace& place = drawn.batch.context;
    const std::int64_t ranks = place.decode.ranks * place.prefill.ranks, rank = place.prefill.rank * place.decode.ranks + place.decode.rank;
    const std::int64_t block = drawn.shape.block.value, interleave = place.interleave.value;
    std::vector<std::int64_t> slots;
    for (const PositionRun& run : drawn.runs) {
        for (std::int64_t position = run.first; position < run.first + run.count; ++position) {
            const std::int64_t in_column = position % (block * ranks);
            std::int64_t before = 0;  // Of the column's tokens before this one, those of its owner.
            const auto owner = [&](std::int64_t token) { return token / interleave % ranks; };
            for (std::int64_t token = 0; token < in_column; ++token) before += owner(token) == owner(in_column) ? 1 : 0;
            const auto column = static_cast<std::size_t>(position / (block * ranks));
            const std::int64_t id = drawn.rows[static_cast<std::size_t>(run.row)][column];
            slots.push_back(owner(in_column) == rank ? id * block + before : pad_slot);
        }
    }
    return slots;
}

RC_GTEST_PROP(SlotMapping, IsWhatEachTokenIsByItself, ()) {
    const DrawnBatch drawn = drawn_batch();
    BlockTable table(engine_of("vllm-0.18.0,slot-arithmetic=exact"), drawn.shape, drawn.batch);
    for (std::size_t row = 0; row < drawn.rows.size(); ++row) {
        std::vector<BlockId> blocks;
        for (const std::int32_t id : drawn.rows[row]) blocks.push_back(static_cast<BlockId>(id));
        table.add(static_cast<std::int64_t>(row), blocks);
    }
    const std::vector<std::int64_t> expected = token_by_token(drawn);
    std::vector<std::int64_t> batch(expected.size() + 9, -77);
    const std::span<const std::int64_t> slots = table.map(drawn.runs, batch);
    RC_ASSERT(std::vector<std::int64_t>(slots.begin(), slots.end()) == expected);
    for (std::size_t i = expected.size(); i < batch.size(); ++i) RC_ASSERT(batch[i] == -77);
}

}  // namespace
}  // namespace kv::testing
