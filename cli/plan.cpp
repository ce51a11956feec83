#include "cli/commands.h"
#include "cli/knobs.h"
#include "harness/plan_file.h"
#include "reports/plan_json.h"
#include "reports/plan_text.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

namespace kv::cli {
namespace {

struct PlanOptions {
    std::vector<std::string> files, models;
    EngineOptions engine;
    KnobTexts knobs;
    OutputOptions output;
};

// A refusal before there is any layer, as a plan of none.
PlanReport refused_report(const std::string& name, const Engine& engine, Refusal refusal) {
    PlanReport report{.file = {}, .model = {}, .planned = {.engine = engine, .outcome = RefusedPlan{.refusal = std::move(refusal)}}};
    report.model.name = name;
    return report;
}

// The plan of one model, or what is wrong with it.
std::optional<PlanReport> planned_model(const CapacityModel& model, const PlanOptions& options, const CapacityKnobs& knobs,
                                        Diagnostics& diagnostics) {
    const auto complain_once = [&](const Diagnostic& wrong) {
        if (std::ranges::find(diagnostics, wrong) == diagnostics.end()) diagnostics.push_back(wrong);  // Once, not for each file.
        return std::nullopt;
    };
    const auto chosen = chosen_engine(options.engine, model.stated ? model.stated->engine : recorded_by(model));
    if (const auto* wrong = std::get_if<Diagnostic>(&chosen)) return complain_once(*wrong);
    const Engine& engine = std::get<Engine>(chosen);
    auto under = model_under(model, engine, knobs);
    if (auto* unavailable = std::get_if<Unavailable>(&under)) {
        if (unavailable->refusal) return refused_report(model.name, engine, std::move(*unavailable->refusal));
        return complain_once({.where = {.file = model.name}, .message = unavailable->why, .line_text = {}});
    }
    auto& file = std::get<ModelFile>(under);
    auto planned = plan_file(engine, file);
    if (const auto* wrong = std::get_if<Diagnostic>(&planned)) return complain_once(*wrong);
    return PlanReport{model.file, std::move(file), std::get<PlannedFile>(std::move(planned))};
}

int run(const PlanOptions& options) {
    std::vector<PlanReport> reports;
    Diagnostics diagnostics;
    const CapacityKnobs knobs = question_of(options.knobs, diagnostics).knobs;
    auto loaded = load_capacity_models(options.files, options.models);
    if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) diagnostics.insert(diagnostics.end(), wrong->begin(), wrong->end());
    if (diagnostics.empty())
        for (const CapacityModel& model : std::get<std::vector<CapacityModel>>(loaded))
            if (auto report = planned_model(model, options, knobs, diagnostics)) reports.push_back(*std::move(report));
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
    command
        .add_option("MODEL", options->files,
                    "a model's config.json, a scenario file (- is the standard input), or real models as engines recorded them")
        ->required();
    command.add_option("--model", options->models, "only this model of the files; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    add_engine_options(command, options->engine);
    add_knobs(command, options->knobs, KnobsOf::plan);
    add_output_options(command, options->output);
    command.footer("Example: kvproof plan scenarios/plans/gpt-oss-120b.toml --engine vllm-0.18.0");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
