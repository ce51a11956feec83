// The JSON half of reports/diff_text.h.
#include "reports/diff_text.h"
#include "reports/issue_json.h"
#include "reports/issue_words.h"

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

Json issues_json(const ScenarioIssues& scenario, IssueState state) {
    Json out = Json::array();
    for (const Issue& issue : scenario.issues)
        if (issue.state == state)
            out.push_back({{"property", issue.property_id()},
                           {"key", issue.key},
                           {"message", issue.message},
                           {"times", issue.times},
                           {"line", issue.place.line},
                           {"column", issue.place.column},
                           {"figures", figures_json(issue.figures)}});
    return out;
}

Json scenario_json(const EngineDiff& diff) {
    Json moved = Json::array();
    for (const MovedFigure& figure : diff.moved)
        moved.push_back({{"name", figure.name}, {"first", figure.first}, {"second", figure.second}});
    return {{"file", diff.issues.file},
            {"title", diff.issues.words},
            {"repeat", command_words(diff.issues.command)},
            {"moved", std::move(moved)},
            {"fixed", issues_json(diff.issues, IssueState::vanished)},
            {"new", issues_json(diff.issues, IssueState::failing)},
            {"left", issues_json(diff.issues, IssueState::known)}};
}

}  // namespace

std::string diff_json(const DiffedEngines& engines, std::span<const EngineDiff> diffs) {
    Json out{{"kvproof", "diff"}, {"format", 1}, {"first", engines.first}, {"second", engines.second}, {"scenarios", Json::array()}};
    for (const EngineDiff& diff : diffs) out["scenarios"].push_back(scenario_json(diff));
    constexpr int indent = 2;
    return out.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace kv
