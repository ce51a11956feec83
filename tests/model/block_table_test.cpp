#include "model/addressing/block_table.h"

#include "model/addressing/group_tables.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>

#include <string>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

BlockTable table_with_rows(std::string_view engine) {
    BlockTable table(engine_of(engine), shape_of(16, 8), {.rows = 4});
    table.add(0, blocks_from(1, 3));
    table.add(1, blocks_from(11, 5));
    return table;
}

TEST(BlockTable, TakesTheBlocksThatAreAddedAndAppended) {
    BlockTable table = table_with_rows("vllm-0.18.0");
    table.append(0, blocks_from(7, 2));
    EXPECT_EQ(table.row_length(0), 5);
    EXPECT_THAT(table.row(0), ElementsAre(1, 2, 3, 7, 8, 0, 0, 0));
    table.append(0, {});
    EXPECT_EQ(table.row_length(0), 5);
}

TEST(BlockTable, KeepsBehindAShorterRowWhatTheRowHeldBefore) {
    BlockTable table = table_with_rows("reference");
    table.add(1, blocks_from(9, 2));
    EXPECT_EQ(table.row_length(1), 2);
    EXPECT_THAT(table.row(1), ElementsAre(9, 10, 13, 14, 15, 0, 0, 0));
}

TEST(BlockTable, LeavesAMovedRowAsItWasIn0_18AndEmptySince0_32) {
    BlockTable old_table = table_with_rows("vllm-0.18.0"), new_table = table_with_rows("vllm-0.32.0");
    for (BlockTable* table : {&old_table, &new_table}) {
        table->move(0, 1);
        EXPECT_EQ(table->row_length(1), 3);
        EXPECT_THAT(table->row(1), ElementsAre(1, 2, 3, 14, 15, 0, 0, 0));
    }
    EXPECT_EQ(old_table.row_length(0), 3);
    EXPECT_THAT(old_table.row(0), ElementsAre(1, 2, 3, 0, 0, 0, 0, 0));
    EXPECT_EQ(new_table.row_length(0), 0);
    EXPECT_THAT(new_table.row(0), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(BlockTable, SwapsWholeRowsAndClearsWhatARowHolds) {
    BlockTable table = table_with_rows("vllm-0.32.0");
    table.add(1, blocks_from(21, 1));
    table.swap(0, 1);
    EXPECT_EQ(table.row_length(0), 1);
    EXPECT_EQ(table.row_length(1), 3);
    EXPECT_THAT(table.row(0), ElementsAre(21, 12, 13, 14, 15, 0, 0, 0));
    table.swap(1, 1);
    EXPECT_THAT(table.row(1), ElementsAre(1, 2, 3, 0, 0, 0, 0, 0));
    table.clear(0);
    EXPECT_EQ(table.row_length(0), 0);
    EXPECT_THAT(table.row(0), ElementsAre(0, 12, 13, 14, 15, 0, 0, 0));
}

TEST(BlockTable, IsAsWideAsAskedIn0_18AndAMultipleOf128TokensSince0_32) {
    const auto width = [](std::string_view engine, std::int64_t block, std::int64_t blocks) {
        return BlockTable(engine_of(engine), shape_of(block, blocks), {.rows = 1}).width();
    };
    for (const std::int64_t blocks : {7, 8, 9}) EXPECT_EQ(width("vllm-0.18.0", 16, blocks), blocks);
    EXPECT_EQ(width("vllm-0.32.0", 16, 7), 8);
    EXPECT_EQ(width("vllm-0.32.0", 16, 8), 8);
    EXPECT_EQ(width("vllm-0.32.0", 16, 9), 16);
    EXPECT_EQ(width("vllm-0.32.0", 272, 9), 16);  // 8 blocks of 272 are 17 x 128.
    EXPECT_EQ(width("vllm-0.32.0", 128, 9), 9);
    EXPECT_EQ(width("vllm-0.32.0", 1, 129), 256);
    EXPECT_EQ(width("vllm-0.32.0", 1, 0), 0);
}

TEST(BlockTable, SplitsTheManagersBlocksForTheKernelIn0_18Only) {
    BlockTable split(engine_of("vllm-0.18.0"), shape_of(32, 4, 16), {.rows = 1});
    split.add(0, blocks_from(3, 2));
    EXPECT_EQ(split.width(), 8);
    EXPECT_EQ(split.row_length(0), 4);
    EXPECT_THAT(split.row(0), ElementsAre(6, 7, 8, 9, 0, 0, 0, 0));
    BlockTable whole(engine_of("vllm-0.32.0"), shape_of(32, 4, 16), {.rows = 1});
    whole.add(0, blocks_from(3, 2));
    EXPECT_THAT(whole.row(0), ElementsAre(3, 4, 0, 0));
    EXPECT_THAT(mapped(split, {{.row = 0, .count = 20, .first = 10}}, 20),
                ElementsAreArray(mapped(whole, {{.row = 0, .count = 20, .first = 10}}, 20)));
}

TEST(BlockTable, RefusesAKernelBlockThatDoesNotDivideTheManagersIn0_18) {
    const auto raised = [](std::string_view engine, std::int64_t kernel_block) {
        return refusal_of([&] { BlockTable(engine_of(engine), shape_of(24, 4, kernel_block), {.rows = 1}); });
    };
    EXPECT_FALSE(raised("vllm-0.18.0", 24));
    EXPECT_FALSE(raised("vllm-0.18.0", 12));
    for (const std::int64_t kernel_block : {16, 48}) {
        const auto refusal = raised("vllm-0.18.0", kernel_block);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(name_of(refusal->type), "ValueError");
        EXPECT_THAT(refusal->figures, ElementsAre(kernel_block, 24));
    }
    EXPECT_FALSE(raised("vllm-0.32.0", 16));
}

TEST(BlockTable, DropsABlockThatAFullRowHasNoRoomForExceptInReference) {
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        BlockTable table(engine_of(engine), shape_of(16, 8), {.rows = 2});
        table.add(0, blocks_from(1, 8));
        table.append(0, blocks_from(9, 1));
        EXPECT_EQ(table.row_length(0), 9) << engine;
        EXPECT_THAT(table.row(0), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
        EXPECT_THAT(table.row(1), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
        const auto refusal = refusal_of([&] { table.append(0, blocks_from(9, 2)); });
        ASSERT_TRUE(refusal);
        EXPECT_EQ(name_of(refusal->type), "ValueError");
    }
    BlockTable table(engine_of("reference"), shape_of(16, 8), {.rows = 2});
    table.add(0, blocks_from(1, 7));
    table.append(0, blocks_from(8, 1));
    const auto refusal = refusal_of([&] { table.append(0, blocks_from(9, 1)); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->message, "row 0 has room for 0 of 1 more entries");
}

TEST(BlockTable, RefusesRowsThatItHasNot) {
    BlockTable table = table_with_rows("vllm-0.18.0");
    const std::vector<BlockId> blocks = blocks_from(1, 1);
    EXPECT_FALSE(refusal_of([&] { table.add(3, blocks); }));
    for (const auto& refusal :
         {refusal_of([&] { table.add(4, blocks); }), refusal_of([&] { table.append(4, blocks); }), refusal_of([&] { table.move(4, 0); }),
          refusal_of([&] { table.move(0, 4); }), refusal_of([&] { table.swap(0, 4); }), refusal_of([&] { table.clear(4); })}) {
        ASSERT_TRUE(refusal);
        EXPECT_EQ(name_of(refusal->type), "IndexError");
        EXPECT_EQ(refusal->message, "row 4 of a table of 4");
    }
}

TEST(BlockTable, TellsSizesThatDoNotFit64Bits) {
    constexpr std::int64_t large = std::int64_t{1} << 40;
    const Engine engine = engine_of("vllm-0.18.0");
    EXPECT_THROW(BlockTable(engine, shape_of(16, large), {.rows = large}), SizeOverflow);
    EXPECT_THROW(BlockTable(engine, shape_of(large, 1), {.rows = 1}), SizeOverflow);
    EXPECT_THROW(BlockTable(engine, shape_of(16, 1), {.rows = 1, .context = {.decode = {.ranks = large * 4}, .prefill = {.ranks = large}}}),
                 SizeOverflow);
}

TEST(GroupTables, EditARowOfEveryGroup) {
    const std::vector<TableShape> shapes{shape_of(16, 8), shape_of(32, 4)};
    GroupTables tables(engine_of("vllm-0.32.0"), shapes, {.rows = 2});
    tables.add(0, std::vector{blocks_from(1, 2), blocks_from(5, 1)});
    tables.append(0, std::vector{blocks_from(3, 1), blocks_from(6, 1)});
    tables.move(0, 1);
    EXPECT_THAT(tables.tables()[0].row(1), ElementsAre(1, 2, 3, 0, 0, 0, 0, 0));
    EXPECT_THAT(tables.tables()[1].row(1), ElementsAre(5, 6, 0, 0));
    tables.swap(0, 1);
    EXPECT_EQ(tables.tables()[1].row_length(0), 2);
    tables.clear(0);
    for (const BlockTable& table : tables.tables()) EXPECT_EQ(table.row_length(0), 0);
}

}  // namespace
}  // namespace kv::testing
