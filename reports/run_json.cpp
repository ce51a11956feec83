#include "reports/run_json.h"

#include "harness/plan_file.h"
#include "reports/issue_json.h"
#include "reports/issue_words.h"
#include "reports/refusal_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

Json plan_facts(const Plan* plan) {
    if (plan == nullptr) return nullptr;
    Json groups = Json::array();
    for (std::size_t i = 0; i < plan->scheduler.groups.size(); ++i) {
        const SchedulerView::GroupView& group = plan->scheduler.groups[i];
        groups.push_back(
            {{"kind", kind_of(plan->spec(group.spec))}, {"block", group.block.value}, {"layers", plan->groups[i].layers.size()}});
    }
    Json out{{"blocks", plan->scheduler.blocks.value}, {"model_len_max", plan->model_len_max.value}, {"groups", std::move(groups)}};
    out["reported_tokens"] = plan->capacity ? Json(plan->capacity->reported.value) : Json(nullptr);
    out["concurrency"] = plan->capacity ? Json(plan->capacity->concurrency) : Json(nullptr);
    out["side_buffer_rows"] = plan->side_buffer ? Json(plan->side_buffer->rows.value) : Json(nullptr);
    return out;
}

Json rank_json(const RankTally& rank) {
    return {{"arrived", rank.arrived},       {"refused", rank.refused},
            {"done", rank.finished},         {"aborted", rank.aborted},
            {"preempted", rank.preempted},   {"running", rank.running},
            {"waiting", rank.waiting},       {"tokens_computed", rank.tokens},
            {"tokens_hit", rank.hit_tokens}, {"tokens_loaded", rank.loaded_tokens},
            {"rows_delivered", rank.rows}};
}

Json finding_json(const Issue& issue) {
    return {{"property", issue.property_id()},
            {"state", name_of(issue.state)},
            {"key", issue.key},
            {"message", issue.message},
            {"times", issue.times},
            {"line", issue.place.line},
            {"column", issue.place.column},
            {"figures", figures_json(issue.figures)}};
}

Json findings_json(const ScenarioIssues& scenario) {
    Json out = Json::array();
    for (const Issue& issue : scenario.issues)
        if (!issue.expectation && issue.state != IssueState::vanished) out.push_back(finding_json(issue));
    return out;
}

Json vanished_json(const ScenarioIssues& scenario) {
    Json out = Json::array();
    for (const Issue& issue : scenario.issues)
        if (issue.state == IssueState::vanished) out.push_back({{"key", issue.key}, {"message", issue.message}});
    return out;
}

// The issue that an expectation is which is not met; null: it is met, or the findings that it forbids are issues themselves.
const Issue* issue_at(const ScenarioIssues& scenario, const SourceSpan& place) {
    for (const Issue& issue : scenario.issues)
        if (issue.expectation && issue.place == place) return &issue;
    return nullptr;
}

Json expectations_json(const RanScenario& ran, const ScenarioIssues& issues) {
    Json out = Json::array();
    for (std::size_t index = 0; index < ran.checked.size(); ++index) {
        const CheckedExpectation& checked = ran.checked[index];
        const SourceSpan& place = ran.expectations[index].place.where;
        const Issue* unmet = issue_at(issues, place);
        Json figures = Json::array();
        for (const ComparedFigure& figure : checked.figures)
            figures.push_back({{"name", figure.name},
                               {"expected", figure.expected ? Json(*figure.expected) : Json(nullptr)},
                               {"actual", figure.actual ? Json(*figure.actual) : Json(nullptr)}});
        out.push_back({{"line", place.line},
                       {"expected", checked.expected},
                       {"actual", checked.actual},
                       {"met", checked.met},
                       {"key", unmet == nullptr ? Json(nullptr) : Json(unmet->key)},
                       {"figures", std::move(figures)}});
    }
    return out;
}

Json scenario_json(const RanScenario& ran, const ScenarioIssues& issues) {
    const ScenarioRun& run = ran.run;
    Json replaced = Json::object();
    for (const ReplacedRule& rule : replaced_rules(ran.choice.engine)) replaced[std::string(rule.slot)] = rule.rule;
    Json ranks = Json::array();
    for (const RankTally& rank : run.ranks) ranks.push_back(rank_json(rank));
    return {{"file", ran.file},
            {"name", ran.name},
            {"title", ran.title},
            {"engine", {{"name", ran.choice.engine.name}, {"spelling", ran.choice.spelling}, {"replaced", std::move(replaced)}}},
            {"repeat", command_words(issues.command)},
            {"assumed", run.model ? run.model->assumed : std::string()},
            {"plan", plan_facts(run.plan())},
            {"end", name_of(run.end)},
            {"refusal", optional_refusal_json(run.refusal)},
            {"faulted_rank", run.faulted ? Json(static_cast<std::int32_t>(*run.faulted)) : Json(nullptr)},
            {"steps", run.steps},
            {"requests_left", run.left},
            {"ranks", std::move(ranks)},
            {"findings", findings_json(issues)},
            {"vanished", vanished_json(issues)},
            {"findings_not_kept", ran.findings_not_kept},
            {"expectations", ran.judged_by_expectations ? expectations_json(ran, issues) : Json(nullptr)},
            {"as_it_should", !issues.fails()},
            {"digest", run.ranks.empty() ? Json(nullptr) : Json(fmt::format("{:016x}", run.digest))},
            {"events", run.events}};
}

}  // namespace

std::string run_json(std::span<const RanScenario> ran, std::span<const ScenarioIssues> issues) {
    Json out{{"kvproof", "run"}, {"format", 1}, {"scenarios", Json::array()}};
    for (std::size_t i = 0; i < ran.size(); ++i) out["scenarios"].push_back(scenario_json(ran[i], issues[i]));
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace kv
