#include "harness/conform.h"

#include "harness/golden_formats.h"
#include "harness/plan_conformity.h"
#include "harness/refusal_conformity.h"
#include "tests/support/recorded.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace kv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Json;
using testing::Place;
using testing::TemporaryFile;

Engine engine_of(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

// What comparing a line tells: differing fields, or that the line cannot be read.
struct Told {
    std::vector<std::string> fields;
    bool refused = false;
};

Told told_of(const std::string& line) {
    const auto document = std::get<JsonDocument>(read_json({.file = "case.jsonl", .text = line}));
    const auto golden = read_golden_plan(document);
    if (std::holds_alternative<Diagnostics>(golden)) return {.fields = {}, .refused = true};
    Told told;
    const CaseResult result = compare_plan(std::get<GoldenPlan>(golden), engine_of(golden_engine(document.root())));
    for (const FieldDifference& difference : result.differences) told.fields.push_back(difference.field);
    return told;
}

// Cases that have, together, every field of the format: bundles, errors of each step, padding, several workers, Mamba, drafts.
std::vector<std::pair<std::string, std::string>> telling_cases() {
    return {{"0.18.0", "uniform-type-1-014"}, {"0.18.0", "full-1-011"},   {"0.18.0", "gptoss-1-012"},
            {"0.18.0", "bad-1-002"},          {"0.18.0", "qwen-1-016"},   {"0.32.0", "uniform-type-1-014"},
            {"0.32.0", "full-1-011"},         {"0.32.0", "gptoss-1-006"}, {"0.32.0", "chunked-1-005"},
            {"0.32.0", "bad-1-002"},          {"0.32.0", "dsv4-1-000"},   {"0.32.0", "layout-LBNHC-aligned"}};
}

// The places below `expect`, and what else the engine was asked.
std::vector<Place> answers_in(const Json& line, const std::function<bool(const Json&)>& wanted) {
    std::vector<Place> places = testing::places_in(line, wanted);
    std::erase_if(places, [](const Place& place) {
        const std::set<std::string> asked{"specs[].page_size_bytes",        "specs[].page_size_error",
                                          "specs[].max_memory_usage_bytes", "specs[].max_memory_usage_error",
                                          "config.max_in_flight_tokens",    "config.num_prefill_lookahead_tokens"};
        return !place.field.starts_with("expect.") && !asked.contains(place.field);
    });
    return places;
}

// As a comparison names the field: lists of a spec are one field.
std::string field_told(std::string field) {
    if (field.starts_with("expect.")) field.erase(0, 7);
    for (const std::string_view whole : {".shapes", ".dtypes", ".block_stride_alignment"})
        if (const std::size_t at = field.find(whole); at != std::string::npos) field.resize(at + whole.size());
    return field;
}

void expect_agreement(const std::string& recording, std::size_t cases) {
    std::size_t units = 0;
    ConformOptions options;
    options.each = [&](const CaseResult& result) {
        ++units;
        EXPECT_EQ(result.line, units);
        for (const FieldDifference& told : result.raised_in)
            ADD_FAILURE() << result.id << ": raised in " << told.recorded << ", ours in " << told.ours;
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << ": recorded " << difference.recorded << ", ours " << difference.ours;
    };
    const ConformFile file = conform_file(recording, options);
    EXPECT_EQ(file.agree, cases) << recording;
    EXPECT_EQ(file.differ, 0U);
    EXPECT_EQ(file.not_known, 0U);
    EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
}

TEST(Conform, EveryDrawnPlanAgreesToTheFunctionThatRaised) {
    expect_agreement(testing::recorded_plans("0.18.0"), 400);
    expect_agreement(testing::recorded_plans("0.32.0"), 472);
}

TEST(Conform, EveryPlanAroundAnEdgeAgreesToTheFunctionThatRaised) {
    expect_agreement(testing::recorded_edges("0.18.0"), 26);
    expect_agreement(testing::recorded_edges("0.32.0"), 74);
}

TEST(Conform, EveryRecordedNumberIsCompared) {
    std::set<std::string> seen;
    for (const auto& [version, id] : telling_cases()) {
        const Json line = Json::parse(testing::recorded_line(version, id));
        const Told before = told_of(line.dump());
        EXPECT_THAT(before.fields, IsEmpty()) << id;
        for (const Place& place : answers_in(line, [](const Json& value) { return value.is_number(); })) {
            if (place.field.ends_with("same_as")) continue;  // Another worker may be the same.
            Json changed = line;
            Json& number = changed[place.pointer];
            if (number.is_number_float()) number = number.get<double>() * (1 + 1e-15);
            else number = number.get<std::int64_t>() + 1;
            EXPECT_THAT(told_of(changed.dump()).fields, ElementsAre(field_told(place.field)))
                << version << " " << id << " " << place.pointer.to_string();
            seen.insert(version + " " + place.field);
        }
    }
    EXPECT_GT(seen.size(), 70U);
}

TEST(Conform, EveryRecordedFlagAndNameIsCompared) {
    std::set<std::string> seen;
    for (const auto& [version, id] : telling_cases()) {
        const Json line = Json::parse(testing::recorded_line(version, id));
        for (const Place& place : answers_in(line, [](const Json& value) { return value.is_boolean() || value.is_string(); })) {
            if (place.field.ends_with(".message") || place.field.ends_with(".raised_in")) continue;
            Json changed = line;
            Json& value = changed[place.pointer];
            if (value.is_boolean()) value = !value.get<bool>();
            else value = value.get<std::string>() + "2";
            const Told told = told_of(changed.dump());
            EXPECT_TRUE(told.refused || !told.fields.empty()) << version << " " << id << " " << place.pointer.to_string();
            seen.insert(version + " " + place.field);
        }
    }
    EXPECT_GT(seen.size(), 20U);
}

TEST(Conform, EveryRecordedKeyIsMissedWhenItIsGone) {
    for (const auto& [version, id] : telling_cases()) {
        const Json line = Json::parse(testing::recorded_line(version, id));
        for (const Place& place : answers_in(line, [](const Json&) { return true; })) {
            if (place.field.ends_with(']')) continue;  // Elements: below.
            Json changed = line;
            changed[place.pointer.parent_pointer()].erase(place.pointer.back());
            const Told told = told_of(changed.dump());
            EXPECT_TRUE(told.refused || !told.fields.empty()) << version << " " << id << " " << place.pointer.to_string();
        }
    }
}

TEST(Conform, EveryRecordedListIsComparedWholeAndInOrder) {
    for (const auto& [version, id] : telling_cases()) {
        const Json line = Json::parse(testing::recorded_line(version, id));
        for (const Place& place : answers_in(line, [](const Json& value) { return value.is_array() && !value.empty(); })) {
            Json shorter = line;
            shorter[place.pointer].erase(shorter[place.pointer].size() - 1);
            const Told told = told_of(shorter.dump());
            EXPECT_TRUE(told.refused || !told.fields.empty()) << version << " " << id << " " << place.pointer.to_string();
            Json turned = line;
            Json& list = turned[place.pointer];
            std::ranges::reverse(list.get_ref<Json::array_t&>());
            if (list == line[place.pointer]) continue;
            const Told of_turned = told_of(turned.dump());
            EXPECT_TRUE(of_turned.refused || !of_turned.fields.empty()) << version << " " << id << " " << place.pointer.to_string();
        }
    }
}

TEST(Conform, EveryFigureOfARecordedMessageIsCompared) {
    for (const auto& [version, id] :
         std::vector<std::pair<std::string, std::string>>{{"0.18.0", "bad-1-001"}, {"0.32.0", "layout-LHBNC-padded"}}) {
        Json line = Json::parse(testing::recorded_line(version, id));
        Json& message = line["expect"]["error"]["message"];
        message = message.get<std::string>() + " And 12345.";
        EXPECT_THAT(told_of(line.dump()).fields, ElementsAre("error.figures"));
        line["expect"]["error"]["type"] = "KeyError";
        EXPECT_THAT(told_of(line.dump()).fields, ElementsAre("error.type", "error.figures"));
    }
}

TEST(Conform, AnErrorIsNoPlanAndAPlanNoError) {
    const Json plan = Json::parse(testing::recorded_line("0.18.0", "gptoss-1-012"));
    const Json refused = Json::parse(testing::recorded_line("0.18.0", "full-1-011"));
    Json changed = refused;
    changed["available_memory"] = Json::array({std::int64_t{1} << 45, std::int64_t{1} << 45});
    EXPECT_THAT(told_of(changed.dump()).fields, ElementsAre("error"));
    changed = plan;
    changed["expect"] = {{"error", {{"type", "ValueError"}, {"message", ""}, {"raised_in", "f"}}}};
    EXPECT_THAT(told_of(changed.dump()).fields, ElementsAre("error"));
}

TEST(Conform, AChangedByteIsToldOrAgreesButNeverCrashes) {
    const std::string line = testing::recorded_line("0.18.0", "bad-1-002");
    const Engine engine = engine_of("vllm-0.18.0");
    for (std::size_t place = 0; place < line.size(); ++place) {
        for (const char byte : {'0', '9', '-'}) {
            std::string changed = line;
            changed[place] = byte;
            const auto document = read_json({.file = "case.jsonl", .text = changed});
            if (std::holds_alternative<Diagnostics>(document)) continue;
            const auto golden = read_golden_plan(std::get<JsonDocument>(document));
            if (const auto* plan = std::get_if<GoldenPlan>(&golden)) compare_plan(*plan, engine);
        }
    }
}

TEST(Conform, ComparesWithTheEngineThatAUnitNames) {
    Json line = Json::parse(testing::recorded_line("0.18.0", "full-1-011"));
    const auto counts = [](const ConformFile& file) { return std::array{file.agree, file.differ, file.not_known}; };
    const TemporaryFile named(line.dump() + "\n");
    EXPECT_EQ(counts(conform_file(named.path(), {})), (std::array<std::size_t, 3>{1, 0, 0}));
    line["engine"] = "vllm-9.9.9";
    const TemporaryFile unknown(line.dump() + "\n");
    EXPECT_EQ(counts(conform_file(unknown.path(), {})), (std::array<std::size_t, 3>{0, 0, 1}));
    EXPECT_EQ(counts(conform_file(unknown.path(), {.engine = engine_of("vllm-0.18.0"), .each = {}})),
              (std::array<std::size_t, 3>{1, 0, 0}));
}

TEST(Conform, OfALineOfAnotherFormatIsNotKnown) {
    const TemporaryFile file("{\"case\":\"s000\",\"edits\":[]}\n\n  \n{}\n");
    const ConformFile conform = conform_file(file.path(), {});
    EXPECT_EQ(conform.not_known, 2U);
    EXPECT_EQ(conform.agree + conform.differ, 0U);
    EXPECT_THAT(conform.diagnostics, IsEmpty());
}

TEST(Conform, TellsEveryBadLineAndComparesTheOthers) {
    const std::string good = testing::recorded_line("0.32.0", "full-1-011");
    const TemporaryFile file("{\n" + good + "\n[1]\n" + good.substr(0, 500) +
                             "\n{\"specs\":[],\"workers\":[],\"engine\":\"vllm-0.32.0\"}\n" + good);
    const ConformFile conform = conform_file(file.path(), {});
    EXPECT_EQ(conform.agree, 2U);
    std::set<std::size_t> lines;
    for (const Diagnostic& diagnostic : conform.diagnostics) {
        EXPECT_EQ(diagnostic.where.file, file.path());
        lines.insert(diagnostic.where.line);
    }
    EXPECT_EQ(lines, (std::set<std::size_t>{1, 3, 4, 5}));
}

TEST(Conform, StopsAtAHundredErrorsOfAFile) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "{\n";
    const ConformFile conform = conform_file(TemporaryFile(text).path(), {});
    ASSERT_EQ(conform.diagnostics.size(), 101U);
    EXPECT_EQ(conform.diagnostics.back().message, "too many errors: the file is not read from here on");
    EXPECT_EQ(conform.diagnostics.back().where.line, 101U);
}

TEST(Conform, TellsAFileThatCannotBeRead) {
    const ConformFile conform = conform_file("/nonexistent/plan.jsonl", {});
    ASSERT_EQ(conform.diagnostics.size(), 1U);
    EXPECT_EQ(conform.diagnostics.front().message, "cannot open: No such file or directory");
}

TEST(Conform, TellsSizesThatDoNotFit64Bits) {
    Json line = Json::parse(testing::recorded_line("0.32.0", "full-1-011"));
    line["specs"][0]["num_kv_heads"] = std::int64_t{1} << 53;
    line["specs"][0]["head_size"] = std::int64_t{1} << 53;
    const ConformFile conform = conform_file(TemporaryFile(line.dump()).path(), {});
    ASSERT_EQ(conform.diagnostics.size(), 1U);
    EXPECT_EQ(conform.diagnostics.front().message.substr(0, 33), "expected sizes that fit 64 bits: ");
    EXPECT_EQ(conform.agree + conform.differ + conform.not_known, 0U);
}

TEST(Conform, SumsFilesFieldByField) {
    const ConformFile left{
        .file = "a", .agree = 1, .differ = 2, .not_known = 3, .fields = {{{"x", "x[1]", "1", "2"}, "a", "id", 4, 2}}, .diagnostics = {}};
    const ConformFile right{.file = "b",
                            .agree = 10,
                            .differ = 20,
                            .not_known = 30,
                            .fields = {{{"y", "y", "1", "2"}, "b", "id", 1, 1}, {{"x", "x[0]", "1", "3"}, "b", "id", 2, 5}},
                            .diagnostics = {}};
    const ConformFile total = conform_total({left, right});
    EXPECT_EQ(total.agree, 11U);
    EXPECT_EQ(total.differ, 22U);
    EXPECT_EQ(total.not_known, 33U);
    ASSERT_EQ(total.fields.size(), 2U);
    EXPECT_EQ(total.fields[0].cases, 7U);
    EXPECT_EQ(total.fields[0].first.at, "x[1]");
    EXPECT_EQ(total.fields[0].first_file, "a");
    EXPECT_EQ(total.fields[1].first_file, "b");
}

TEST(IntegersAlone, AreThoseOfNoWordAndNoFraction) {
    const auto integers = [](std::string_view message) { return integers_alone(message); };
    using Set = std::set<std::int64_t>;
    EXPECT_EQ(integers("mixed page sizes ([16384, 32768]); (e.g. BLHNC)"), (Set{16384, 32768}));
    EXPECT_EQ(integers("prefix_match_unit=16; block size (32). Unset it or set it to 32."), (Set{16, 32}));
    EXPECT_EQ(integers("layer L0.e: <class 'vllm.v1.kv_cache_interface.Spec'>, 39.99 GiB, 2x, model.layers.7.attn, a-3, fp8_2"), Set{});
    EXPECT_EQ(integers("-5 and (-6), not range-7"), (Set{-6, -5}));
    EXPECT_EQ(integers("0"), Set{0});
    EXPECT_EQ(integers("99999999999999999999"), Set{});
    EXPECT_EQ(integers(""), Set{});
}

class RefusalConformity : public ::testing::Test {
protected:
    std::vector<std::string> fields(const Refusal& ours) {
        Comparison comparison;
        raised_in_.clear();
        compare_refusal(recorded_, ours, comparison, raised_in_);
        std::vector<std::string> fields;
        for (const FieldDifference& difference : comparison.differences()) fields.push_back(difference.field);
        return fields;
    }

    RecordedError recorded_{.type = "ValueError", .message = "Layer L0.idx: 16 is not 24", .raised_in = "unify", .check = {}};
    Refusal ours_{
        .type = Raised::value_error, .raised_in = "unify", .message = "no wording is compared", .figures = {24, 16, 16}, .layer = "L0.idx"};
    std::vector<FieldDifference> raised_in_;
};

TEST_F(RefusalConformity, NeedsTypeFiguresAndLayerOnly) {
    EXPECT_THAT(fields(ours_), IsEmpty());
    ours_.layer.clear();
    EXPECT_THAT(fields(ours_), IsEmpty());
    ours_.layer = "L1.idx";
    EXPECT_THAT(fields(ours_), ElementsAre("layer"));
    ours_.layer.clear();
    ours_.figures = {16};
    EXPECT_THAT(fields(ours_), ElementsAre("figures"));
    ours_.type = Raised::type_error;
    EXPECT_THAT(fields(ours_), ElementsAre("type", "figures"));
}

TEST_F(RefusalConformity, TellsAnotherFunctionWithoutJudgingIt) {
    ours_.raised_in = "merge";
    EXPECT_THAT(fields(ours_), IsEmpty());
    ASSERT_EQ(raised_in_.size(), 1U);
    EXPECT_EQ(raised_in_.front().recorded, "unify");
    EXPECT_EQ(raised_in_.front().ours, "merge");
}

TEST_F(RefusalConformity, ComparesTheFiguresOfAnAdmissionInsteadOfItsMessage) {
    recorded_.check = AdmissionFigures{.worker = 1, .checked = Bytes{-5}, .needed = Bytes{7}, .estimated_len_max = Tokens{0}};
    ours_ = {.type = Raised::value_error, .raised_in = "unify", .message = "", .admission = recorded_.check};
    EXPECT_THAT(fields(ours_), IsEmpty());
    ours_.admission->estimated_len_max.reset();
    EXPECT_THAT(fields(ours_), ElementsAre("check.estimated_max_len"));
    ours_.admission = AdmissionFigures{.worker = 0, .checked = Bytes{-4}, .needed = Bytes{8}, .estimated_len_max = Tokens{0}};
    EXPECT_THAT(fields(ours_), ElementsAre("check.worker", "check.check_bytes", "check.needed_bytes"));
    ours_.admission.reset();
    EXPECT_THAT(fields(ours_), ElementsAre("check"));
}

TEST(GoldenFormats, HaveNamesOfTheirOwn) {
    std::set<std::string_view> ids;
    for (const GoldenFormat& format : golden_formats()) {
        EXPECT_TRUE(ids.insert(format.id).second);
        EXPECT_FALSE(format.meaning.empty());
    }
}

}  // namespace
}  // namespace kv
