#include "cli/commands.h"
#include "cli/knobs.h"
#include "cli/scenario_inputs.h"
#include "cli/trace_file.h"
#include "cli/version.h"
#include "harness/baseline.h"
#include "harness/in_parallel.h"
#include "reports/issues_github.h"
#include "reports/issues_junit.h"
#include "reports/issues_sarif.h"
#include "reports/run_json.h"
#include "reports/run_markdown.h"
#include "reports/run_text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace kv::cli {
namespace {

struct RunOptions {
    std::vector<std::string> files;
    EngineOptions engine;
    std::optional<std::int64_t> seed;
    std::string trace;
    std::string baseline;
    bool details = false;
    std::int64_t jobs = 1;
    OutputOptions output;
};

using Answer = std::variant<RanScenario, Diagnostics>;

bool own_engines(const RunOptions& options) {
    return !options.engine.engine && options.engine.patches.empty() && options.engine.rules.empty();
}

// One for each scenario.
std::vector<RunChoice> choices_of(const RunOptions& options, ScenarioInputs& inputs) {
    std::vector<RunChoice> choices;
    for (const Scenario& scenario : inputs.scenarios) {
        const auto chosen = chosen_engine(options.engine, scenario.model.engine);
        if (const auto* wrong = std::get_if<Diagnostic>(&chosen)) inputs.wrong({*wrong});
        else
            choices.push_back({.engine = std::get<Engine>(chosen),
                               .spelling = chosen_spelling(options.engine, scenario.model.engine),
                               .own = own_engines(options),
                               .seed = options.seed});
    }
    return choices;
}

// In the order of the files, whichever is done first.
std::vector<Answer> run_all(const std::vector<RunChoice>& choices, const std::vector<Scenario>& scenarios, std::int64_t jobs) {
    std::vector<Answer> answers(scenarios.size(), Answer(Diagnostics()));
    for_each_scenario(scenarios.size(), jobs, [&](std::size_t i) {
        EventSink nobody;
        answers[i] = judge_scenario(choices[i], scenarios[i], nobody);
    });
    return answers;
}

// The one scenario, its events into a file.
std::vector<Answer> run_traced(const RunChoice& choice, const Scenario& scenario, const std::string& file, int& status) {
    TraceFile trace(file,
                    {.engine = std::string(choice.engine.name), .scenario = scenario.title.empty() ? scenario.model.name : scenario.title});
    std::vector<Answer> answers{judge_scenario(choice, scenario, trace.sink())};
    if (std::holds_alternative<RanScenario>(answers.front())) status = trace.finish(status);
    return answers;
}

std::string report(const RunOptions& options, const std::vector<RanScenario>& ran, const std::vector<ScenarioIssues>& issues) {
    const std::string& format = options.output.format;
    const bool compared = !options.baseline.empty();
    if (format == "json") return run_json(ran, issues);
    if (format == "junit") return issues_junit("kvproof run", issues);
    if (format == "sarif") return issues_sarif(version, compared, issues);
    if (format == "github") return issues_github(issues);
    if (format == "md") return run_markdown(ran);
    return run_text(ran, issues, {.color = chosen_color(options.output), .details = options.details, .compared = compared});
}

int refuse(const Diagnostics& diagnostics) {
    complain(to_text(diagnostics));
    return bad_input;
}

int run(const RunOptions& options) {
    ScenarioInputs inputs = read_scenarios(options.files, options.seed);
    const std::vector<RunChoice> choices = choices_of(options, inputs);
    Baseline baseline;
    if (!options.baseline.empty()) {
        auto loaded = load_baseline(options.baseline);
        if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) inputs.wrong(*wrong);
        else baseline = std::get<Baseline>(std::move(loaded));
    }
    if (!options.trace.empty() && inputs.scenarios.size() > 1) {
        complain("kvproof run: error: --trace takes the events of one scenario, and there are " + std::to_string(inputs.scenarios.size()) +
                 '\n');
        return bad_input;
    }
    if (!inputs.diagnostics.empty()) return refuse(inputs.diagnostics);

    int status = ok;
    std::vector<RanScenario> ran;
    std::vector<ScenarioIssues> issues;
    for (Answer& answer : options.trace.empty() ? run_all(choices, inputs.scenarios, options.jobs)
                                                : run_traced(choices.front(), inputs.scenarios.front(), options.trace, status)) {
        if (const auto* wrong = std::get_if<Diagnostics>(&answer)) inputs.wrong(*wrong);
        else ran.push_back(std::get<RanScenario>(std::move(answer)));
    }
    if (!inputs.diagnostics.empty()) return refuse(inputs.diagnostics);
    if (status != ok) return status;
    for (const RanScenario& each : ran) issues.push_back(issues_of(each));
    hold_against(baseline, issues);
    if (std::ranges::any_of(issues, &ScenarioIssues::fails)) status = findings;
    return deliver(options.output, report(options, ran, issues), status);
}

}  // namespace

Run add_run(CLI::App& app) {
    auto options = std::make_shared<RunOptions>();
    CLI::App& command = *app.add_subcommand("run", "Runs scenarios: an engine in motion, what came of it, and what the properties say");
    command
        .add_option("FILE", options->files,
                    "a scenario file (- is the standard input), or a folder: all files below it whose names end in .toml")
        ->required();
    add_engine_options(command, options->engine);
    command.add_option("--seed", options->seed, "in place of the scenarios' own")
        ->check(CLI::Range(std::int64_t{0}, seed_max))
        ->type_name("N");
    command.add_option("--baseline", options->baseline, "findings of this earlier JSON report are known: they do not fail the run")
        ->type_name("FILE");
    command.add_option("--trace", options->trace, "write the events of the one scenario, a JSON object a line")->type_name("FILE");
    command.add_flag("--details", options->details, "tell all of every scenario, not only of those that are not as they should be");
    options->jobs = static_cast<std::int64_t>(hardware_threads());
    command.add_option("--jobs", options->jobs, "scenarios at a time; the answer is the same")
        ->check(CLI::Range(std::int64_t{1}, jobs_max))
        ->type_name("N");
    add_output_options(command, options->output, {"text", "json", "junit", "sarif", "github", "md"});
    command.footer("Example: kvproof run scenarios/threads/vllm-37118.toml");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
