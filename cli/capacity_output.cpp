#include "cli/capacity_output.h"

#include "cli/version.h"
#include "reports/capacity_figures.h"
#include "reports/capacity_html.h"
#include "reports/capacity_json.h"
#include "reports/capacity_markdown.h"
#include "reports/capacity_text.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace kv::cli {
namespace {

ReportOrigin origin_of(const CapacityOptions& options) {
    std::vector<std::string> files = options.files;
    if (options.workload) files.push_back(*options.workload);
    return {.version = version, .command = command_of(options), .inputs = input_files(files)};
}

// The folder of the plots as a report beside it names it.
std::string folder_from(const std::string& report, const std::string& folder) {
    const std::filesystem::path there = std::filesystem::absolute(folder).lexically_normal();
    const std::filesystem::path here = std::filesystem::absolute(report.empty() ? "." : std::filesystem::path(report).parent_path());
    const std::string relative = there.lexically_relative(here.lexically_normal()).string();
    return relative.empty() ? folder : relative;
}

int wrong(const std::string& message) {
    complain("kvproof: error: " + printable(message) + '\n');
    return bad_input;
}

int write_figures(const std::vector<ModelFigures>& figures, const std::string& folder) {
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
        return wrong("cannot make the folder " + folder + ": " + std::strerror(errno));
    for (const ModelFigures& each : figures) {
        for (const auto* figure : {&each.curve, &each.memory, &each.heat}) {
            if (!*figure) continue;
            const std::string name = folder + '/' + each.file_name + '-' + (*figure)->plot.name;
            int status = deliver({.file = name + ".svg"}, (*figure)->svg, ok);
            if (status == ok) status = deliver({.file = name + ".png"}, (*figure)->png, ok);
            if (status != ok) return status;
        }
    }
    return ok;
}

std::string report_of(const CapacityOptions& options, const std::vector<CapacityAnswer>& answers,
                      const std::vector<ModelFigures>& figures) {
    const std::string& format = options.output.format;
    if (format == "json") return capacity_json(answers, origin_of(options));
    if (format == "csv") return capacity_csv(answers);
    if (format == "html") return capacity_html(answers, origin_of(options), options.no_plots ? std::vector<ModelFigures>{} : figures);
    if (format == "md") {
        const std::string folder = options.plots_folder ? folder_from(options.output.file, *options.plots_folder) : std::string();
        return capacity_markdown(answers, origin_of(options), figures, folder);
    }
    return capacity_text(answers, chosen_color(options.output));
}

}  // namespace

std::string command_of(const CapacityOptions& options) {
    std::string command = "kvproof capacity";
    const auto flag = [&](const char* name, const std::string& value) { command += std::string(" ") + name + ' ' + shell_word(value); };
    for (const std::string& file : options.files) command += ' ' + shell_word(file);
    for (const std::string& model : options.models) flag("--model", model);
    for (const std::string& engine : options.flags.engines) flag("--engine", engine);
    for (const auto& [name, value] : spelled_knobs(options.flags.knobs)) flag((std::string("--") + name).c_str(), value);
    for (const std::string& sweep : options.flags.sweeps) flag("--sweep", sweep);
    if (options.workload) flag("--workload", *options.workload);
    if (options.check) command += " --check";
    if (options.output.format != "text") flag("--format", options.output.format);
    if (options.no_plots) command += " --no-plots";
    if (options.plots_folder && options.output.format == "md") flag("--plots", *options.plots_folder);
    return command;
}

int deliver_capacity(const CapacityOptions& options, const std::vector<CapacityAnswer>& answers, int status) {
    std::vector<ModelFigures> figures;
    if (options.plots_folder || (options.output.format == "html" && !options.no_plots)) {
        auto drawn = draw_figures(answers, options.plots_folder ? FigureFiles::svg_and_png : FigureFiles::svg_only);
        if (const auto* error = std::get_if<PlotError>(&drawn)) return wrong(error->message + "; --no-plots leaves plots out");
        figures = std::get<std::vector<ModelFigures>>(std::move(drawn));
    }
    if (options.plots_folder)
        if (const int written = write_figures(figures, *options.plots_folder); written != ok) return written;
    return deliver(options.output, report_of(options, answers, figures), status);
}

}  // namespace kv::cli
