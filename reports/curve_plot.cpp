// truth(L) and what is reported, as a plot.
#include "reports/capacity_figures.h"
#include "reports/capacity_words.h"
#include "reports/numbers.h"
#include "reports/palette.h"
#include "reports/plot_axes.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr PlotFrame frame{.width = 540, .height = 346, .left = 58, .right = 352, .top = 48, .bottom = 278};
constexpr std::size_t label_cells_max = 21;
constexpr double label_gap = 17;  // Between the middles of two labels.

struct NamedLine {
    std::string name;
    std::string_view color;
    double value = 0;                        // Where it ends at the right.
    std::vector<CapacityPoint> points = {};  // Of a curve; a figure is the same for every length.
};

// An engine has the same colour in every plot, and its patches with it.
std::string_view color_of(std::string_view spelling) {
    const std::string_view name = spelling.substr(0, spelling.find_first_of("+,"));
    const auto engine = std::ranges::find(engines(), name, &Engine::name);
    return light_color(series_colors.at(std::min(static_cast<std::size_t>(engine - engines().begin()), series_colors.size() - 1)));
}

double tokens_of(const CapacityPoint& point) { return static_cast<double>(std::get<CapacityTruth>(point.outcome).tokens().value); }

// As many names as there is room for.
std::string names_words(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    if (names.size() == 1 || cells(all) <= label_cells_max) return fitted(all, label_cells_max);
    return fmt::format("{} +{}", fitted(names.front(), label_cells_max - 3), names.size() - 1);
}

std::vector<NamedLine> curves_of(const CapacityAnswer& answer) {
    std::vector<NamedLine> curves;
    const std::vector<PoolView> pools = pools_with_truth(answer, same_curve);
    for (const PoolView& view : pools) {
        NamedLine curve{.name = pools.size() == 1 ? std::string("true") : fitted("true, " + view.engines, label_cells_max),
                        .color = color_of(view.pool->engine)};
        for (const CapacityPoint& point : view.pool->curve)
            if (std::holds_alternative<CapacityTruth>(point.outcome)) curve.points.push_back(point);
        curve.value = tokens_of(curve.points.back());
        curves.push_back(std::move(curve));
    }
    return curves;
}

// Figures that are alike, of an engine and its patches, as one line.
std::vector<NamedLine> claims_of(const CapacityAnswer& answer) {
    struct Claim {
        std::string_view color;
        Tokens reported;
        std::vector<std::string> names;
    };
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        const CapacityRow& row = answer.rows[i];
        if (!row.said || !row.pool || answer.pools[*row.pool].truth() == nullptr) continue;
        const auto same = std::ranges::find_if(
            claims, [&](const Claim& claim) { return claim.color == color_of(row.engine) && claim.reported == row.said->reported; });
        if (same != claims.end()) same->names.push_back(engine_words(answer.rows, i));
        else claims.push_back({color_of(row.engine), row.said->reported, {engine_words(answer.rows, i)}});
    }
    std::vector<NamedLine> lines;
    for (const Claim& claim : claims)
        lines.push_back({.name = names_words(claim.names), .color = claim.color, .value = static_cast<double>(claim.reported.value)});
    return lines;
}

std::string data_block(std::size_t number, const NamedLine& curve) {
    std::string out = fmt::format("$curve{} << END\n", number);
    for (const CapacityPoint& point : curve.points)
        out += fmt::format("{} {}\n", point.length.value, std::get<CapacityTruth>(point.outcome).tokens().value);
    return out + "END\n";
}

// Names at the right of their lines, apart from each other, each with a thread to its line.
std::string labels(const std::vector<NamedLine>& lines, const Axis& y) {
    std::vector<const NamedLine*> order;
    for (const NamedLine& line : lines) order.push_back(&line);
    std::ranges::stable_sort(order, std::ranges::greater(), &NamedLine::value);
    const auto room = static_cast<std::size_t>((frame.bottom - frame.top) / label_gap) + 1;
    if (order.size() > room) order.resize(room);  // The table above the plot has all.
    std::vector<double> wanted;
    for (const NamedLine* line : order) wanted.push_back(frame.y(y.place(line->value)));
    const std::vector<double> places = spread(wanted, label_gap, frame.top, frame.bottom);
    std::string out;
    for (std::size_t i = 0; i < order.size(); ++i) {
        out += fmt::format("set arrow from screen {:.4f},{:.4f} to screen {:.4f},{:.4f} nohead lc rgb '{}' lw 1\n",
                           frame.screen_x(frame.right + 1), frame.screen_y(wanted[i]), frame.screen_x(frame.right + 16),
                           frame.screen_y(places[i]), order[i]->color);
        out += fmt::format("set label {} at screen {:.4f},{:.4f} left font ',14' textcolor rgb '{}'\n", gnuplot_text(order[i]->name),
                           frame.screen_x(frame.right + 19), frame.screen_y(places[i]), order[i]->color);
    }
    return out;
}

std::string meaning_of(const ModelView& view, const std::vector<NamedLine>& curves, const std::vector<NamedLine>& claims) {
    std::string out = "Plot for " + view.name + " over the length of the requests.";
    for (const NamedLine& curve : curves)
        out += fmt::format(" {}: {} tokens of length {}, {} of length {}.", curve.name,
                           grouped(static_cast<std::int64_t>(tokens_of(curve.points.front()))), grouped(curve.points.front().length.value),
                           grouped(static_cast<std::int64_t>(curve.value)), grouped(curve.points.back().length.value));
    for (const NamedLine& claim : claims)
        out += fmt::format(" {} reports {}.", claim.name, grouped(static_cast<std::int64_t>(claim.value)));
    return out;
}

}  // namespace

std::optional<Plot> curve_plot(const ModelView& view) {
    const CapacityAnswer& answer = *view.base;
    const std::vector<NamedLine> curves = curves_of(answer);
    const std::vector<NamedLine> claims = claims_of(answer);
    if (curves.empty()) return std::nullopt;
    std::vector<NamedLine> lines = curves;
    lines.insert(lines.end(), claims.begin(), claims.end());
    std::vector<double> lengths, values;
    for (const NamedLine& line : lines) {
        values.push_back(line.value);
        for (const CapacityPoint& point : line.points) {
            values.push_back(tokens_of(point));
            lengths.push_back(static_cast<double>(point.length.value));
        }
    }
    const Axis x = length_axis(lengths);
    const Axis y = value_axis(values);
    std::string commands = frame_commands(frame, plot_title(view, "true and reported tokens")) + axis_commands(x, y);
    commands += fmt::format("set label 'length of the requests, tokens' at screen {:.4f},{:.4f} center font ',14' textcolor rgb '{}'\n",
                            frame.screen_x((frame.left + frame.right) / 2), frame.screen_y(frame.height - 10), light_color("faint"));
    commands += labels(lines, y);
    for (std::size_t i = 0; i < curves.size(); ++i) commands += data_block(i, curves[i]);
    std::string plotted;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        commands += fmt::format("$claim{} << END\n{} {}\n{} {}\nEND\n", i, x.least, claims[i].value, x.most, claims[i].value);
        plotted +=
            fmt::format("{}$claim{} with lines dashtype (7,5) lw 1.5 lc rgb '{}' notitle", plotted.empty() ? "" : ", ", i, claims[i].color);
    }
    for (std::size_t i = 0; i < curves.size(); ++i)
        plotted += fmt::format("{}$curve{} with linespoints lw 2.5 pt 7 ps 0.45 lc rgb '{}' notitle", plotted.empty() ? "" : ", ", i,
                               curves[i].color);
    commands += "plot " + plotted + '\n';
    return Plot{
        .name = "curve", .meaning = meaning_of(view, curves, claims), .width = frame.width, .height = frame.height, .commands = commands};
}

}  // namespace kv
