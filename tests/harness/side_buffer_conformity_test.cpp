#include "harness/side_buffer_conformity.h"

#include "harness/conform.h"
#include "tests/support/recorded.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace kv::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Engine engine_of(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

// Fields in which a line differs from what its own engine answers, or from another's; what is wrong with it where it cannot be read.
std::vector<std::string> fields_told(const Json& line, const std::string& spelling = "vllm-0.18.0") {
    const auto document = std::get<JsonDocument>(read_json({.file = "case.jsonl", .text = line.dump()}));
    const auto golden = read_golden_side_buffer(document);
    if (const auto* errors = std::get_if<Diagnostics>(&golden)) return {to_text(*errors)};
    std::vector<std::string> fields;
    const auto result = compare_side_buffer(std::get<GoldenSideBuffer>(golden), engine_of(spelling));
    for (const FieldDifference& difference : result.value().differences) fields.push_back(difference.field);
    return fields;
}

Json side_buffer_case(const std::string& id) {
    for (const std::string& line : lines_of(recorded_side_buffers("0.18.0")))
        if (line.starts_with("{\"version\":\"0.18.0\",\"id\":\"" + id + "\",")) return Json::parse(line);
    ADD_FAILURE() << "no case " << id;
    return {};
}

TEST(SideBufferConformity, EveryRecordedBufferAgrees) {
    ConformOptions options;
    options.each = [](const CaseResult& result) {
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << ": recorded " << difference.recorded << ", ours " << difference.ours;
    };
    const ConformFile file = conform_file(recorded_side_buffers("0.18.0"), options);
    EXPECT_EQ(file.agree, 150U);
    EXPECT_EQ(file.differ + file.not_known, 0U);
    EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
}

TEST(SideBufferConformity, EveryRecordedNumberOfAnAnswerIsCompared) {
    std::size_t changed_count = 0;
    for (const char* const id : {"pr37118-bs272-g4", "pad-minus-one", "group0-mamba-262144", "s0012", "s0022", "s0080"}) {
        const Json line = side_buffer_case(id);
        ASSERT_THAT(fields_told(line), IsEmpty()) << id;
        for (const Place& place : places_in(line["outcome"], [](const Json& value) { return value.is_number(); })) {
            Json changed = line;
            Json& number = changed["outcome"][place.pointer];
            number = number.get<std::int64_t>() == 0 && place.field == "attn_gid" ? 1 : number.get<std::int64_t>() + 1;
            EXPECT_THAT(fields_told(changed), ::testing::Not(IsEmpty())) << id << ' ' << place.pointer.to_string();
            ++changed_count;
        }
    }
    EXPECT_GT(changed_count, 60U);
}

TEST(SideBufferConformity, AnExceptionIsComparedByTypeAndFiguresAndNotByWording) {
    const Json line = side_buffer_case("pr37118-bs16-g2");
    const auto with = [&](const std::string& pointer, const Json& value) {
        Json changed = line;
        changed["outcome"][Json::json_pointer(pointer)] = value;
        return fields_told(changed);
    };
    EXPECT_THAT(with("/steps/1/exception/message", "no row 699312 along 0 of 699312"), IsEmpty());
    EXPECT_THAT(with("/steps/1/exception/message", "index 699313 is out of bounds for axis 0 with size 699312"),
                ElementsAre("steps[].exception.figures"));
    EXPECT_THAT(with("/steps/1/exception/type", "ValueError"), ElementsAre("steps[].exception.type"));
    EXPECT_THAT(with("/steps/1/exception", nullptr), ElementsAre("steps[].exception"));
    EXPECT_THAT(with("/steps/0/exception", line["outcome"]["steps"][1]["exception"]), ElementsAre("steps[].exception"));
    Json read = line;
    read["outcome"]["reads"][1] = {{"exception", nullptr}, {"values", Json::array()}, {"count", 0}};
    EXPECT_THAT(fields_told(read), ElementsAre("reads[].exception"));
}

TEST(SideBufferConformity, ABufferThatCannotBeMadeIsNoBuffer) {
    const Json line = side_buffer_case("zero-rows");
    ASSERT_TRUE(line["outcome"].contains("init_exception"));
    EXPECT_THAT(fields_told(line), IsEmpty());
    EXPECT_THAT(fields_told(line, "vllm-0.18.0+pr-37118"), ElementsAre("init_exception"));
    Json changed = side_buffer_case("pad-minus-one");
    changed["outcome"] = line["outcome"];
    EXPECT_THAT(fields_told(changed), ElementsAre("init_exception"));
}

TEST(SideBufferConformity, TellsOtherRulesApart) {
    EXPECT_THAT(fields_told(side_buffer_case("pad-minus-one"), "vllm-0.18.0,pad-rows=inert"), Contains("steps[].rows_changed"));
    EXPECT_THAT(fields_told(side_buffer_case("pr37118-bs272-g2"), "vllm-0.18.0+pr-37118"), Contains("rows"));
    EXPECT_THAT(fields_told(side_buffer_case("group0-mamba-262144"), "vllm-0.18.0,capture-group=first-group"), Contains("attn_gid"));
    EXPECT_THAT(fields_told(side_buffer_case("pad-minus-one"), "reference"), ElementsAre("transport"));
}

TEST(SideBufferConformity, RefusesSizesThatItWillNotMakeAndRunsThatItWillNotSpellOut) {
    Json line = side_buffer_case("pad-minus-one");
    line["num_blocks"] = 2'000'000'000;
    const ConformFile large = conform_file(TemporaryFile(line.dump()).path(), {});
    ASSERT_EQ(large.diagnostics.size(), 1U);
    EXPECT_EQ(large.diagnostics.front().message, "expected a side buffer of at most 16777216 rows");
    line = side_buffer_case("pad-minus-one");
    line["steps"][0]["slots"] = {{0, 4'000'000, 1}, {0, 4'000'000, 1}};
    EXPECT_THAT(fields_told(line), ElementsAre(::testing::HasSubstr("expected at most 4194304 rows together")));
}

TEST(SideBufferConformity, PointsAtWhatItCannotRead) {
    const auto told = [](const std::string& pointer, const Json& value) {
        Json changed = side_buffer_case("pad-minus-one");
        changed[Json::json_pointer(pointer)] = value;
        return fields_told(changed).front();
    };
    EXPECT_THAT(told("/groups/0/spec", "ring"), StartsWith("case.jsonl:1:"));
    EXPECT_THAT(told("/steps/0/slots/0", {1, 2}), ::testing::HasSubstr("expected [first, count, stride]"));
    EXPECT_THAT(told("/steps/0/slots/0/2", 2), ::testing::HasSubstr("a stride of 0 or 1"));
    EXPECT_THAT(told("/steps/0/num_tokens", 17), ::testing::HasSubstr("expected 17 slots"));
    EXPECT_THAT(told("/reads/0/num_tokens", 0), ::testing::HasSubstr("expected"));
    EXPECT_THAT(told("/groups", Json::array()), ::testing::HasSubstr("at least one group"));
    EXPECT_THAT(told("/outcome/reads/0/count", 3), ::testing::HasSubstr("expected values of 3 rows"));
    EXPECT_THAT(told("/outcome/steps", Json::array()), ::testing::HasSubstr("each of 2 steps"));
    EXPECT_THAT(told("/more", 1), ::testing::HasSubstr("more"));
}

TEST(SideBufferConformity, OfAChangedByteIsToldOrAgreesButNeverCrashes) {
    const std::string line = side_buffer_case("pad-minus-one").dump();
    for (std::size_t place = 0; place < line.size(); ++place) {
        for (const char byte : {'0', '9', '-'}) {
            std::string changed = line;
            changed[place] = byte;
            const auto document = read_json({.file = "case.jsonl", .text = changed});
            if (std::holds_alternative<Diagnostics>(document)) continue;
            const auto golden = read_golden_side_buffer(std::get<JsonDocument>(document));
            if (const auto* read = std::get_if<GoldenSideBuffer>(&golden)) compare_side_buffer(*read, engine_of("vllm-0.18.0"));
        }
    }
}

}  // namespace
}  // namespace kv::testing
