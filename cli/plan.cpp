#include "cli/commands.h"
#include "harness/plan_file.h"
#include "reports/plan_json.h"
#include "reports/plan_text.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

namespace kv::cli {
namespace {

struct PlanOptions {
    std::vector<std::string> files;
    EngineOptions engine;
    OutputOptions output;
};

// The plan of one file, or what is wrong with it.
std::optional<PlanReport> planned_file(const std::string& file, const EngineOptions& options, Diagnostics& diagnostics) {
    auto loaded = load_model_file(file);
    if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) {
        diagnostics.insert(diagnostics.end(), wrong->begin(), wrong->end());
        return std::nullopt;
    }
    auto& model = std::get<ModelFile>(loaded);
    const auto engine = chosen_engine(options, model.engine);
    if (const auto* wrong = std::get_if<Diagnostic>(&engine)) {
        if (std::ranges::find(diagnostics, *wrong) == diagnostics.end()) diagnostics.push_back(*wrong);  // Once, not for each file.
        return std::nullopt;
    }
    auto planned = plan_file(std::get<Engine>(engine), model);
    if (const auto* wrong = std::get_if<Diagnostic>(&planned)) {
        diagnostics.push_back(*wrong);
        return std::nullopt;
    }
    return PlanReport{file, std::move(model), std::get<PlannedFile>(std::move(planned))};
}

int run(const PlanOptions& options) {
    std::vector<PlanReport> reports;
    Diagnostics diagnostics;
    for (const std::string& file : options.files)
        if (auto report = planned_file(file, options.engine, diagnostics)) reports.push_back(*std::move(report));
    if (!diagnostics.empty()) {
        complain(to_text(diagnostics));
        return bad_input;
    }
    if (options.output.format == "json") return deliver(options.output, plan_json(reports), ok);
    const Color color = chosen_color(options.output);
    std::string text;
    for (const PlanReport& report : reports) text += (text.empty() ? "" : "\n") + plan_text(report.model, report.planned, color);
    return deliver(options.output, text, ok);
}

}  // namespace

Run add_plan(CLI::App& app) {
    auto options = std::make_shared<PlanOptions>();
    CLI::App& command =
        *app.add_subcommand("plan", "What an engine makes of a model: groups, pages, blocks, tensors, reported capacity, or its refusal");
    command.add_option("FILE", options->files, "scenario files; - is the standard input")->required();
    add_engine_options(command, options->engine);
    add_output_options(command, options->output);
    command.footer("Example: kvproof plan scenarios/plans/gpt-oss-120b.toml --engine vllm-0.18.0");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
