#include "reports/capacity_figures.h"

#include "reports/quoting.h"

#include <fmt/format.h>

#include <set>

namespace kv {
namespace {

// Names of files that differ even where a file system takes capitals for small letters.
std::string unused_name(const std::string& name, std::set<std::string>& used) {
    const auto small = [](std::string text) {
        for (char& c : text)
            if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return text;
    };
    const std::string word = file_word(name);
    std::string unused = word;
    for (int number = 2; !used.insert(small(unused)).second; ++number) unused = fmt::format("{}-{}", word, number);
    return unused;
}

}  // namespace

std::variant<std::vector<ModelFigures>, PlotError> draw_figures(const std::vector<CapacityAnswer>& answers, FigureFiles files) {
    std::vector<ModelFigures> all;
    std::set<std::string> used;
    for (const ModelView& view : model_views(answers)) {
        ModelFigures figures{.file_name = unused_name(view.name, used), .curve = {}, .memory = {}, .heat = {}};
        if (auto plot = curve_plot(view)) figures.curve = Figure{.plot = *std::move(plot), .svg = {}, .png = {}};
        if (auto plot = memory_plot(view)) figures.memory = Figure{.plot = *std::move(plot), .svg = {}, .png = {}};
        if (files == FigureFiles::svg_and_png)
            if (auto plot = heat_plot(view)) figures.heat = Figure{.plot = *std::move(plot), .svg = {}, .png = {}};
        all.push_back(std::move(figures));
    }
    std::vector<PlotJob> jobs;
    std::vector<std::string*> into;
    for (ModelFigures& figures : all) {
        for (auto* figure : {&figures.curve, &figures.memory, &figures.heat}) {
            if (!*figure) continue;
            jobs.push_back({&(*figure)->plot, PlotFormat::svg});
            into.push_back(&(*figure)->svg);
            if (files == FigureFiles::svg_only) continue;
            jobs.push_back({&(*figure)->plot, PlotFormat::png});
            into.push_back(&(*figure)->png);
        }
    }
    auto drawn = draw(jobs);
    if (auto* error = std::get_if<PlotError>(&drawn)) return std::move(*error);
    auto& pictures = std::get<std::vector<std::string>>(drawn);
    for (std::size_t i = 0; i < pictures.size(); ++i) *into[i] = std::move(pictures[i]);
    return all;
}

}  // namespace kv
