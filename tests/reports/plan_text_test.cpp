#include "reports/plan_text.h"

#include "reports/plan_json.h"
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace kv::testing {
namespace {

PlanReport report_of(std::string_view name, std::string_view spelling = {}) {
    const std::string file = std::string("scenarios/plans/") + std::string(name) + ".toml";
    auto model = std::get<ModelFile>(load_model_file(std::string(KV_SOURCE_DIR "/") + file));
    const auto engine = engine_spelled(spelling.empty() ? model.engine : spelling);
    auto planned = std::get<PlannedFile>(plan_file(std::get<Engine>(engine), model));
    return {file, std::move(model), std::move(planned)};
}

std::string text_of(const PlanReport& report, Color color = Color::off) { return plan_text(report.model, report.planned, color); }

TEST(PlanText, OfAPipelineThatIsRefusedShowsTheFigures) {
    EXPECT_EQ(text_of(report_of("pipeline-bottleneck")), R"(pipeline-bottleneck on vllm-0.18.0
  with                rank-scope = whole-model
  memory              on 2 workers: 3.18 GiB, 12 GiB
  longest request     262,144 tokens
  a step              8,192 tokens, 256 requests
  parallel            tp 1, pp 2, dcp 1, pcp 1

48 layers
  layer  kind  block  heads x size  dtype     page, bytes  layers
  full   full     16  8 x 64        bfloat16       32,768      48

1 group
  #  kind  block  layers       held max  padding, bytes
  0  full     16  48: L0..L47    16,384               -
  one request of 262,144 tokens holds at most 16,384 blocks

Refused by the engine
  ValueError in _check_enough_kv_cache_memory
  one request of 262144 tokens needs 25769803776 bytes, and 3414687744 are there
  needed              24 GiB (25,769,803,776 B)
  there are           3.18 GiB (3,414,687,744 B) on worker 0
  would fit           a request of 34,736 tokens
)");
}

TEST(PlanText, OfAHybridShowsWhatPlanningChanged) {
    const std::string text = text_of(report_of("qwen3.5-27b"));
    EXPECT_NE(text.find("  state      mamba none     32,768  3x10240, 48x128x128  bfloat16, float32  3,207,168 -> 3,211,264      48\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("  attention  full        16 -> 784  4 x 256              bfloat16                        3,211,264      16\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("  3  full           784  16: L3..L63 by 4        42               0\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  maximum concurrency 33.04x for 32,768 tokens (33.044444444444444), together 1,082,800 tokens\n"),
              std::string::npos)
        << text;
}

TEST(PlanText, OfSeveralWorkersHasARowForEach) {
    const std::string text = text_of(report_of("pipeline-bottleneck", "vllm-0.18.0"));
    EXPECT_NE(text.find("would fit           a request of 104,208 tokens"), std::string::npos);
    ModelFile model = report_of("pipeline-bottleneck").model;
    model.settings.length = LengthChoice::fitted_to_memory;
    const auto planned = std::get<PlannedFile>(plan_file(std::get<Engine>(engine_spelled("vllm-0.18.0")), model));
    const std::string fitted = plan_text(model, planned, Color::off);
    EXPECT_NE(fitted.find("  longest request     104,208 tokens, fitted to the memory; 262,144 were asked for\n"), std::string::npos)
        << fitted;
    EXPECT_NE(fitted.find("       0      16  3.18 GiB          524,288   6,513          104,208        1.00x           104,208\n"),
              std::string::npos)
        << fitted;
    EXPECT_NE(fitted.find("       1      32  12 GiB          1,048,576   6,513          104,208        1.00x           104,208\n"),
              std::string::npos)
        << fitted;
}

TEST(PlanText, OfTheShippedPlansStaysWithinAHundredColumns) {
    for (const auto& entry : std::filesystem::directory_iterator(KV_SOURCE_DIR "/scenarios/plans")) {
        const std::string text = text_of(report_of(entry.path().stem().string()));
        std::size_t begin = 0;
        for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
            const std::string line = text.substr(begin, end - begin);
            const bool states = line.find("page, bytes") != std::string::npos || line.find("mamba") != std::string::npos ||
                                line.find("attention") != std::string::npos;
            EXPECT_LE(line.size(), states ? 106U : 100U) << entry.path() << '\n' << line;  // The dimensions of two states take their room.
            EXPECT_FALSE(line.ends_with(' ')) << entry.path() << '\n' << line;
        }
    }
}

TEST(PlanText, IsColouredOnlyWhereItIsAskedFor) {
    const PlanReport report = report_of("gpt-oss-120b");
    EXPECT_EQ(text_of(report).find('\x1b'), std::string::npos);
    EXPECT_NE(text_of(report, Color::on).find("\x1b[1mgpt-oss-120b on vllm-0.18.0\x1b[0m\n"), std::string::npos);
}

TEST(PlanText, MakesTheNamesOfAFileHarmless) {
    const ModelFile model = model_of(
        "format = 1\n[model]\nname = \"\\u001b[31mred\"\nlayer = [{ id = \"a\", kind = \"full\", kv_heads = 1, head_size = 8 "
        "}]\n[machine]\nmemory = \"1 GiB\"\n");
    const auto planned = std::get<PlannedFile>(plan_file(std::get<Engine>(engine_spelled("vllm-0.32.0")), model));
    EXPECT_EQ(plan_text(model, planned, Color::off).find('\x1b'), std::string::npos);
}

nlohmann::json json_of(const std::vector<PlanReport>& reports) { return nlohmann::json::parse(plan_json(reports)); }

TEST(PlanJson, HasEveryFigureExactly) {
    const auto json = json_of({report_of("gpt-oss-120b")});
    EXPECT_EQ(json["format"], 1);
    const auto& plan = json["plans"][0];
    EXPECT_EQ(plan["file"], "scenarios/plans/gpt-oss-120b.toml");
    EXPECT_EQ(plan["engine"]["name"], "vllm-0.18.0");
    EXPECT_EQ(plan["engine"]["rules"]["side-buffer"], "share-of-blocks");
    EXPECT_EQ(plan["memory_bytes"][0], 5776146432);
    EXPECT_EQ(plan["specs"][0]["given"]["window"], 128);
    EXPECT_EQ(plan["specs"][0]["page_bytes"], 32768);
    EXPECT_EQ(plan["groups"][1]["blocks_held_max"], 8192);
    EXPECT_EQ(plan["groups"][1]["layers"].size(), 18U);
    EXPECT_EQ(plan["groups"][1]["layers"][0], "L1.full");
    EXPECT_EQ(plan["workers"][0]["blocks"], 9793);
    EXPECT_EQ(plan["workers"][0]["tensors"].size(), 18U);
    EXPECT_EQ(plan["workers"][0]["tensors"][0]["layers"], (std::vector<std::string>{"L0.window", "L1.full"}));
    EXPECT_EQ(plan["capacity"]["reported_tokens"], 78336);
    EXPECT_EQ(plan["capacity"]["concurrency"], 1.175771401128587);
    EXPECT_EQ(plan["side_buffer"]["rows"], 78336);
    EXPECT_EQ(plan["side_buffer"]["capture_group"], 0);
    EXPECT_TRUE(plan["refusal"].is_null());
}

TEST(PlanJson, OfARefusalHasItsFigures) {
    const auto plan = json_of({report_of("pipeline-bottleneck")})["plans"][0];
    EXPECT_EQ(plan["refusal"]["type"], "ValueError");
    EXPECT_EQ(plan["refusal"]["admission"]["needed"], 25769803776);
    EXPECT_EQ(plan["refusal"]["admission"]["there"], 3414687744);
    EXPECT_EQ(plan["refusal"]["admission"]["estimated_len_max"], 34736);
    EXPECT_EQ(plan["engine"]["replaced"]["rank-scope"], "whole-model");
    EXPECT_FALSE(plan.contains("workers"));
}

TEST(PlanJson, HasOnePlanForEachFileInTheirOrder) {
    const auto json = json_of({report_of("gpt-oss-120b"), report_of("deepseek-v3")});
    EXPECT_EQ(json["plans"][0]["model"], "gpt-oss-120b");
    EXPECT_EQ(json["plans"][1]["model"], "deepseek-v3");
    EXPECT_EQ(plan_json({report_of("gpt-oss-120b")}), plan_json({report_of("gpt-oss-120b")}));
}

TEST(PlanJson, NamesEveryFieldOfEveryKind) {
    const std::string file = KV_SOURCE_DIR "/tests/fuzz/corpus/model_file_fuzz/every_key.toml";
    auto model = std::get<ModelFile>(load_model_file(file));
    auto planned = std::get<PlannedFile>(plan_file(std::get<Engine>(engine_spelled("vllm-0.32.0")), model));
    const auto plan = json_of({{file, model, planned}})["plans"][0];
    ASSERT_EQ(plan["specs"].size(), 13U);
    EXPECT_EQ(plan["specs"][0]["given"]["tokens_per_state"], "1/4");
    EXPECT_EQ(plan["specs"][3]["given"]["cache_role"], "indexer");
    EXPECT_EQ(plan["specs"][9]["given"]["states"][0]["shape"], (std::vector<int>{3, 8448}));
    EXPECT_EQ(plan["specs"][12]["given"]["page"], 12288);
}

}  // namespace
}  // namespace kv::testing
