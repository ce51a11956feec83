#include "reports/layout_text.h"

#include "reports/numbers.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kv {
namespace {

// A line of the table: the workers whose rows are delivered, and the others where they see something else.
struct Line {
    std::string view;
    const LayoutCounts* counts;
};

std::vector<Line> lines_of(const SurveyedRule& rule) {
    std::vector<Line> lines;
    for (std::size_t view = 0; view < surveyed_views; ++view) {
        const std::string name(surveyed_view_name(view));
        lines.push_back({name, &rule.publishing[view]});
        if (rule.other_workers[view].cases > 0) lines.push_back({name + ", tp rank > 0", &rule.other_workers[view]});
    }
    return lines;
}

nlohmann::ordered_json counts_json(const Line& line) {
    const LayoutCounts& counts = *line.counts;
    return {{"view", line.view},         {"cases", counts.cases},     {"right", counts.right},        {"wrong", counts.wrong},
            {"refused", counts.refused}, {"skipped", counts.skipped}, {"ambiguous", counts.ambiguous}};
}

}  // namespace

std::string layouts_text(const SurveyBounds& bounds, const std::vector<SurveyedRule>& rules, Color color) {
    std::string out = bold("Layouts", color) + ": how a step's tokens reach a router, and what each rule of capture-layout takes of them\n";
    out +=
        fmt::format("  every step of 1 to {} ranks, 1 to {} tensor-parallel workers, 0 to {} tokens a rank and 0 to {} rows of padding\n",
                    bounds.ranks_max, bounds.tp_max, bounds.tokens_max, bounds.padding_max);
    out += "  right: the step buffer holds this rank's rows, each in its place; wrong: it does not, and nobody is told\n";
    out += "  ambiguous: another view has as many rows and the same counts of ranks, and needs other rows\n";
    for (const SurveyedRule& rule : rules) {
        TextTable table({{"view"},
                         {"cases", Align::right},
                         {"right", Align::right},
                         {"wrong", Align::right},
                         {"refused", Align::right},
                         {"skipped", Align::right},
                         {"ambiguous", Align::right}});
        for (const Line& line : lines_of(rule)) {
            const LayoutCounts& counts = *line.counts;
            table.add({line.view, grouped(counts.cases), grouped(counts.right), grouped(counts.wrong), grouped(counts.refused),
                       grouped(counts.skipped), grouped(counts.ambiguous)});
        }
        out += '\n' + bold(rule.rule, color) + " on " + rule.engine + '\n' + table.text("  ", color);
    }
    return out;
}

std::string layouts_json(const SurveyBounds& bounds, const std::vector<SurveyedRule>& rules) {
    nlohmann::ordered_json json{{"format", 1},
                                {"ranks_max", bounds.ranks_max},
                                {"tp_max", bounds.tp_max},
                                {"tokens_max", bounds.tokens_max},
                                {"padding_max", bounds.padding_max},
                                {"rules", nlohmann::ordered_json::array()}};
    for (const SurveyedRule& rule : rules) {
        nlohmann::ordered_json views = nlohmann::ordered_json::array();
        for (const Line& line : lines_of(rule)) views.push_back(counts_json(line));
        json["rules"].push_back({{"rule", rule.rule}, {"engine", rule.engine}, {"views", views}});
    }
    constexpr int indent = 2;
    return json.dump(indent) + '\n';
}

}  // namespace kv
