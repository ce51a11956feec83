#include "cli/commands.h"
#include "cli/knobs.h"
#include "cli/trace_file.h"
#include "harness/in_parallel.h"
#include "harness/judged_run.h"
#include "harness/scenario_files.h"
#include "reports/run_json.h"
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
    std::int64_t jobs = 1;
    OutputOptions output;
};

constexpr std::int64_t seed_max = (std::int64_t{1} << 53) - 1;

// Each once: what is wrong with a flag is wrong for every file.
void add_once(Diagnostics& all, const Diagnostics& more) {
    for (const Diagnostic& each : more)
        if (std::ranges::find(all, each) == all.end()) all.push_back(each);
}

// Every file is read before any is run, so that what is wrong is told at once.
struct Reading {
    std::vector<Scenario> scenarios = {};
    std::vector<Engine> engines = {};
    Diagnostics diagnostics = {};
};

Reading read_all(const RunOptions& options) {
    Reading out;
    for (const std::string& file : scenario_files(options.files, out.diagnostics)) {
        auto loaded = load_scenario(file);
        if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) {
            add_once(out.diagnostics, *wrong);
            continue;
        }
        auto& scenario = std::get<Scenario>(loaded);
        const auto chosen = chosen_engine(options.engine, scenario.model.engine);
        if (const auto* wrong = std::get_if<Diagnostic>(&chosen)) {
            add_once(out.diagnostics, {*wrong});
            continue;
        }
        if (options.seed) scenario.seed = *options.seed;
        out.engines.push_back(std::get<Engine>(chosen));
        out.scenarios.push_back(std::move(scenario));
    }
    return out;
}

using Answer = std::variant<RanScenario, Diagnostics>;

bool own_engines(const RunOptions& options) {
    return !options.engine.engine && options.engine.patches.empty() && options.engine.rules.empty();
}

// In the order of the files, whichever is done first.
std::vector<Answer> run_all(const Reading& read, const RunOptions& options) {
    std::vector<Answer> answers(read.scenarios.size(), Answer(Diagnostics()));
    in_parallel(answers.size(), static_cast<std::size_t>(options.jobs), [&](std::size_t i) {
        EventSink nobody;
        answers[i] = judge_scenario(read.engines[i], read.scenarios[i], own_engines(options), nobody);
    });
    return answers;
}

// The one scenario, its events into a file.
std::vector<Answer> run_traced(const Reading& read, const RunOptions& options, int& status) {
    const Scenario& scenario = read.scenarios.front();
    TraceFile trace(options.trace, {.engine = std::string(read.engines.front().name),
                                    .scenario = scenario.title.empty() ? scenario.model.name : scenario.title});
    std::vector<Answer> answers{judge_scenario(read.engines.front(), scenario, own_engines(options), trace.sink())};
    if (std::holds_alternative<RanScenario>(answers.front())) status = trace.finish(status);
    return answers;
}

int run(const RunOptions& options) {
    Reading read = read_all(options);
    if (!options.trace.empty() && read.scenarios.size() > 1) {
        complain("kvproof run: error: --trace takes the events of one scenario, and there are " + std::to_string(read.scenarios.size()) +
                 '\n');
        return bad_input;
    }
    std::vector<RanScenario> reports;
    int status = ok;
    if (read.diagnostics.empty()) {
        for (Answer& answer : options.trace.empty() ? run_all(read, options) : run_traced(read, options, status)) {
            if (const auto* wrong = std::get_if<Diagnostics>(&answer)) add_once(read.diagnostics, *wrong);
            else reports.push_back(std::get<RanScenario>(std::move(answer)));
        }
    }
    if (!read.diagnostics.empty()) {
        complain(to_text(read.diagnostics));
        return bad_input;
    }
    if (status != ok) return status;
    if (!std::ranges::all_of(reports, &RanScenario::as_it_should)) status = findings;
    if (options.output.format == "json") return deliver(options.output, run_json(reports), status);
    return deliver(options.output, run_text(reports, chosen_color(options.output)), status);
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
    command.add_option("--trace", options->trace, "write the events of the one scenario, a JSON object a line")->type_name("FILE");
    options->jobs = static_cast<std::int64_t>(hardware_threads());
    command.add_option("--jobs", options->jobs, "scenarios at a time; the answer is the same")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1024}))
        ->type_name("N");
    add_output_options(command, options->output);
    command.footer("Example: kvproof run scenarios/threads/vllm-37118.toml");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
