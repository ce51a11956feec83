#include "cli/commands.h"
#include "cli/knobs.h"
#include "cli/trace_file.h"
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

// One scenario's events go to a file, if asked.
std::variant<RanScenario, Diagnostics> run_one(const Engine& engine, const Scenario& scenario, const RunOptions& options, int& status) {
    const bool own_engine = !options.engine.engine && options.engine.patches.empty() && options.engine.rules.empty();
    EventSink nobody;
    if (options.trace.empty()) return judge_scenario(engine, scenario, own_engine, nobody);
    TraceFile trace(options.trace,
                    {.engine = std::string(engine.name), .scenario = scenario.title.empty() ? scenario.model.name : scenario.title});
    auto ran = judge_scenario(engine, scenario, own_engine, trace.sink());
    if (std::holds_alternative<RanScenario>(ran)) status = trace.finish(status);
    return ran;
}

int run(const RunOptions& options) {
    Reading read = read_all(options);
    if (!options.trace.empty() && read.scenarios.size() > 1) {
        complain("kvproof run: error: --trace is of one scenario, and there are " + std::to_string(read.scenarios.size()) + '\n');
        return bad_input;
    }
    std::vector<RanScenario> reports;
    int status = ok;
    const bool readable = read.diagnostics.empty();
    for (std::size_t i = 0; readable && i < read.scenarios.size(); ++i) {
        auto ran = run_one(read.engines[i], read.scenarios[i], options, status);
        if (const auto* wrong = std::get_if<Diagnostics>(&ran)) add_once(read.diagnostics, *wrong);
        else reports.push_back(std::get<RanScenario>(std::move(ran)));
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
    add_output_options(command, options->output);
    command.footer("Example: kvproof run tests/scenarios/files/mamba-first.toml");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
