#include "cli/capacity_options.h"
#include "cli/capacity_output.h"
#include "cli/commands.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

namespace kv::cli {
namespace {

constexpr std::size_t answers_max = 4096;

void append(Diagnostics& all, const Diagnostics& more) { all.insert(all.end(), more.begin(), more.end()); }

// A model that nobody stated or recorded in any way that was asked for: one line says it, for the first row says why.
Diagnostic not_there(const CapacityAnswer& answer) {
    return {.where = {.file = answer.model}, .message = answer.rows.front().unavailable->why, .line_text = {}};
}

// Empty: what is wrong is among the diagnostics.
std::vector<CapacityAnswer> answers_of(const std::vector<CapacityModel>& models, const std::vector<AskedEngine>& engines,
                                       const std::vector<CapacityQuestion>& questions, Diagnostics& diagnostics) {
    std::vector<CapacityAnswer> answers;
    Diagnostics none;
    bool any = false;
    for (const CapacityModel& model : models) {
        for (const CapacityQuestion& question : questions) {
            auto answered = capacity_of(model, engines, question);
            if (const auto* wrong = std::get_if<Diagnostic>(&answered)) {
                diagnostics.push_back(*wrong);
                break;  // Another setting of this model is as large.
            }
            CapacityAnswer& answer = std::get<CapacityAnswer>(answered);
            any = any || answer.any_answer();
            if (!answer.any_answer()) none.push_back(not_there(answer));
            answers.push_back(std::move(answer));
        }
    }
    if (!any) append(diagnostics, none);
    return answers;
}

int run(const CapacityOptions& options) {
    Diagnostics diagnostics;
    const std::vector<AskedEngine> engines = asked_engines(options.flags, diagnostics);
    std::vector<CapacityQuestion> questions = asked_questions(options.flags, diagnostics);
    Workload workload;
    if (options.workload) {
        auto read = load_workload(*options.workload);
        if (const auto* wrong = std::get_if<Diagnostics>(&read)) append(diagnostics, *wrong);
        else workload = std::get<Workload>(std::move(read));
        for (CapacityQuestion& question : questions) question.workload = &workload;
    }
    auto loaded = load_capacity_models(options.files, options.models);
    if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) append(diagnostics, *wrong);
    std::vector<CapacityAnswer> answers;
    if (diagnostics.empty()) {
        const auto& models = std::get<std::vector<CapacityModel>>(loaded);
        if (models.size() * questions.size() > answers_max)
            diagnostics.push_back({.where = {.file = "--sweep"},
                                   .message = std::to_string(models.size()) + " models under " + std::to_string(questions.size()) +
                                              " settings: expected at most " + std::to_string(answers_max) + " answers",
                                   .line_text = {}});
        else answers = answers_of(models, engines, questions, diagnostics);
    }
    if (!diagnostics.empty()) {
        complain(to_text(diagnostics));
        return bad_input;
    }
    const bool all_true = std::ranges::all_of(answers, &CapacityAnswer::all_true);
    return deliver_capacity(options, answers, options.check && !all_true ? findings : ok);
}

void add_flags(CLI::App& command, CapacityFlags& flags) {
    command.add_option("--engine", flags.engines, "an engine, as in vllm-0.18.0+pr-40384; may be repeated")
        ->type_name("ENGINE")
        ->allow_extra_args(false);
    add_knobs(command, flags.knobs, KnobsOf::report);
    command.add_option("--sweep", flags.sweeps, "a table over " + swept_names() + "; may be repeated")
        ->type_name("KEY=V,V")
        ->allow_extra_args(false);
}

}  // namespace

Run add_capacity(CLI::App& app) {
    auto options = std::make_shared<CapacityOptions>();
    CLI::App& command = *app.add_subcommand("capacity", "What really fits of a model, and what each engine and each patch says of it");
    command
        .add_option("MODEL", options->files, "a model's config.json, a scenario file, or real models as engines recorded them (JSON lines)")
        ->required();
    command.add_option("--model", options->models, "only this model of the files; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    add_flags(command, options->flags);
    command.add_option("--workload", options->workload, "requests as CSV: prompt_tokens, output_tokens")->type_name("CSV");
    command.add_flag("--check", options->check, "exit with 1 when a figure is false");
    const CLI::Option* plots =
        command.add_option("--plots", options->plots_folder, "write each plot as SVG and PNG into this folder, too")->type_name("DIR");
    command.add_flag("--no-plots", options->no_plots, "an html report without its plots, for which gnuplot is needed")
        ->excludes(plots->get_name());
    add_output_options(command, options->output, {"text", "json", "csv", "html", "md"});
    command.footer("Example: kvproof capacity scenarios/plans/gpt-oss-120b.toml --sweep memory=6GiB,40GiB");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
