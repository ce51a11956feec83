// Where things stand in a plot: its frame in units of the picture, its axes, their ticks, and labels that do not cover each other.
#pragma once

#include "reports/capacity_view.h"

#include <string>
#include <string_view>
#include <vector>

namespace kv {

// Units from the top left, as a page counts them.
struct PlotFrame {
    int width = 0, height = 0;
    double left = 0, right = 0, top = 0, bottom = 0;  // Of what the axes enclose.

    double screen_x(double x) const { return x / width; }
    double screen_y(double y) const { return 1 - y / height; }
    double x(double share) const { return left + share * (right - left); }
    double y(double share) const { return bottom - share * (bottom - top); }
};

struct Tick {
    double value = 0;
    std::string label;  // As gnuplot formats it: a percent sign is written twice.
};

struct Axis {
    double least = 0, most = 1;
    bool logarithmic = false;
    std::vector<Tick> ticks = {};
    double place(double value) const;  // 0 at the least, 1 at the most.
};

Axis length_axis(const std::vector<double>& lengths);  // From the least to the most, ticks at lengths. Positive.
Axis value_axis(const std::vector<double>& values);    // From zero, or logarithmic where they are too far apart to be seen together.

// At most so many columns wide, an ellipsis for the rest.
std::string fitted(std::string_view text, std::size_t cells_max);

std::string short_number(double number);  // "150k", "1.5M"

// The places nearest to those wanted, which come in order from the top, that keep the gap and stay between top and bottom.
std::vector<double> spread(const std::vector<double>& wanted, double gap, double top, double bottom);

std::string frame_commands(const PlotFrame& frame, std::string_view title);
std::string axis_commands(const Axis& x, const Axis& y);
std::string plot_title(const ModelView& view, std::string_view what);  // "gpt-oss-120b, tp 2: what"

}  // namespace kv
