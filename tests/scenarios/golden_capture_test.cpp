#include "scenarios/golden_capture.h"

#include "tests/support/recorded.h"

#include <gmock/gmock.h>

#include <string>

namespace kv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Json;

std::variant<GoldenCapture, Diagnostics> read(const std::string& line) {
    auto document = read_json({.file = "cases.jsonl", .text = line, .first_line = 3});
    if (auto* errors = std::get_if<Diagnostics>(&document)) return std::move(*errors);
    return read_golden_capture(std::get<JsonDocument>(document));
}

Json small_case() {
    return Json::parse(R"({"version":"0.33.0","id":"a","kind":"shard","dp_size":2,"dp_rank":1,"tp_size":2,"tp_rank":1,"max_tokens":9,)"
                       R"("num_layers":3,"top_k":2,"num_experts":8,"topk_dtype":"int64","calls":[{"layer_id":-1,"tokens":[4,3],)"
                       R"("local_sizes":[2,2,2,2],"sp_size":2,"batch_tokens":3,"ubatch_offset":null,"cols":2,)"
                       R"("tp_rows":[[[1,0,2]],[[1,2,1],[-1,3,1]]],"n":2}],"outcome":{"calls":[{"exception":{"type":"IndexError",)"
                       R"("message":"layer -1"},"all_gathers":1}],"layers":[{"layer":0,"rows":[[0,3,0,1,0]],"untouched":[[3,6]],)"
                       R"("odd":[[2,[5,6]]]}],"untouched_layers":[1,2]}})");
}

std::vector<std::string> errors_of(const Json& line) {
    const auto golden = read(line.dump());
    std::vector<std::string> messages;
    if (const auto* errors = std::get_if<Diagnostics>(&golden))
        for (const Diagnostic& error : *errors) messages.push_back(error.message);
    return messages;
}

TEST(GoldenCapture, HoldsWhatTheLineSays) {
    const auto read_back = read(small_case().dump());
    ASSERT_TRUE(std::holds_alternative<GoldenCapture>(read_back)) << to_text(std::get<Diagnostics>(read_back));
    const auto& golden = std::get<GoldenCapture>(read_back);
    EXPECT_EQ(golden.id, "a");
    EXPECT_EQ(golden.engine, "vllm-0.33.0");
    EXPECT_EQ(golden.dp_rank, 1);
    EXPECT_EQ(golden.tp_rank, 1);
    EXPECT_EQ(golden.tp_size, 2);
    ASSERT_TRUE(golden.buffer);
    EXPECT_EQ(golden.buffer->rows, 9);
    EXPECT_EQ(golden.buffer->layers, 3);
    EXPECT_EQ(golden.buffer->columns, 2);
    ASSERT_EQ(golden.calls.size(), 1U);
    const RecordedCall& call = golden.calls[0];
    EXPECT_EQ(call.layer, -1);
    EXPECT_EQ(call.columns, 2);
    EXPECT_EQ(call.rank_tokens, (std::vector<std::int64_t>{4, 3}));
    EXPECT_EQ(call.shard_tokens, (std::vector<std::int64_t>{2, 2, 2, 2}));
    EXPECT_EQ(call.batch_tokens, 3);
    EXPECT_EQ(call.batch_start, std::nullopt);
    EXPECT_THAT(call.tensors, ElementsAre(ElementsAre(RowSegment{1, 0, 2}), ElementsAre(RowSegment{1, 2, 1}, RowSegment{pad_rank, 3, 1})));
    ASSERT_EQ(golden.outcomes.size(), 1U);
    EXPECT_EQ(golden.outcomes[0].exception.value().type, "IndexError");
    EXPECT_EQ(golden.outcomes[0].all_gathers, 1);
    ASSERT_EQ(golden.layers.size(), 1U);
    EXPECT_THAT(golden.layers[0].rows, ElementsAre(RecordedLayer::Rows{0, 3, 0, 1, 0}));
    EXPECT_THAT(golden.layers[0].untouched, ElementsAre(RecordedLayer::Untouched{3, 6}));
    EXPECT_THAT(golden.layers[0].odd, ElementsAre(RecordedLayer::Odd{.row = 2, .values = {5, 6}}));
    EXPECT_THAT(golden.untouched_layers, ElementsAre(1, 2));
}

TEST(GoldenCapture, HasNoBufferWhereTheCallsCameFirst) {
    Json line = small_case();
    line["kind"] = "uninitialized";
    EXPECT_FALSE(std::get<GoldenCapture>(read(line.dump())).buffer);
}

TEST(GoldenCapture, NumbersItsCells) {
    const CapturedCell cell{.call = 1, .rank = 7, .row = 4095, .column = 7};
    EXPECT_EQ(recorded_value(cell), ((1 * 64 + 8) * 4096 + 4095) * 8 + 7);
    EXPECT_EQ(recorded_cell(recorded_value(cell)), cell);
    const CapturedCell padding{.call = 0, .rank = pad_rank, .row = 0, .column = 0};
    EXPECT_EQ(recorded_cell(recorded_value(padding)), padding);
}

TEST(GoldenCapture, RefusesRanksAndTensorsThatDoNotFit) {
    const auto changed = [](const char* pointer, const Json& value) {
        Json line = small_case();
        line[Json::json_pointer(pointer)] = value;
        return errors_of(line);
    };
    EXPECT_THAT(changed("/dp_rank", 2), ElementsAre(HasSubstr("dp_rank")));
    EXPECT_THAT(changed("/tp_rank", 2), ElementsAre(HasSubstr("tp_rank")));
    EXPECT_THAT(changed("/calls/0/tokens", {1}), ElementsAre(HasSubstr("`tokens` of 2 ranks")));
    EXPECT_THAT(changed("/calls/0/tokens/0", -1), ElementsAre(HasSubstr("tokens[0]")));
    EXPECT_THAT(changed("/calls/0/n", 3), ElementsAre(HasSubstr("expected `n` to be the rows of this worker's `tp_rows`")));
    EXPECT_THAT(changed("/calls/0/tp_rows", Json::array()), ElementsAre(HasSubstr("`tp_rows` of 1 or 2 workers")));
    EXPECT_THAT(changed("/calls/0/tp_rows/0/0/2", -1), ElementsAre(HasSubstr("expected ranks below 63 and rows of [0, 4096)")));
    EXPECT_THAT(changed("/calls/0/tp_rows/0/0", {1, 0}), ElementsAre(HasSubstr("3 integers")));
    EXPECT_THAT(changed("/max_tokens", 1 << 22), ElementsAre(HasSubstr("expected a layer of at most 1048576 ids")));
    EXPECT_THAT(changed("/top_k", 0), ElementsAre(HasSubstr("top_k")));
    EXPECT_THAT(changed("/outcome/calls", Json::array()), ElementsAre(HasSubstr("expected outcomes of 1 calls")));
    EXPECT_THAT(changed("/outcome/layers/0/odd/0", {1}), ElementsAre(HasSubstr("[row, values]")));
}

TEST(GoldenCapture, ReadsEveryKeyAndNoOther) {
    const Json line = small_case();
    for (const testing::Place& place : testing::places_in(line, [](const Json&) { return true; })) {
        Json less = line;
        if (place.pointer.empty() || !less[place.pointer.parent_pointer()].is_object()) continue;
        less[place.pointer.parent_pointer()].erase(place.pointer.back());
        const bool optional = place.pointer.back() == "odd";
        EXPECT_EQ(errors_of(less).empty(), optional) << place.pointer.to_string();
        Json more = line;
        more[place.pointer.parent_pointer()]["surprise"] = 1;
        EXPECT_THAT(errors_of(more), ElementsAre(HasSubstr("surprise"))) << place.pointer.to_string();
    }
}

TEST(GoldenCapture, SurvivesALineThatIsCutAnywhere) {
    const std::string line = small_case().dump();
    for (std::size_t length = 0; length < line.size(); ++length)
        EXPECT_TRUE(std::holds_alternative<Diagnostics>(read(line.substr(0, length)))) << length;
}

}  // namespace
}  // namespace kv
