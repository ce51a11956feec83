// Reports of runs for programs: each fits the schema that its readers go by.
#include "harness/baseline.h"
#include "reports/diff_text.h"
#include "reports/issues_github.h"
#include "reports/issues_junit.h"
#include "reports/issues_sarif.h"
#include "reports/run_json.h"
#include "reports/run_schema.h"
#include "reports/run_text.h"
#include "tests/harness/judged.h"
#include "tests/reports/schema_checker.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<ScenarioIssues> issues_of_all(const std::vector<RanScenario>& ran) {
    std::vector<ScenarioIssues> out;
    for (const RanScenario& each : ran) out.push_back(issues_of(each));
    return out;
}

// With findings and without, of its own engine and of another, refused, and with names that no format may take as they are.
std::vector<RanScenario> some_runs() {
    const auto own = [](const std::string& engine, const std::string& expectations) {
        return judged_head + "[engine]\nname = \"" + engine + "\"\n" + expectations;
    };
    const std::string odd_title = std::string(judged_head).replace(judged_head.find("a case"), 6, "<&>,: %0A \\u0007 \\u202e ]]> é");
    return {judged(judged_head, no_fault),
            judged(judged_head, both_faults, "folder/with, odd: <names>&%.toml"),
            judged(own(both_faults, "[[expect]]\nproperty = \"capacity-true\"\n"), "", "expected.toml"),
            judged(own(underreports, "[[expect]]\nproperty = \"row-fresh\"\nrows = 7\n[[expect]]\nends = \"fault\"\n"), "", "unmet.toml"),
            judged(own(no_fault, "[[expect]]\nnone = true\n"), "", "none.toml"),
            judged(odd_title + "[[request]]\nid = \"far\"\nprompt = \"300 tokens\"\ncount = 3\n", small_buffer, "odd.toml"),
            judged("format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nhead_size = 64\nkv_heads = 8\n[machine]\nmemory = "
                   "\"1 KiB\"\n",
                   "vllm-0.18.0", "refused.toml")};
}

const Json& official_sarif() {
    static const Json schema = Json::parse(contents(KV_SOURCE_DIR "/tests/reports/formats/sarif-schema-2.1.0.json"));
    return schema;
}

TEST(Sarif, FitsItsOfficialSchema) {
    const std::vector<RanScenario> ran = some_runs();
    for (const bool compared : {false, true}) {
        const Json sarif = Json::parse(issues_sarif("kvproof 0.1.0", compared, issues_of_all(ran)));
        EXPECT_TRUE(fits_schema(official_sarif(), sarif));
        EXPECT_GE(sarif["runs"][0]["results"].size(), 8U);
    }
}

TEST(Sarif, IsHeldToASchemaThatRefusesWhatItDoesNotSay) {
    const Json good = Json::parse(issues_sarif("kvproof 0.1.0", true, issues_of_all(some_runs())));
    const auto refused = [&](const auto& change) {
        Json bad = good;
        change(bad["runs"][0]["results"][0]);
        return !fits_schema(official_sarif(), bad);
    };
    EXPECT_TRUE(refused([](Json& result) { result["severity"] = "high"; }));
    EXPECT_TRUE(refused([](Json& result) { result["level"] = "fatal"; }));
    EXPECT_TRUE(refused([](Json& result) { result.erase("message"); }));
    EXPECT_TRUE(refused([](Json& result) { result["baselineState"] = "old"; }));
    EXPECT_TRUE(refused([](Json& result) { result["locations"][0]["physicalLocation"]["region"]["startLine"] = 0; }));
    EXPECT_TRUE(refused([](Json& result) { result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "a b"; }));
    EXPECT_FALSE(refused([](Json& result) { result["level"] = "note"; }));
}

TEST(Sarif, NamesARuleForEveryResultAndSuppressesWhatIsExpected) {
    const Json sarif = Json::parse(issues_sarif("kvproof 0.1.0", false, issues_of_all(some_runs())));
    const Json& rules = sarif["runs"][0]["tool"]["driver"]["rules"];
    EXPECT_EQ(rules.size(), property_ids.size() + 1);
    std::size_t suppressed = 0;
    for (const Json& result : sarif["runs"][0]["results"]) {
        EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
        EXPECT_THAT(result["message"]["text"].get<std::string>(), HasSubstr("repeat: kvproof run "));
        suppressed += result.contains("suppressions") ? 1 : 0;
    }
    EXPECT_EQ(suppressed, 1U);
}

// As `xmllint` sees it, the validator of libxml2.
bool fits_junit(const std::string& xml) {
    const std::filesystem::path file = std::filesystem::temp_directory_path() / ("kvproof-junit-" + std::to_string(::getpid()) + ".xml");
    std::ofstream(file, std::ios::binary) << xml;
    const std::string command =
        "xmllint --noout --schema '" KV_SOURCE_DIR "/tests/reports/formats/junit-10.xsd' '" + file.string() + "' 2>/dev/null";
    const int status = std::system(command.c_str());
    std::filesystem::remove(file);
    return status == 0;
}

TEST(Junit, FitsTheSchemaThatItsReadersGoBy) {
    const std::string xml = issues_junit("kvproof run", issues_of_all(some_runs()));
    EXPECT_TRUE(fits_junit(xml)) << xml;
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"kvproof run\" tests=\"7\" failures=\"3\" errors=\"0\">"));
    for (const auto& [was, is] : {std::pair{"<testcase", "<test"}, std::pair{" tests=", " sorts="}, std::pair{"&lt;", "<"}}) {
        std::string other = xml;
        ASSERT_NE(other.find(was), std::string::npos);
        EXPECT_FALSE(fits_junit(other.replace(other.find(was), std::string_view(was).size(), is))) << is;
    }
}

TEST(GithubAnnotations, AreOneLineEachWhateverTheNames) {
    const std::string lines = issues_github(issues_of_all(some_runs()));
    EXPECT_THAT(lines, HasSubstr("::error file=folder/with%2C odd%3A <names>&%25.toml,line=13,col=1,title=kvproof capacity-true::"));
    std::istringstream text(lines);
    std::size_t errors = 0;
    for (std::string line; std::getline(text, line);) {
        EXPECT_TRUE(line.starts_with("::error ") || line.starts_with("kvproof: ")) << line;
        errors += line.starts_with("::error ") ? 1 : 0;
    }
    EXPECT_GE(errors, 5U);
}

const Json& schema_of_runs() {
    static const Json schema = Json::parse(run_schema());
    return schema;
}

TEST(RunJson, FitsItsPublishedSchemaAndNothingElseDoes) {
    const std::vector<RanScenario> ran = some_runs();
    const Json good = Json::parse(run_json(ran, issues_of_all(ran)));
    EXPECT_TRUE(fits_schema(schema_of_runs(), good));
    for (const Json& scenario : good["scenarios"])
        for (const auto& [key, value] : scenario.items()) {
            Json bad = good;
            bad["scenarios"][0].erase(key);
            EXPECT_FALSE(fits_schema(schema_of_runs(), bad)) << key;
        }
    Json more = good;
    more["scenarios"][1]["findings"][0]["figures"]["rows"] = Json::array();
    EXPECT_FALSE(fits_schema(schema_of_runs(), more));
}

TEST(DiffJson, FitsItsPublishedSchema) {
    const std::vector<EngineDiff> diffs{difference(judged(judged_head, both_faults), judged(judged_head, small_buffer)),
                                        difference(judged(judged_head, no_fault), judged(judged_head, both_faults))};
    const Json schema = Json::parse(diff_schema());
    Json report = Json::parse(diff_json({both_faults, small_buffer}, diffs));
    EXPECT_TRUE(fits_schema(schema, report));
    EXPECT_EQ(report["scenarios"][0]["fixed"].size(), 1U);
    EXPECT_EQ(report["scenarios"][1]["new"].size(), 2U);
    report["scenarios"][0]["fixed"][0].erase("key");
    EXPECT_FALSE(fits_schema(schema, report));
}

TEST(DiffText, TellsFixedNewLeftAndWhatMoved) {
    const std::vector<EngineDiff> diffs{difference(judged(judged_head, both_faults), judged(judged_head, small_buffer))};
    const std::string text = diff_text({both_faults, small_buffer}, diffs, Color::off);
    for (const char* line :
         {"  reported tokens     800 -> ", "  fixed               capacity-true: 800 tokens", "  left                buffer-fits: "})
        EXPECT_THAT(text, HasSubstr(line));
    EXPECT_THAT(text, Not(HasSubstr("\n  new ")));
}

TEST(Baseline, OfAReportKnowsAllOfIt) {
    const std::vector<RanScenario> ran = some_runs();
    std::vector<ScenarioIssues> issues = issues_of_all(ran);
    const auto read = read_baseline("report.json", run_json(ran, issues));
    ASSERT_TRUE(std::holds_alternative<Baseline>(read)) << to_text(std::get<Diagnostics>(read));
    EXPECT_TRUE(std::ranges::any_of(issues, &ScenarioIssues::fails));
    hold_against(std::get<Baseline>(read), issues);
    EXPECT_FALSE(std::ranges::any_of(issues, &ScenarioIssues::fails));
    const auto again = read_baseline("report.json", run_json(ran, issues));  // What is known stays known.
    std::vector<ScenarioIssues> second = issues_of_all(ran);
    hold_against(std::get<Baseline>(again), second);
    EXPECT_FALSE(std::ranges::any_of(second, &ScenarioIssues::fails));
}

TEST(Baseline, LetsNewFindingsFailAndTellsWhatHasVanished) {
    const std::vector<RanScenario> before{judged(judged_head, underreports)}, after{judged(judged_head, small_buffer)};
    const auto read = read_baseline("report.json", run_json(before, issues_of_all(before)));
    std::vector<ScenarioIssues> issues = issues_of_all(after);
    hold_against(std::get<Baseline>(read), issues);
    EXPECT_EQ(issues[0].count(IssueState::failing), 1);
    EXPECT_EQ(issues[0].count(IssueState::vanished), 1);
    const std::string text = run_text(after, issues, {.compared = true});
    EXPECT_THAT(text, HasSubstr("vanished            capacity-true length=320 direction=under: 800 tokens"));
    EXPECT_THAT(text, HasSubstr("1 new, 0 known, 1 vanished"));
}

TEST(Baseline, ThatIsNoReportIsToldAtItsPlace) {
    const std::vector<RanScenario> ran = some_runs();
    const std::string good = run_json(ran, issues_of_all(ran));
    const auto complaint = [](std::string text) {
        const auto read = read_baseline("report.json", std::move(text));
        const auto* wrong = std::get_if<Diagnostics>(&read);
        return wrong == nullptr ? "" : to_text(*wrong);
    };
    EXPECT_EQ(complaint(good), "");
    EXPECT_THAT(complaint(""), HasSubstr("report.json:1:1: error"));
    EXPECT_THAT(complaint("{}"), HasSubstr("kvproof"));
    EXPECT_THAT(complaint(std::string(good).replace(good.find("\"run\""), 5, "\"rum\"")), HasSubstr("report.json:2:14: error"));
    EXPECT_THAT(complaint(std::string(good).replace(good.find("\"failing\""), 9, "\"falling\"")), HasSubstr("falling"));
    for (std::size_t cut = 0; cut < good.size(); cut += 97) EXPECT_NE(complaint(good.substr(0, cut)), "") << cut;
}

}  // namespace
}  // namespace kv::testing
