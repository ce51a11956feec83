#include "harness/model_conformity.h"

#include "harness/golden_lines.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

std::variant<ModelRecording, Diagnostics> read_line(const std::string& text) {
    const auto document = read_json({.file = "models.jsonl", .text = text});
    return read_model_recording(std::get<JsonDocument>(document));
}

class RealModels : public ::testing::TestWithParam<const char*> {};

TEST_P(RealModels, ArePlannedAsTheEnginePlannedThem) {
    std::size_t lines = 0;
    for (const std::string& line : lines_of(recorded_models(GetParam()))) {
        const auto read = read_line(line);
        ASSERT_TRUE(std::holds_alternative<ModelRecording>(read)) << to_text(std::get<Diagnostics>(read));
        const auto& recording = std::get<ModelRecording>(read);
        const CaseResult result = compare_model_plan(recording, engine_called(recording.engine));
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << " recorded " << difference.recorded << ", ours " << difference.ours;
        ++lines;
    }
    EXPECT_GT(lines, 250U);
}

INSTANTIATE_TEST_SUITE_P(OfEachVersion, RealModels, ::testing::Values("0.18.0", "0.32.0"));

// Every number of the plan that a line records is compared: a line with another one differs.
TEST(ModelConformity, SeesEveryNumberOfARecordedPlan) {
    const std::vector<std::string> lines = lines_of(recorded_models("0.32.0"));
    const auto gpt = std::ranges::find_if(lines, [](const std::string& line) { return line.find("\"gpt-oss-20b\"") != std::string::npos; });
    ASSERT_NE(gpt, lines.end());
    for (const char* key : {"max_model_len_after", "num_blocks", "reported_tokens", "max_concurrency", "block_size_after",
                            "scheduler_block_size", "hash_block_size"}) {
        Json json = Json::parse(*gpt);
        json[key] = json[key].get<double>() > 1000 ? json[key].get<std::int64_t>() + 1 : json[key].get<std::int64_t>() * 2;
        const auto read = read_line(json.dump());
        ASSERT_TRUE(std::holds_alternative<ModelRecording>(read)) << key;
        const CaseResult result = compare_model_plan(std::get<ModelRecording>(read), engine_called("vllm-0.32.0"));
        EXPECT_EQ(result.differences.size(), 1U) << key;
    }
    Json json = Json::parse(*gpt);
    std::swap(json["groups"][0]["layers"][0], json["groups"][0]["layers"][1]);
    json["group_block_sizes"][1] = 32;
    const CaseResult result = compare_model_plan(std::get<ModelRecording>(read_line(json.dump())), engine_called("vllm-0.32.0"));
    EXPECT_EQ(result.differences.size(), 2U);
}

TEST(ModelConformity, SeesAnErrorThatIsNotTheEngines) {
    const std::vector<std::string> lines = lines_of(recorded_models("0.18.0"));
    const auto refused = std::ranges::find_if(lines, [](const std::string& line) { return line.find("\"error\":") != std::string::npos; });
    ASSERT_NE(refused, lines.end());
    Json json = Json::parse(*refused);
    const auto differences = [](const Json& changed) {
        return compare_model_plan(std::get<ModelRecording>(read_line(changed.dump())), engine_called("vllm-0.18.0")).differences.size();
    };
    EXPECT_EQ(differences(json), 0U);
    Json other = json;
    other["error"]["type"] = "KeyError";
    EXPECT_EQ(differences(other), 1U);
    other = json;
    other["error"]["message"] = "the estimated maximum model length is 17";
    EXPECT_EQ(differences(other), 1U);
    other = json;
    other["available_memory"] = std::int64_t{1} << 40;
    EXPECT_EQ(differences(other), 1U) << "a plan instead of the error";
}

}  // namespace
}  // namespace kv::testing
