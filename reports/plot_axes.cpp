#include "reports/plot_axes.h"

#include "reports/capacity_words.h"
#include "reports/numbers.h"
#include "reports/palette.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kv {
namespace {

constexpr double wide_range = 8;           // Lengths further apart than this are shown by their logarithm, and ...
constexpr double very_wide_range = 50;     // ... values further apart than this.
constexpr double length_label_gap = 0.05;  // Between labels, and the width of a digit in them: shares of the axis.
constexpr double digit_width = 0.03;
constexpr std::size_t title_cells_max = 58;

// The step of 1, 2 or 5 times a power of ten that makes at most so many ticks.
double nice_step(double range, double ticks_max) {
    const double least = range / ticks_max;
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= least) return factor * power;
    return 10 * power;
}

}  // namespace

double Axis::place(double value) const {
    if (logarithmic) return std::log(value / least) / std::log(most / least);
    return (value - least) / (most - least);
}

std::string short_number(double number) {
    constexpr std::array<std::pair<double, std::string_view>, 4> units{{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
    for (const auto& [unit, name] : units)
        if (number >= unit) return fmt::format("{:.4g}{}", number / unit, name);
    return fmt::format("{:.4g}", number);
}

std::string fitted(std::string_view text, std::size_t cells_max) {
    const std::string shown = printable(text);
    if (cells(shown) <= cells_max) return shown;
    std::string out;
    std::size_t width = 1;  // Of the ellipsis.
    for (std::size_t at = 0; at < shown.size();) {
        const CodePoint point = code_point_at(shown, at);
        width += cells(point);
        if (width > cells_max) break;
        out += shown.substr(at, point.bytes);
        at += point.bytes;
    }
    return out + "\xE2\x80\xA6";
}

Axis length_axis(const std::vector<double>& lengths) {
    std::vector<double> sorted = lengths;
    std::ranges::sort(sorted);
    sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
    Axis axis{.least = sorted.front(), .most = sorted.back()};
    if (axis.least == axis.most) {  // A single length stands in the middle.
        axis.least /= 2;
        axis.most *= 1.5;
    }
    axis.logarithmic = axis.most / axis.least >= wide_range;
    double last = 2, last_width = 0;
    for (std::size_t i = sorted.size(); i-- > 0;) {
        const std::string label = grouped(static_cast<std::int64_t>(sorted[i]));
        const double place = axis.place(sorted[i]), width = digit_width * static_cast<double>(label.size());
        if (last - place < (last_width + width) / 2 + length_label_gap) continue;
        axis.ticks.push_back({sorted[i], label});
        last = place;
        last_width = width;
    }
    return axis;
}

Axis value_axis(const std::vector<double>& values) {
    const double most = std::max(1.0, std::ranges::max(values));
    double least = most;
    for (const double value : values)
        if (value > 0) least = std::min(least, value);
    const bool zero = std::ranges::min(values) <= 0;
    if (!zero && most / least > very_wide_range) {
        Axis axis{.least = std::pow(10, std::floor(std::log10(least))), .most = most * 1.3, .logarithmic = true};
        for (double tick = axis.least; tick <= axis.most; tick *= 10) axis.ticks.push_back({tick, short_number(tick)});
        return axis;
    }
    constexpr double ticks_max = 5;
    constexpr double headroom = 1.05;
    Axis axis{.least = 0, .most = most * headroom};
    const double step = nice_step(axis.most, ticks_max);
    for (int i = 0; i * step <= axis.most; ++i) axis.ticks.push_back({i * step, short_number(i * step)});
    return axis;
}

std::vector<double> spread(const std::vector<double>& wanted, double gap, double top, double bottom) {
    std::vector<double> places = wanted;
    double free = top;
    for (double& place : places) {
        place = std::max(place, free);
        free = place + gap;
    }
    double limit = bottom;
    for (std::size_t i = places.size(); i-- > 0;) {
        places[i] = std::min(places[i], limit);
        limit = places[i] - gap;
    }
    return places;
}

std::string frame_commands(const PlotFrame& frame, std::string_view title) {
    return fmt::format(
        "set lmargin at screen {:.4f}\nset rmargin at screen {:.4f}\nset tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n"
        "set label {} at screen {:.4f},{:.4f} left textcolor rgb '{}'\n",
        frame.screen_x(frame.left), frame.screen_x(frame.right), frame.screen_y(frame.top), frame.screen_y(frame.bottom),
        gnuplot_text(title), frame.screen_x(4), frame.screen_y(18), light_color("ink"));
}

std::string axis_commands(const Axis& x, const Axis& y) {
    const auto ticks = [](const Axis& axis) {
        std::string out;
        for (const Tick& tick : axis.ticks) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", gnuplot_text(tick.label), tick.value);
        return out;
    };
    std::string out = fmt::format("set border 3 lc rgb '{0}'\nset grid ytics lt 1 lw 1 lc rgb '{0}'\n", light_color("line"));
    out += fmt::format(
        "set xtics nomirror out offset 0,0.3 font ',14' textcolor rgb '{0}' ({1})\nset ytics nomirror out font ',14' textcolor rgb '{0}' "
        "({2})\n",
        light_color("faint"), ticks(x), ticks(y));
    if (x.logarithmic) out += "set logscale x 2\n";
    if (y.logarithmic) out += "set logscale y 10\n";
    // A hair wider than the axis, so that a tick at its end is not lost to rounding.
    constexpr double hair = 1e-4;
    const auto range = [](const Axis& axis) {
        const double more = axis.logarithmic ? 0 : (axis.most - axis.least) * hair;
        const double factor = axis.logarithmic ? 1 + hair : 1;
        return fmt::format("[{}:{}]", axis.least / factor, axis.most * factor + more);
    };
    return out + fmt::format("set xrange {}\nset yrange {}\n", range(x), range(y));
}

std::string plot_title(const ModelView& view, std::string_view what) {
    const std::string settings = settings_sentence(view.base->question.knobs);
    const std::string who = view.name + (settings.empty() ? "" : ", " + settings);
    return fitted(who, title_cells_max - 2 - std::min(title_cells_max / 2, what.size())) + ": " + std::string(what);
}

}  // namespace kv
