#include "harness/engine_diff.h"

#include "harness/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace kv {
namespace {

struct Figure {
    std::string name, value;
};

std::string groups_words(const Plan& plan) {
    std::string out;
    for (const SchedulerView::GroupView& group : plan.scheduler.groups)
        out += fmt::format("{}{}", out.empty() ? "" : " ", group.block.value);
    return out;
}

// What a reader of two runs compares; the same names in the same order for every run.
std::vector<Figure> figures_of_run(const RanScenario& ran) {
    const ScenarioRun& run = ran.run;
    const Plan* plan = run.plan();
    const auto of_plan = [&](auto&& value) { return plan == nullptr ? std::string("-") : value(*plan); };
    const RankTally all = run.all_ranks();
    const auto count = [](std::int64_t value) { return std::to_string(value); };
    return {{"end", std::string(name_of(run.end)) + (run.refusal ? " with " + std::string(name_of(run.refusal->type)) : "")},
            {"blocks", of_plan([&](const Plan& p) { return count(p.scheduler.blocks.value); })},
            {"tokens of a block, by group", of_plan(groups_words)},
            {"reported tokens", of_plan([](const Plan& p) { return p.capacity ? fmt::format("{}", p.capacity->reported.value) : "-"; })},
            {"concurrency", of_plan([](const Plan& p) { return p.capacity ? fmt::format("{:.2f}", p.capacity->concurrency) : "-"; })},
            {"longest request", of_plan([&](const Plan& p) { return count(p.model_len_max.value); })},
            {"side-buffer rows", of_plan([](const Plan& p) { return p.side_buffer ? fmt::format("{}", p.side_buffer->rows.value) : "-"; })},
            {"requests done", count(all.finished)},
            {"preemptions", count(all.preempted)},
            {"tokens hit", count(all.hit_tokens)},
            {"tokens computed", count(all.tokens)},
            {"rows delivered", count(all.rows)}};
}

}  // namespace

EngineDiff difference(const RanScenario& first, const RanScenario& second) {
    const ScenarioIssues before = issues_of(first);
    EngineDiff out{.issues = issues_of(second)};
    out.issues.command = {"kvproof", "diff", first.choice.spelling, second.choice.spelling, first.file};
    out.issues.engine = first.choice.spelling + " -> " + second.choice.spelling;
    std::map<std::string, const Issue*> gone;
    for (const Issue& issue : before.issues) gone.emplace(issue.key, &issue);
    for (Issue& issue : out.issues.issues) issue.state = gone.erase(issue.key) > 0 ? IssueState::known : IssueState::failing;
    for (const Issue& issue : before.issues) {  // In their order.
        if (!gone.contains(issue.key)) continue;
        out.issues.issues.push_back(issue);
        out.issues.issues.back().state = IssueState::vanished;
    }
    const std::vector<Figure> a = figures_of_run(first), b = figures_of_run(second);
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].value != b[i].value) out.moved.push_back({a[i].name, a[i].value, b[i].value});
    return out;
}

}  // namespace kv
