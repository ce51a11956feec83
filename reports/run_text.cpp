#include "reports/run_text.h"

#include "harness/plan_file.h"
#include "reports/issue_words.h"
#include "reports/numbers.h"
#include "reports/plan_words.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t words_max = 200;
constexpr std::size_t groups_shown_max = 8;
constexpr std::size_t ranks_shown_max = 16;
constexpr std::size_t findings_shown_max = 12;
constexpr std::size_t whole_blocks_max = 4;  // Of more scenarios only those that are not as they should be are told whole.

std::string groups_words(const Plan& plan) {
    std::string out;
    for (std::size_t i = 0; i < std::min(plan.scheduler.groups.size(), groups_shown_max); ++i) {
        const SchedulerView::GroupView& group = plan.scheduler.groups[i];
        out += fmt::format("{}{} in blocks of {}", i == 0 ? "" : ", ", kind_words(plan.spec(group.spec)), grouped(group.block.value));
    }
    return plan.scheduler.groups.size() > groups_shown_max ? out + ", ..." : out;
}

std::string plan_lines(const Plan& plan) {
    std::string out = key_line("plan", fmt::format("{}, {}: {}", counted(plan.scheduler.blocks.value, "block", "blocks"),
                                                   counted(std::ssize(plan.scheduler.groups), "group", "groups"), groups_words(plan)));
    if (plan.capacity)
        out += key_line("engine reports", fmt::format("{} tokens, {:.2f}x for {} tokens", grouped(plan.capacity->reported.value),
                                                      plan.capacity->concurrency, grouped(plan.model_len_max.value)));
    return out;
}

std::string requests_words(const RankTally& tally, std::int64_t left) {
    std::string out = counted(tally.finished, "done", "done");
    const auto add = [&](std::int64_t count, std::string_view words) {
        if (count > 0) out += fmt::format(", {} {}", grouped(count), words);
    };
    add(left, "left");
    add(tally.aborted, "aborted");
    add(tally.refused, "refused: their prompt leaves no room for an output");
    if (tally.preempted > 0) out += ", preempted " + counted(tally.preempted, "time", "times");
    return out;
}

std::string tokens_words(const RankTally& tally) {
    std::string out = grouped(tally.tokens) + " computed";
    if (tally.hit_tokens > 0) out += fmt::format(", {} from the prefix cache", grouped(tally.hit_tokens));
    if (tally.loaded_tokens > 0) out += fmt::format(", {} loaded", grouped(tally.loaded_tokens));
    return out;
}

std::string ranks_lines(const std::vector<RankTally>& ranks) {
    if (ranks.size() < 2) return {};
    std::string out;
    for (std::size_t rank = 0; rank < std::min(ranks.size(), ranks_shown_max); ++rank) {
        const RankTally& tally = ranks[rank];
        out += key_line(fmt::format("rank {}", rank),
                        fmt::format("{} done, {} tokens, {} rows", grouped(tally.finished), grouped(tally.tokens), grouped(tally.rows)));
    }
    if (ranks.size() > ranks_shown_max)
        out += key_line("", fmt::format("and {} more ranks (--format json has all)", ranks.size() - ranks_shown_max));
    return out;
}

std::string refusal_words(const Refusal& refusal) {
    return fmt::format("{} in {}: {}", name_of(refusal.type), refusal.raised_in, shortened(refusal.message, words_max));
}

std::string end_words(const ScenarioRun& run, Color color) {
    switch (run.end) {
        case RunEnd::done:
            return "all is done";
        case RunEnd::stalled:
            return red("stalled", color) + ": what is left waits for what will never come";
        case RunEnd::steps:
            return "the scenario allows no more steps";
        case RunEnd::work:
            return "it takes too long to go on";
        case RunEnd::fault:
            return red("the engine raised", color) +
                   (run.faulted && run.ranks.size() > 1 ? fmt::format(" on rank {}", static_cast<std::int32_t>(*run.faulted)) : "");
        case RunEnd::start_refused:
            return red("the engine does not start", color);
        case RunEnd::plan_refused:
            return red("the engine refuses to plan it", color);
        case RunEnd::model_refused:
            return red("the engine refuses to serve the model", color);
        case RunEnd::nothing_cached:
            return "nothing is cached, so there is nothing to follow";
    }
    return {};
}

std::string_view mark_of(IssueState state) {
    switch (state) {
        case IssueState::known:
            return " (known)";
        case IssueState::vanished:
            return " (vanished)";
        case IssueState::expected:
        case IssueState::beside:
        case IssueState::failing:
            break;
    }
    return "";
}

std::string issue_lines(std::string_view key, const Issue& issue, Color color) {
    const std::string times = issue.times > 1 ? fmt::format(" ({} times)", grouped(issue.times)) : std::string();
    std::string out = key_line(key, fmt::format("{}: {}: {}{}{}", place_words(issue.place), red(issue.property_id(), color),
                                                printable(issue.message), times, mark_of(issue.state)));
    if (!issue.figures.empty()) out += key_line("", printable(figures_words(issue.figures)));
    return out;
}

std::string findings_lines(const ScenarioIssues& scenario, Color color) {
    std::string out;
    std::size_t shown = 0, untold = 0;
    for (const Issue& issue : scenario.issues) {
        if (issue.expectation || issue.state == IssueState::vanished) continue;  // Told elsewhere.
        if (shown == findings_shown_max) ++untold;
        else out += issue_lines(shown++ == 0 ? "found" : "", issue, color);
    }
    if (untold > 0) out += key_line("", fmt::format("and {} more (--format json has all)", grouped(static_cast<std::int64_t>(untold))));
    for (const Issue& issue : scenario.issues)
        if (issue.state == IssueState::vanished) out += key_line("vanished", printable(issue.key + ": " + issue.message));
    if (!out.empty()) out += key_line("repeat", command_words(scenario.command));
    return out;
}

// An expectation that is not met, beside what there is.
std::string unmet_lines(const RanScenario& ran, std::size_t index, Color color) {
    const CheckedExpectation& checked = ran.checked[index];
    const Expectation& expected = ran.expectations[index];
    std::string out = key_line(red("not met", color), fmt::format("{}:{}: expected {}, actual: {}", printable(ran.file),
                                                                  expected.place.where.line, checked.expected, checked.actual));
    for (const ComparedFigure& figure : checked.figures) {
        const std::string line = fmt::format("{:<10} expected {:<16} actual {}", figure.name, printable(figure.expected.value_or("-")),
                                             printable(figure.actual.value_or("-")));
        out += key_line("", figure.equal() ? line : red(line, color));
    }
    return out;
}

std::string expectation_lines(const RanScenario& ran, Color color) {
    if (!ran.judged_by_expectations) return {};
    const auto met = std::ranges::count_if(ran.checked, &CheckedExpectation::met);
    std::string out = key_line("expectations", fmt::format("{} of {} met", met, ran.checked.size()));
    for (std::size_t index = 0; index < ran.checked.size(); ++index)
        if (!ran.checked[index].met) out += unmet_lines(ran, index, color);
    return out;
}

std::string block_of_text(const RanScenario& ran, const ScenarioIssues& issues, Color color) {
    const ScenarioRun& run = ran.run;
    std::string out = fmt::format("{} on {}\n", bold(printable(shortened(ran.words(), words_max)), color), ran.choice.engine.name);
    out += key_line("file", printable(ran.file));
    std::string replaced;
    for (const ReplacedRule& rule : replaced_rules(ran.choice.engine))
        replaced += fmt::format("{}{} = {}", replaced.empty() ? "" : ", ", rule.slot, rule.rule);
    if (!replaced.empty()) out += key_line("with", replaced);
    if (run.model && !run.model->assumed.empty()) out += key_line("assumed", run.model->assumed);
    if (const Plan* plan = run.plan()) out += plan_lines(*plan);
    const bool moved = !run.ranks.empty() && run.end != RunEnd::start_refused;
    if (moved) {
        const RankTally all = run.all_ranks();
        out += key_line("requests", requests_words(all, run.left));
        out += key_line("steps", grouped(run.steps));
        out += key_line("tokens", tokens_words(all));
        if (run.model->capture) out += key_line("rows delivered", grouped(all.rows));
        out += ranks_lines(run.ranks);
    }
    out += key_line("ended", end_words(run, color));
    if (run.refusal) out += key_line("", refusal_words(*run.refusal));
    out += findings_lines(issues, color);
    out += expectation_lines(ran, color);
    return out;
}

// One line of a scenario that is as it should be.
std::string line_of_text(const RanScenario& ran, const ScenarioIssues& issues) {
    std::string what;
    if (ran.judged_by_expectations) what = counted(std::ssize(ran.checked), "expectation met", "expectations met");
    else if (!ran.expectations.empty() || issues.issues.empty()) what = "no finding";
    const std::int64_t known = issues.count(IssueState::known), vanished = issues.count(IssueState::vanished);
    if (known > 0) what = fmt::format("{} known", grouped(known));
    if (vanished > 0) what += fmt::format("{}{} vanished", what.empty() ? "" : ", ", grouped(vanished));
    return fmt::format("  {}: {} ({})\n", printable(ran.file), printable(shortened(ran.words(), words_max)), what);
}

std::string closing_line(std::span<const ScenarioIssues> scenarios, bool compared, Color color) {
    std::int64_t failing = 0, issues = 0, known = 0, vanished = 0;
    for (const ScenarioIssues& scenario : scenarios) {
        failing += scenario.fails() ? 1 : 0;
        issues += scenario.count(IssueState::failing);
        known += scenario.count(IssueState::known);
        vanished += scenario.count(IssueState::vanished);
    }
    const auto all = std::ssize(scenarios);
    std::string out = counted(all, "scenario", "scenarios") + ": ";
    if (failing == 0) out += all == 1 ? "as it should be" : "all as they should be";
    else out += fmt::format("{} as they should be, {}", grouped(all - failing), red(fmt::format("{} not", grouped(failing)), color));
    if (compared) out += fmt::format("; {} new, {} known, {} vanished", grouped(issues), grouped(known), grouped(vanished));
    return out + '\n';
}

}  // namespace

std::string run_text(std::span<const RanScenario> ran, std::span<const ScenarioIssues> issues, const RunTextOptions& options) {
    const bool all_whole = options.details || ran.size() <= whole_blocks_max;
    std::string lines, blocks;
    for (std::size_t i = 0; i < ran.size(); ++i) {
        if (all_whole || issues[i].fails()) blocks += (blocks.empty() ? "" : "\n") + block_of_text(ran[i], issues[i], options.color);
        else lines += line_of_text(ran[i], issues[i]);
    }
    if (!lines.empty()) lines = bold("As they should be", options.color) + '\n' + lines;
    std::string out = lines + (lines.empty() || blocks.empty() ? "" : "\n") + blocks;
    if (ran.size() > 1 || options.compared) out += '\n' + closing_line(issues, options.compared, options.color);
    return out;
}

}  // namespace kv
