#include "cli/commands.h"
#include "cli/knobs.h"
#include "cli/scenario_inputs.h"
#include "cli/version.h"
#include "harness/engine_diff.h"
#include "harness/in_parallel.h"
#include "reports/diff_text.h"
#include "reports/issues_github.h"
#include "reports/issues_junit.h"
#include "reports/issues_sarif.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace kv::cli {
namespace {

struct DiffOptions {
    DiffedEngines engines;
    std::vector<std::string> files;
    std::optional<std::int64_t> seed;
    std::int64_t jobs = 1;
    OutputOptions output;
};

std::optional<RunChoice> choice_of(const char* which, const std::string& spelling, const std::optional<std::int64_t>& seed,
                                   ScenarioInputs& inputs) {
    auto made = engine_spelled(spelling);
    if (const auto* wrong = std::get_if<EngineSpelling>(&made)) {
        const std::size_t begin = std::min(wrong->column - 1, spelling.size());
        inputs.wrong({diagnostic_at(which, spelling, begin, std::max<std::size_t>(spelling.size() - begin, 1), wrong->message)});
        return std::nullopt;
    }
    return RunChoice{.engine = std::get<Engine>(std::move(made)), .spelling = spelling, .own = false, .seed = seed};
}

using Answer = std::variant<EngineDiff, Diagnostics>;

Answer compared(const RunChoice& first, const RunChoice& second, const Scenario& scenario) {
    EventSink nobody;
    auto before = judge_scenario(first, scenario, nobody);
    if (auto* wrong = std::get_if<Diagnostics>(&before)) return std::move(*wrong);
    auto after = judge_scenario(second, scenario, nobody);
    if (auto* wrong = std::get_if<Diagnostics>(&after)) return std::move(*wrong);
    return difference(std::get<RanScenario>(before), std::get<RanScenario>(after));
}

std::string report(const DiffOptions& options, const std::vector<EngineDiff>& diffs) {
    const std::string& format = options.output.format;
    if (format == "json") return diff_json(options.engines, diffs);
    if (format == "text") return diff_text(options.engines, diffs, chosen_color(options.output));
    std::vector<ScenarioIssues> issues;
    for (const EngineDiff& diff : diffs) issues.push_back(diff.issues);
    if (format == "junit") return issues_junit("kvproof diff", issues);
    return format == "sarif" ? issues_sarif(version, true, issues) : issues_github(issues);
}

int run(const DiffOptions& options) {
    ScenarioInputs inputs = read_scenarios(options.files, options.seed);
    const auto first = choice_of("FIRST", options.engines.first, options.seed, inputs);
    const auto second = choice_of("SECOND", options.engines.second, options.seed, inputs);
    std::vector<EngineDiff> diffs;
    if (inputs.diagnostics.empty()) {
        std::vector<Answer> answers(inputs.scenarios.size(), Answer(Diagnostics()));
        for_each_scenario(answers.size(), options.jobs,
                          [&](std::size_t i) { answers[i] = compared(*first, *second, inputs.scenarios[i]); });
        for (Answer& answer : answers) {
            if (const auto* wrong = std::get_if<Diagnostics>(&answer)) inputs.wrong(*wrong);
            else diffs.push_back(std::get<EngineDiff>(std::move(answer)));
        }
    }
    if (!inputs.diagnostics.empty()) {
        complain(to_text(inputs.diagnostics));
        return bad_input;
    }
    return deliver(options.output, report(options, diffs), std::ranges::any_of(diffs, &EngineDiff::fails) ? findings : ok);
}

}  // namespace

Run add_diff(CLI::App& app) {
    auto options = std::make_shared<DiffOptions>();
    CLI::App& command =
        *app.add_subcommand("diff", "Runs scenarios under two engines: findings that a change fixes, leaves and adds; 1 if it adds any");
    command.add_option("FIRST", options->engines.first, "the engine before the change, as in vllm-0.18.0")->required()->type_name("ENGINE");
    command.add_option("SECOND", options->engines.second, "the engine after it, as in vllm-0.18.0+pr-40384")
        ->required()
        ->type_name("ENGINE");
    command
        .add_option("FILE", options->files,
                    "a scenario file (- is the standard input), or a folder: all files below it whose names end in .toml")
        ->required();
    command.add_option("--seed", options->seed, "in place of the scenarios' own")
        ->check(CLI::Range(std::int64_t{0}, seed_max))
        ->type_name("N");
    options->jobs = static_cast<std::int64_t>(hardware_threads());
    command.add_option("--jobs", options->jobs, "scenarios at a time; the answer is the same")
        ->check(CLI::Range(std::int64_t{1}, jobs_max))
        ->type_name("N");
    add_output_options(command, options->output, {"text", "json", "junit", "sarif", "github"});
    command.footer("Example: kvproof diff vllm-0.18.0 vllm-0.18.0+pr-40384 scenarios/threads");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
