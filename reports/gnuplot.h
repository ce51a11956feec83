// Pictures drawn by gnuplot: one process for all of them, which reads from a pipe and writes to a file without a name.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kv {

struct Plot {
    std::string name;     // "curve"
    std::string meaning;  // In words, for who does not see it.
    int width = 0, height = 0;
    std::string commands;  // Of gnuplot, after the terminal is set; texts in them are quoted.
};

enum class PlotFormat : std::uint8_t { svg, png };

struct PlotJob {
    const Plot* plot;
    PlotFormat format;
};

struct PlotError {
    std::string message;
};

inline constexpr int plot_font_size = 15;  // Of `width` units; a page may show a plot at three fifths of its size.

// A picture for each job, in their order: all of them or none. The same jobs make the same bytes.
std::variant<std::vector<std::string>, PlotError> draw(const std::vector<PlotJob>& jobs);

}  // namespace kv
