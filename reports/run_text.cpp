#include "reports/run_text.h"

#include "harness/plan_file.h"
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

// Of all ranks.
RankTally total(const std::vector<RankTally>& ranks) {
    RankTally sum;
    for (const RankTally& rank : ranks) {
        sum.arrived += rank.arrived;
        sum.refused += rank.refused;
        sum.finished += rank.finished;
        sum.aborted += rank.aborted;
        sum.preempted += rank.preempted;
        sum.tokens += rank.tokens;
        sum.hit_tokens += rank.hit_tokens;
        sum.loaded_tokens += rank.loaded_tokens;
        sum.rows += rank.rows;
    }
    return sum;
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

std::string figures_words(const std::vector<NamedFigure>& figures) {
    std::string out;
    for (const NamedFigure& figure : figures) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", figure.name, printable(figure.value));
    return out;
}

std::string findings_lines(const RanScenario& ran, Color color) {
    std::string out;
    const auto name = [&](RequestId id) { return ran.request_name(id); };
    for (std::size_t i = 0; i < std::min(ran.findings.size(), findings_shown_max); ++i) {
        const Finding& finding = ran.findings[i];
        const std::string times = finding.times > 1 ? fmt::format(" ({} times)", grouped(finding.times)) : std::string();
        out += key_line(i == 0 ? "found" : "",
                        fmt::format("{}: {}{}", red(names_of(finding.property)[static_cast<std::size_t>(finding.property)], color),
                                    printable(finding.message), times));
        out += key_line("", figures_words(figures_of(finding, name)));
    }
    if (ran.findings.size() > findings_shown_max)
        out += key_line("", fmt::format("and {} more (--format json has all)", ran.findings.size() - findings_shown_max));
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

std::string block_of_text(const RanScenario& ran, Color color) {
    const ScenarioRun& run = ran.run;
    const std::string what = ran.title.empty() ? ran.name : ran.title;
    std::string out = fmt::format("{} on {}\n", bold(printable(shortened(what, words_max)), color), ran.engine.name);
    out += key_line("file", printable(ran.file));
    std::string replaced;
    for (const ReplacedRule& rule : replaced_rules(ran.engine))
        replaced += fmt::format("{}{} = {}", replaced.empty() ? "" : ", ", rule.slot, rule.rule);
    if (!replaced.empty()) out += key_line("with", replaced);
    if (run.model && !run.model->assumed.empty()) out += key_line("assumed", run.model->assumed);
    if (const Plan* plan = run.plan()) out += plan_lines(*plan);
    const bool moved = !run.ranks.empty() && run.end != RunEnd::start_refused;
    if (moved) {
        const RankTally all = total(run.ranks);
        out += key_line("requests", requests_words(all, run.left));
        out += key_line("steps", grouped(run.steps));
        out += key_line("tokens", tokens_words(all));
        if (run.model->capture) out += key_line("rows delivered", grouped(all.rows));
        out += ranks_lines(run.ranks);
    }
    out += key_line("ended", end_words(run, color));
    if (run.refusal) out += key_line("", refusal_words(*run.refusal));
    out += findings_lines(ran, color);
    out += expectation_lines(ran, color);
    return out;
}

}  // namespace

std::string run_text(const std::vector<RanScenario>& ran, Color color) {
    std::string out;
    for (const RanScenario& scenario : ran) out += (out.empty() ? "" : "\n") + block_of_text(scenario, color);
    return out;
}

}  // namespace kv
