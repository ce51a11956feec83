#include "reports/capacity_text.h"

#include "reports/capacity_json.h"
#include "reports/capacity_words.h"
#include "scenarios/utf8.h"
#include "tests/support/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

CapacityAnswer answer_of(const CapacityModel& model, const CapacityQuestion& question = {}) {
    return std::get<CapacityAnswer>(capacity_of(model, default_engines(), question));
}

std::vector<CapacityAnswer> all_models() {
    std::vector<CapacityAnswer> answers;
    for (const CapacityModel& model :
         loaded_models({recorded_models("0.18.0"), recorded_models("0.32.0"), refused_models("0.18.0"), refused_models("0.32.0")}))
        answers.push_back(answer_of(model));
    return answers;
}

std::vector<std::string> text_lines(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(CapacityText, OfOneModelHasRowsCurveGroupsAndMemory) {
    const std::string text = capacity_text({answer_of(stated_model("gpt-oss-120b"))}, Color::off);
    EXPECT_THAT(text, HasSubstr("\n  vllm-0.18.0               78,336        1.18x      155,009  1 + 23,937  0.505  under-reports ±16\n"));
    EXPECT_THAT(text, HasSubstr("\nBlocks that one request holds: vllm-0.18.0, vllm-0.32.0\n"));
    EXPECT_THAT(text, HasSubstr("  0  sliding_window 128     16      18      8      136  bounded\n"));
    EXPECT_THAT(text, HasSubstr("\nWhere the memory goes when no further request fits\n"));
    EXPECT_THAT(text, HasSubstr("\n1 request of 131,072 tokens fits, and 23,937 tokens of another: 155,009 tokens"));
    EXPECT_THAT(text, HasSubstr("vllm-0.18.0 and +pr-40384 report 78,336, 0.505 of it"));
}

TEST(CapacityText, OfAllModelsFits140ColumnsBesideTheSentences) {
    const std::vector<std::string> lines = text_lines(capacity_text(all_models(), Color::off));
    std::size_t rows = 0;
    for (const std::string& line : lines) {
        if (line.empty()) break;
        EXPECT_LE(cells(line), 140U) << line;
        ++rows;
    }
    EXPECT_GT(rows, 100U);
}

TEST(CapacityText, SaysForEveryModelWhatFitsOrWhyNothingIsSaid) {
    for (const CapacityAnswer& answer : all_models()) EXPECT_FALSE(capacity_sentence(answer).empty()) << answer.model;
    const CapacityAnswer refused = answer_of(stated_model("pipeline-bottleneck"));
    EXPECT_THAT(capacity_sentence(refused),
                StartsWith("vllm-0.18.0: refused: ValueError: one request of 262144 tokens needs 8589934592 bytes"));
    EXPECT_EQ(capacity_sentence(answer_of(recorded_model("bge-large-en"))), "no layer has a cache.");
    EXPECT_THAT(capacity_sentence(answer_of(recorded_model("llama-3.1-8b"))), HasSubstr("Every figure is true."));
}

TEST(CapacityText, HasAColumnForEachSettingThatIsSwept) {
    const CapacityModel model = recorded_model("qwen3-8b");
    const std::string text = capacity_text(
        {answer_of(model, {.knobs = {.tensor = 1, .kv_dtype = "fp8"}}), answer_of(model, {.knobs = {.tensor = 2, .kv_dtype = "auto"}})},
        Color::off);
    EXPECT_THAT(text, StartsWith("model     tp  kv-dtype  length  engine"));
    EXPECT_THAT(text, HasSubstr("qwen3-8b (tp 2, kv-dtype auto): "));
}

TEST(CapacityText, HasInkOnlyWhereItIsAskedFor) {
    const std::vector answers{answer_of(stated_model("gpt-oss-120b"))};
    EXPECT_THAT(capacity_text(answers, Color::off), Not(HasSubstr("\x1b")));
    EXPECT_THAT(capacity_text(answers, Color::on), HasSubstr("\x1b[1;31munder-reports ±16\x1b[0m"));
}

TEST(CapacityJson, HasEveryFigureOfTheText) {
    const auto workload = std::get<Workload>(load_workload(KV_GOLDEN_DIR "/workloads/azure_conv_400.csv"));
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"), {.workload = &workload});
    const Json json = Json::parse(capacity_json({answer}));
    EXPECT_EQ(json["format"], 1);
    const Json& row = json["answers"][0]["rows"][0];
    EXPECT_EQ(row["reported_tokens"], 78336);
    EXPECT_EQ(row["true_tokens"], 155009);
    EXPECT_EQ(row["verdict"], "under-reports");
    EXPECT_EQ(row["bound_tokens"], 16);
    const Json& pool = json["answers"][0]["pools"][0];
    EXPECT_EQ(pool["curve"].back()["truth"]["peak_blocks"], Json::array({136, 8192}));
    EXPECT_EQ(pool["groups"][0]["grows"], false);
    EXPECT_EQ(pool["memory_use"]["memory_bytes"], 5776146432);
    EXPECT_EQ(pool["workload"]["requests"], 400);
    EXPECT_EQ(pool["workload"]["points"].size(), 5U);
}

TEST(CapacityCsv, HasALineForEachEngineAndLengthWithAsManyCellsAsTheFirst) {
    const std::vector<std::string> lines = text_lines(capacity_csv(all_models()));
    const auto cells_of = [](const std::string& line) {
        bool quoted = false;
        std::size_t count = 1;
        for (const char c : line) {
            if (c == '"') quoted = !quoted;
            if (c == ',' && !quoted) ++count;
        }
        return count;
    };
    for (const std::string& line : lines) EXPECT_EQ(cells_of(line), cells_of(lines.front())) << line;
    EXPECT_GT(lines.size(), 500U);
    EXPECT_THAT(capacity_csv({answer_of(stated_model("gpt-oss-120b"))}),
                HasSubstr("gpt-oss-120b,,,,,,,,vllm-0.18.0,131072,9793,78336,1.175771401128587,131072,1,23937,155009,"));
}

}  // namespace
}  // namespace kv::testing
