#include "harness/capture_conformity.h"

#include "tests/support/recorded.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace kv::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

Engine engine_of(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

std::vector<std::string> fields_told(const Json& line, const std::string& spelling = "") {
    const auto document = std::get<JsonDocument>(read_json({.file = "case.jsonl", .text = line.dump()}));
    const auto golden = read_golden_capture(document);
    if (const auto* errors = std::get_if<Diagnostics>(&golden)) return {to_text(*errors)};
    const auto& capture = std::get<GoldenCapture>(golden);
    std::vector<std::string> fields;
    for (const FieldDifference& difference : compare_capture(capture, engine_of(spelling.empty() ? capture.engine : spelling)).differences)
        fields.push_back(difference.field);
    return fields;
}

TEST(CaptureConformity, EveryRecordedCaptureAgreesToTheFunctionThatRaised) {
    for (const char* version : {"0.18.0", "0.32.0", "0.33.0"}) {
        std::size_t agree = 0;
        for (const std::string& recording : recorded_captures(version)) {
            ConformOptions options;
            options.each = [&](const CaseResult& result) {
                for (const FieldDifference& difference : result.differences)
                    ADD_FAILURE() << result.id << ": " << difference.at << ": recorded " << difference.recorded << ", ours "
                                  << difference.ours;
            };
            const ConformFile file = conform_file(recording, options);
            agree += file.agree;
            EXPECT_EQ(file.differ + file.not_known, 0U) << recording;
            EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
        }
        EXPECT_EQ(agree, 2100U) << version;
    }
}

TEST(CaptureConformity, ACaseOfAnotherEngineDiffers) {
    std::size_t differ = 0;
    for (const std::string& line : lines_of(recorded_captures("0.32.0").front()))
        if (!fields_told(Json::parse(line), "vllm-0.18.0").empty()) ++differ;
    EXPECT_GT(differ, 150U);
}

// The first case with rows out of place, with an exception and with more than one call.
std::vector<Json> telling_cases() {
    std::vector<Json> cases;
    const auto take_first = [&](auto wanted) {
        for (const std::string& line : lines_of(recorded_captures("0.32.0").front())) {
            Json json = Json::parse(line);
            if (!wanted(json)) continue;
            cases.push_back(std::move(json));
            return;
        }
        ADD_FAILURE() << "no such case";
    };
    take_first([](const Json& line) { return !line["outcome"]["layers"].empty() && line["outcome"]["layers"][0].contains("odd"); });
    take_first([](const Json& line) { return !line["outcome"]["calls"][0]["exception"].is_null(); });
    take_first([](const Json& line) { return line["calls"].size() > 1 && line["outcome"]["calls"][1]["all_gathers"] == 1; });
    return cases;
}

TEST(CaptureConformity, EveryRecordedNumberOfAnOutcomeIsCompared) {
    std::size_t changed_count = 0;
    for (const Json& line : telling_cases()) {
        ASSERT_THAT(fields_told(line), IsEmpty());
        for (const Place& place : places_in(line, [](const Json& value) { return value.is_number(); })) {
            if (!place.field.starts_with("outcome.")) continue;
            Json changed = line;
            changed[place.pointer] = changed[place.pointer].get<std::int64_t>() + 1;
            EXPECT_THAT(fields_told(changed), Not(IsEmpty())) << line["id"] << ' ' << place.pointer.to_string();
            ++changed_count;
        }
    }
    EXPECT_GT(changed_count, 40U);
}

TEST(CaptureConformity, TheTypeAndTheFiguresOfAnExceptionAreComparedAndItsWordingIsNot) {
    Json line = telling_cases()[1];
    Json& exception = line["outcome"]["calls"][0]["exception"];
    const std::string message = exception["message"];
    exception["message"] = "In other words: " + message;
    EXPECT_THAT(fields_told(line), IsEmpty());
    exception["message"] = message + " 12345";
    EXPECT_THAT(fields_told(line), ::testing::ElementsAre("calls[].exception.figures"));
    exception["message"] = message;
    exception["type"] = "KeyError";
    EXPECT_THAT(fields_told(line), ::testing::ElementsAre("calls[].exception.type"));
    exception = nullptr;
    EXPECT_THAT(fields_told(line), ::testing::ElementsAre("calls[].exception"));
}

TEST(CaptureConformity, AnUnknownVersionIsNotKnownAndABadLineIsPointedAt) {
    Json line = telling_cases()[0];
    line["version"] = "0.99.0";
    const TemporaryFile unknown(line.dump() + "\n");
    EXPECT_EQ(conform_file(unknown.path(), {}).not_known, 1U);
    line["version"] = "0.32.0";
    line["tp_rank"] = -1;
    const TemporaryFile bad("\n" + line.dump() + "\n");
    const ConformFile file = conform_file(bad.path(), {});
    ASSERT_EQ(file.diagnostics.size(), 1U);
    EXPECT_THAT(to_text(file.diagnostics[0]), ::testing::HasSubstr(":2:"));
}

}  // namespace
}  // namespace kv::testing
