#include "scenarios/golden_slots.h"

#include "tests/support/recorded.h"

#include <gmock/gmock.h>

#include <string>

namespace kv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Json;

std::variant<GoldenSlots, Diagnostics> read(const std::string& line) {
    auto document = read_json({.file = "cases.jsonl", .text = line, .first_line = 3});
    if (auto* errors = std::get_if<Diagnostics>(&document)) return std::move(*errors);
    return read_golden_slots(std::get<JsonDocument>(document));
}

Json small_case() {
    return Json::parse(R"({"case":"a","engine":"0.18.0","groups":[{"block_size":32,"kernel_block_size":16,"max_num_blocks":4}],)"
                       R"("max_num_reqs":2,"max_num_batched_tokens":9,"dcp":[2,1],"pcp":[3,2],"interleave":4,)"
                       R"("edits":[["add",0,[[5,6]]],["append",0,[[7]]],["move",0,1],["swap",1,0],["clear",1]],)"
                       R"("queries":[[3,2],[0,1]],"row_lengths":[[6,6]],"width":[8],"slots":[[-1,-1,160]]})");
}

GoldenSlots slots_of(const Json& line) {
    auto golden = read(line.dump());
    if (const auto* errors = std::get_if<Diagnostics>(&golden)) ADD_FAILURE() << to_text(*errors);
    return std::move(std::get<GoldenSlots>(golden));
}

std::vector<std::string> errors_of(const Json& line) {
    const auto golden = read(line.dump());
    std::vector<std::string> messages;
    if (const auto* errors = std::get_if<Diagnostics>(&golden))
        for (const Diagnostic& error : *errors) messages.push_back(error.message);
    return messages;
}

TEST(GoldenSlots, HoldWhatTheLineSays) {
    const GoldenSlots golden = slots_of(small_case());
    EXPECT_EQ(golden.id, "a");
    EXPECT_EQ(golden.engine, "vllm-0.18.0");
    ASSERT_EQ(golden.groups.size(), 1U);
    EXPECT_EQ(golden.groups[0].block, TokensPerBlock{32});
    EXPECT_EQ(golden.groups[0].kernel_block, TokensPerBlock{16});
    EXPECT_EQ(golden.groups[0].row_blocks_max, Blocks{4});
    EXPECT_EQ(golden.batch.rows, 2);
    EXPECT_EQ(golden.batched_max, 9);
    EXPECT_EQ(golden.batch.context.decode, (ContextShare{.ranks = 2, .rank = 1}));
    EXPECT_EQ(golden.batch.context.prefill, (ContextShare{.ranks = 3, .rank = 2}));
    EXPECT_EQ(golden.batch.context.interleave, Tokens{4});
    ASSERT_EQ(golden.edits.size(), 5U);
    EXPECT_THAT(golden.edits[0].blocks, ElementsAre(ElementsAre(BlockId{5}, BlockId{6})));
    EXPECT_EQ(golden.edits[1].kind, TableEdit::Kind::append);
    EXPECT_EQ(golden.edits[2].other_row, 1);
    EXPECT_EQ(golden.edits[3].row, 1);
    EXPECT_EQ(golden.edits[4].kind, TableEdit::Kind::clear);
    ASSERT_EQ(golden.runs.size(), 2U);
    EXPECT_EQ(golden.runs[1].row, 1);
    EXPECT_EQ(golden.runs[0].first, 3);
    EXPECT_EQ(golden.runs[0].count, 2);
    EXPECT_THAT(golden.expect.slots, ElementsAre(ElementsAre(-1, -1, 160)));
    EXPECT_FALSE(golden.expect.error);
}

TEST(GoldenSlots, NextToAnErrorNeedNoAnswers) {
    Json line = small_case();
    line.erase("slots");
    EXPECT_THAT(errors_of(line), ElementsAre("expected the key `slots`, which is missing"));
    line["err"] = "IndexError";
    EXPECT_EQ(slots_of(line).expect.error, "IndexError");
    line.erase("width");
    line.erase("row_lengths");
    EXPECT_TRUE(slots_of(line).expect.widths.empty());
    line["slots"] = {{1}};
    EXPECT_THAT(errors_of(line), ElementsAre("slots: expected no slots next to `err`"));
}

TEST(GoldenSlots, AreKnownByTheirKeys) {
    const auto recognised = [](const Json& line) {
        const auto document = read_json({.file = "", .text = line.dump()});
        return is_golden_slots(std::get<JsonDocument>(document).root());
    };
    EXPECT_TRUE(recognised(small_case()));
    EXPECT_TRUE(recognised(Json::parse(R"({"queries":1,"edits":2})")));
    EXPECT_FALSE(recognised(Json::parse(R"({"case":"s000","edits":[]})")));
    EXPECT_FALSE(recognised(Json::parse(testing::recorded_line("0.18.0", "full-1-011"))));
}

struct Mistake {
    std::string pointer;
    Json value;
    std::string message;
};

TEST(GoldenSlots, TellWhatIsWrongAndWhere) {
    const std::vector<Mistake> mistakes{
        {"/groups", Json::array(), "groups: expected at least one group, found an array of 0 values"},
        {"/groups/0/block_size", 0, "groups[0].block_size: expected an integer from 1 to 2147483647, found 0"},
        {"/groups/0/kernel_block_size", "x", "groups[0].kernel_block_size: expected an integer from 1 to 2147483647, found \"x\""},
        {"/max_num_reqs", 0, "max_num_reqs: expected an integer from 1 to 2147483647, found 0"},
        {"/dcp", {2}, "dcp: expected [ranks, this rank], found an array of 1 value"},
        {"/dcp/1", 2, "dcp[1]: expected an integer from 0 to 1, found 2"},
        {"/interleave", 0, "interleave: expected an integer from 1 to 9007199254740992, found 0"},
        {"/edits/0/0", "ad",
         "edits[0][0]: expected one of \"add\", \"append\", \"move\", \"swap\", \"clear\", found \"ad\": did you mean \"add\"?"},
        {"/edits/0/2/0/0", -1, "edits[0][2][0][0]: expected an integer from 0 to 2147483647, found -1"},
        {"/edits/0/2/0/0", 2'147'483'648, "edits[0][2][0][0]: expected an integer from 0 to 2147483647, found 2147483648"},
        {"/edits/0/2", {{1}, {2}}, "edits[0][2]: expected one value for each of 1 groups, found an array of 2 values"},
        {"/edits/4", {"clear", 1, 2}, "edits[4]: expected 2 values, found an array of 3 values"},
        {"/edits/4", Json::array(), "edits[4]: expected what is edited, found an array of 0 values"},
        {"/queries/0", {3}, "queries[0]: expected [first position, count], found an array of 1 value"},
        {"/queries/0/0", -1, "queries[0][0]: expected an integer from 0 to 9007199254740992, found -1"},
        {"/slots/0/0", 1.5, "slots[0][0]: expected an integer from -9007199254740992 to 9007199254740992, found 1.5"},
        {"/width", {1, 2}, "width: expected one value for each of 1 groups, found an array of 2 values"},
        {"/extra", 1, "extra: unknown key"}};
    for (const Mistake& mistake : mistakes) {
        Json line = small_case();
        line[Json::json_pointer(mistake.pointer)] = mistake.value;
        EXPECT_THAT(errors_of(line), ::testing::Contains(mistake.message)) << mistake.pointer;
    }
}

TEST(GoldenSlots, PointAtTheMistakeInTheFile) {
    const std::string text = R"({"case":"a","queries":[[0,1]],"edits":[["jump",0,1]]})";
    const auto golden = read(text);
    const auto& errors = std::get<Diagnostics>(golden);
    const auto jump =
        std::ranges::find_if(errors, [](const Diagnostic& error) { return error.message.find("\"jump\"") != std::string::npos; });
    ASSERT_NE(jump, errors.end());
    EXPECT_EQ(jump->where.line, 3U);
    EXPECT_EQ(jump->where.column, text.find("\"jump\"") + 1);
}

TEST(GoldenSlots, AreBoundedBeforeTheyAreMade) {
    Json line = small_case();
    line["max_num_reqs"] = 2'147'483'647;
    EXPECT_THAT(errors_of(line), ElementsAre(HasSubstr("expected block tables of at most 16777216 entries together")));
    line = small_case();
    line["groups"][0]["max_num_blocks"] = 2'147'483'647;
    line["groups"][0]["block_size"] = 2'147'483'647;
    line["groups"][0]["kernel_block_size"] = 1;
    EXPECT_THAT(errors_of(line), ::testing::Contains(HasSubstr("entries together")));
    line = small_case();
    line["max_num_batched_tokens"] = 4'194'304;
    EXPECT_THAT(errors_of(line), ::testing::IsEmpty());
    line["max_num_batched_tokens"] = 4'194'305;
    EXPECT_THAT(errors_of(line), ::testing::SizeIs(1));
    line = small_case();
    line["groups"][0]["max_num_blocks"] = 4'000'000;
    for (int i = 0; i < 100; ++i) line["edits"].push_back({"swap", 0, 1});
    EXPECT_THAT(errors_of(line), ElementsAre("expected edits of at most 268435456 entries together"));
}

}  // namespace
}  // namespace kv
