#include "reports/issues_sarif.h"

#include "properties/judges.h"
#include "reports/issue_json.h"
#include "reports/issue_words.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view expectation_rule = "expectation";

Json text(std::string_view words) { return {{"text", printable(words)}}; }

Json rules() {
    Json out = Json::array();
    for (const PropertyText* property : property_texts()) {
        std::string bugs;
        for (const std::string_view bug : property->bugs) bugs += (bugs.empty() ? "" : ", ") + std::string(bug);
        out.push_back({{"id", property_ids[static_cast<std::size_t>(property->id)]},
                       {"shortDescription", text(property->statement)},
                       {"fullDescription", text(fmt::format("{}: {}", property->statement, property->why))},
                       {"help", text(fmt::format("Where it does not hold: {}. Not checked: {}. Catches: {}.", property->why,
                                                 property->not_checked, bugs))},
                       {"defaultConfiguration", {{"level", "error"}}}});
    }
    out.push_back({{"id", expectation_rule},
                   {"shortDescription", text("what a scenario expects of the properties is what they say")},
                   {"defaultConfiguration", {{"level", "error"}}}});
    return out;
}

// A path as a URI reference: what is not unreserved is escaped, byte by byte.
std::string uri(std::string_view path) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    std::string out;
    for (const char c : path)
        out += plain.find(c) != std::string_view::npos ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return path.starts_with('/') ? "file://" + out : out;
}

std::string_view level_of(IssueState state) {
    return state == IssueState::failing ? "error" : state == IssueState::known ? "warning" : "note";
}

std::string_view baseline_state(IssueState state) {
    if (state == IssueState::vanished) return "absent";
    return state == IssueState::failing ? "new" : "unchanged";
}

Json result(const ScenarioIssues& scenario, const Issue& issue, bool compared) {
    const std::size_t rule = issue.property ? static_cast<std::size_t>(*issue.property) : property_ids.size();
    Json region{{"startLine", std::max<std::size_t>(issue.place.line, 1)}, {"startColumn", std::max<std::size_t>(issue.place.column, 1)}};
    region["endColumn"] = region["startColumn"].get<std::size_t>() + std::max<std::size_t>(issue.place.length, 1);
    Json out{
        {"ruleId", issue.property_id()},
        {"ruleIndex", rule},
        {"level", level_of(issue.state)},
        {"message", text(issue_sentence(issue) + " on " + scenario.engine + "; repeat: " + command_words(scenario.command))},
        {"locations", Json::array({{{"physicalLocation", {{"artifactLocation", {{"uri", uri(issue.place.file)}}}, {"region", region}}}}})},
        {"occurrenceCount", issue.times},
        {"partialFingerprints", {{"kvproof/v1", printable(scenario.file + ' ' + issue.key)}}}};
    if (compared) out["baselineState"] = baseline_state(issue.state);
    if (issue.state == IssueState::expected)
        out["suppressions"] = Json::array({{{"kind", "inSource"}, {"justification", "an [[expect]] of the scenario asks for it"}}});
    out["properties"] = {{"engine", printable(scenario.engine)},
                         {"state", name_of(issue.state)},
                         {"figures", figures_json(issue.figures)},
                         {"repeat", command_words(scenario.command)}};
    return out;
}

}  // namespace

std::string issues_sarif(std::string_view version, bool compared, std::span<const ScenarioIssues> scenarios) {
    Json results = Json::array();
    for (const ScenarioIssues& scenario : scenarios)
        for (const Issue& issue : scenario.issues) results.push_back(result(scenario, issue, compared));
    const Json driver{{"name", "kvproof"}, {"version", version}, {"rules", rules()}};
    const Json run{{"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
    const Json sarif{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
    constexpr int indent = 2;
    return sarif.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace kv
