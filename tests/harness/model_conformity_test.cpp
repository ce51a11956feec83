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

TEST_P(RealModels, AreServedFromTheirConfigsAsTheEngineServedThem) {
    std::size_t lines = 0;
    for (const std::string& line : lines_of(recorded_models(GetParam()))) {
        const auto recording = std::get<ModelRecording>(read_line(line));
        const JsonDocument config = shipped_config(recording.model.name);
        const CaseResult result = compare_imported(recording, config.root(), engine_called(recording.engine));
        EXPECT_TRUE(result.known) << result.id;
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << " recorded " << difference.recorded << ", ours " << difference.ours;
        ++lines;
    }
    EXPECT_GT(lines, 250U);
}

TEST_P(RealModels, AreRefusedFromTheirConfigsAsTheEngineRefusedThem) {
    std::size_t lines = 0;
    for (const std::string& line : lines_of(refused_models(GetParam()))) {
        const auto document = read_json({.file = "models.jsonl", .text = line});
        const auto refused = std::get<RefusedModel>(read_refused_model(std::get<JsonDocument>(document)));
        const JsonDocument config = shipped_config(refused.model);
        const CaseResult result = compare_refused(refused, config.root(), engine_called(refused.engine));
        EXPECT_TRUE(result.known) << result.id;
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << " recorded " << difference.recorded << ", ours " << difference.ours;
        ++lines;
    }
    EXPECT_GE(lines, 10U);
}

TEST_P(RealModels, WithOtherNumbersAreServedAndRefusedAsTheEngineDidIt) {
    for (const std::string& file : {mutated_models(GetParam()), refused_mutations(GetParam())}) {
        const ConformFile conform = conform_file(file, {});
        EXPECT_EQ(conform.differ, 0U) << file;
        EXPECT_EQ(conform.not_known, 0U) << file;
        EXPECT_GT(conform.agree, 400U) << file;
        EXPECT_TRUE(conform.diagnostics.empty()) << to_text(conform.diagnostics);
        for (const FieldSummary& field : conform.fields)
            ADD_FAILURE() << field.first_id << ": " << field.first.at << " recorded " << field.first.recorded << ", ours "
                          << field.first.ours;
    }
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

// From the config on, what the line says of layers and settings is compared too.
TEST(ModelConformity, SeesEveryFieldOfTheServedLayersAndSettings) {
    const std::vector<std::string> lines = lines_of(recorded_models("0.32.0"));
    const auto gpt = std::ranges::find_if(lines, [](const std::string& line) { return line.find("\"gpt-oss-20b\"") != std::string::npos; });
    ASSERT_NE(gpt, lines.end());
    const JsonDocument config = shipped_config("gpt-oss-20b");
    const auto differences = [&](const Json& json) {
        return compare_imported(std::get<ModelRecording>(read_line(json.dump())), config.root(), engine_called("vllm-0.32.0")).differences;
    };
    const Json recorded = Json::parse(*gpt);
    EXPECT_TRUE(differences(recorded).empty());
    const auto sees = [&](const char* what, const Json& changed) { EXPECT_FALSE(differences(changed).empty()) << what; };
    for (const char* key : {"max_model_len", "block_size", "max_num_batched_tokens", "max_num_seqs", "max_num_encoder_input_tokens"}) {
        Json json = recorded;
        json["resolved"][key] = json["resolved"][key].get<std::int64_t>() + 16;
        sees(key, json);
    }
    for (const char* key : {"enable_prefix_caching", "enable_chunked_prefill", "disable_hybrid_kv_cache_manager", "async_scheduling"}) {
        Json json = recorded;
        json["resolved"][key] = !json["resolved"][key].get<bool>();
        sees(key, json);
    }
    for (const auto& [key, value] : {std::pair{"dtype", "float16"}, std::pair{"cache_dtype", "fp8"}, std::pair{"kv_cache_layout", "BLHNC"},
                                     std::pair{"mamba_cache_mode", "align"}}) {
        Json json = recorded;
        json["resolved"][key] = value;
        sees(key, json);
    }
    Json json = recorded;
    json["layers"][3]["name"] = "model.layers.3.other";
    sees("a layer's name", json);
    json = recorded;
    json["specs"][0]["num_kv_heads"] = 4;
    sees("a spec", json);
    json = recorded;
    json["layers_without_cache"] = {{"count", 1}, {"first", "a"}};
    sees("layers without a cache", json);
    json = recorded;
    json["shared_layers"] = {{"model.layers.30", "model.layers.2"}};
    sees("shared layers", json);
    json = recorded;
    json["tensors"][0]["offset"] = 64;
    sees("a tensor", json);
}

// The figures that users reported of Qwen3.5 (vllm-project/vllm#40691) come out of its config.
TEST(ModelConformity, TheReportedFiguresOfQwen35ComeOutOfItsConfig) {
    const CapacityModel model = configured_model("qwen3.5-27b");
    CapacityKnobs knobs;
    knobs.blocks = Blocks{1487};
    knobs.model_len_max = Tokens{32768};
    const Engine engine = engine_called("vllm-0.18.0");
    const auto under = model_under(model, engine, knobs);
    ASSERT_TRUE(std::holds_alternative<ModelFile>(under));
    const PlanOutcome made = make_plan(engine, plan_input(std::get<ModelFile>(under)));
    ASSERT_TRUE(std::holds_alternative<Plan>(made));
    const auto& capacity = std::get<Plan>(made).capacity;
    ASSERT_TRUE(capacity);
    EXPECT_EQ(capacity->reported, Tokens{290864});
    EXPECT_NEAR(capacity->concurrency, 33.04, 0.005);
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
