// Where captured rows of a request are read, against where they were written.
#include "model/addressing/pad_slot.h"
#include "model/addressing/row_read.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>

#include <string>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

RowRead read_of(std::span<const BlockId> blocks, std::int64_t tokens, SlotAddress address = SlotAddress(TokensPerBlock{4})) {
    return {.blocks = blocks, .tokens = Tokens{tokens}, .address = address};
}

std::vector<std::int64_t> slots_read(std::string_view engine, const RowRead& read) { return engine_of(engine).row_reader(read).value(); }

TEST(RowReader, ReadsWhereTheWriterWroteInBothWays) {
    for (const char* const engine : {"vllm-0.18.0", "reference"}) {
        BlockTable table(engine_of(engine), shape_of(4, 40), {.rows = 1});
        const std::vector<BlockId> blocks{BlockId{9}, BlockId{2}, BlockId{30}};
        table.add(0, blocks);
        for (const std::int64_t tokens : {0, 1, 3, 4, 5, 8, 11, 12}) {
            const std::vector<PositionRun> whole{{.row = 0, .count = static_cast<std::int32_t>(tokens), .first = 0}};
            EXPECT_EQ(slots_read(engine, read_of(blocks, tokens)), mapped(table, whole, static_cast<std::size_t>(tokens)))
                << engine << tokens;
        }
    }
}

TEST(RowReader, TakesFewerRowsWhereThereAreTooFewBlocksIn0_18) {
    const std::vector<BlockId> blocks{BlockId{9}};
    EXPECT_THAT(slots_read("vllm-0.18.0", read_of(blocks, 5)), ElementsAre(36, 37, 38, 39));
    const auto refusal = refusal_of([&] { slots_read("reference,row-reader=as-written", read_of(blocks, 5)); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->message, "position 4 has no row: column 1 is past the request's 1 blocks");
}

TEST(RowReader, TakesRowsOfTheNullBlockForThoseThatAWindowHasPassedIn0_18) {
    const std::vector<BlockId> blocks{BlockId{0}, BlockId{2}};
    EXPECT_THAT(slots_read("vllm-0.18.0", read_of(blocks, 5)), ElementsAre(0, 1, 2, 3, 8));
    const auto refusal = refusal_of([&] { slots_read("reference,row-reader=as-written", read_of(blocks, 5)); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->message, "position 0 has no row: column 0 is the null block");
}

TEST(RowReader, WrapsAt32BitsIn0_18) {
    const std::vector<BlockId> blocks{BlockId{1 << 29}};
    EXPECT_THAT(slots_read("vllm-0.18.0", read_of(blocks, 1)), ElementsAre(-2'147'483'648));
    EXPECT_THAT(slots_read("reference", read_of(blocks, 1)), ElementsAre(2'147'483'648));
}

TEST(RowReader, KnowsTheRanksInReferenceOnly) {
    const SlotAddress address(TokensPerBlock{4}, {.ranks = 2, .rank = 1}, Tokens{2});
    const std::vector<BlockId> blocks{BlockId{9}};
    EXPECT_THAT(slots_read("reference", read_of(blocks, 8, address)), ElementsAre(pad_slot, pad_slot, 36, 37, pad_slot, pad_slot, 38, 39));
    EXPECT_THAT(slots_read("vllm-0.18.0", read_of(blocks, 8, address)), ElementsAre(36, 37, 38, 39));
}

TEST(RowReader, ReadsNoSlotsWhereRowsAreKeptByContent) { EXPECT_FALSE(engine_of("vllm-0.32.0").row_reader(read_of({}, 8))); }

}  // namespace
}  // namespace kv::testing
