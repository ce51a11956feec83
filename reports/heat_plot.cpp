// What was swept, as a grid of tinted cells for each engine.
#include "reports/capacity_figures.h"
#include "reports/capacity_words.h"
#include "reports/palette.h"
#include "reports/plot_axes.h"
#include "reports/quoting.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t lines_max = 64;  // Of all engines together, and cells across: more are not legible.
constexpr std::size_t across_max = 16;
constexpr int cell_height = 24, head_height = 64, foot_height = 10;
constexpr std::size_t label_cells_max = 22;

std::string_view tint_of(const CapacityRow* row) {
    const std::optional<int> step = row == nullptr ? std::nullopt : distance_step(*row);
    if (!step) return light_color("panel");
    if (*step == 0) return light_color("page");
    return light_color(*step < 0 ? under_colors.at(static_cast<std::size_t>(-*step - 1))
                                 : over_colors.at(static_cast<std::size_t>(*step - 1)));
}

class HeatMap {
public:
    HeatMap(const SweepGrid& grid, const std::vector<std::string>& engines) : grid_(grid), engines_(engines) {
        const auto lines = static_cast<int>(engines.size() * (grid.lines.size() + 1));
        frame_ = {.width = 540,
                  .height = head_height + lines * cell_height + foot_height,
                  .left = 164,
                  .right = 536,
                  .top = head_height,
                  .bottom = static_cast<double>(head_height + lines * cell_height)};
    }

    Plot plot(const std::string& title, const std::string& meaning) {
        std::string commands = frame_commands(frame_, title);
        for (std::size_t i = 0; i < grid_.across.size(); ++i)
            commands += text(grid_.across_name + ' ' + grid_.across[i], column(i) + width() / 2, head_height - 14, "center", "faint");
        double top = head_height;
        for (const std::string& engine : engines_) {
            commands += text(fitted(engine, 2 * label_cells_max), 4, top + cell_height / 2.0 + 2, "left", "ink");
            top += cell_height;
            for (const SweepGrid::Line& line : grid_.lines) {
                commands += text(fitted(line.label, label_cells_max), 12, top + cell_height / 2.0, "left", "faint");
                for (std::size_t i = 0; i < line.answers.size(); ++i) commands += cell(row_in(line.answers[i], engine), column(i), top);
                top += cell_height;
            }
        }
        commands += "unset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\nplot -1 notitle\n";
        return {.name = "heat", .meaning = meaning, .width = frame_.width, .height = frame_.height, .commands = commands};
    }

private:
    static const CapacityRow* row_in(const CapacityAnswer* answer, const std::string& engine) {
        if (answer == nullptr) return nullptr;
        const auto row = std::ranges::find(answer->rows, engine, &CapacityRow::engine);
        return row == answer->rows.end() ? nullptr : &*row;
    }
    double width() const { return (frame_.right - frame_.left) / static_cast<double>(grid_.across.size()); }
    double column(std::size_t i) const { return frame_.left + static_cast<double>(i) * width(); }

    std::string text(const std::string& words, double x, double y, std::string_view align, std::string_view color) const {
        return fmt::format("set label {} at screen {:.4f},{:.4f} {} font ',14' textcolor rgb '{}' front\n", gnuplot_text(words),
                           frame_.screen_x(x), frame_.screen_y(y), align, light_color(color));
    }

    std::string cell(const CapacityRow* row, double left, double top) const {
        const std::string shown = row != nullptr && row->judged ? ratio_words(row->judged->judgement.ratio) : std::string("-");
        return fmt::format("set object rectangle from screen {:.4f},{:.4f} to screen {:.4f},{:.4f} fc rgb '{}' fs solid noborder\n",
                           frame_.screen_x(left + 1), frame_.screen_y(top + cell_height - 1), frame_.screen_x(left + width() - 1),
                           frame_.screen_y(top + 1), tint_of(row)) +
               text(shown, left + width() / 2, top + cell_height / 2.0, "center", "ink");
    }

    const SweepGrid& grid_;
    const std::vector<std::string>& engines_;
    PlotFrame frame_;
};

}  // namespace

std::optional<Plot> heat_plot(const ModelView& view) {
    const std::optional<SweepGrid> grid = sweep_grid(view);
    if (!grid) return std::nullopt;
    std::vector<std::string> engines;
    for (const std::size_t row : engine_rows(*view.base)) engines.push_back(view.base->rows[row].engine);
    if (grid->across.size() > across_max || engines.size() * (grid->lines.size() + 1) > lines_max) return std::nullopt;
    const std::string title = fitted(view.name, 2 * label_cells_max) + ": reported / true";
    return HeatMap(*grid, engines)
        .plot(title, "Heat map for " + view.name + ": reported / true over what was swept; the tables have the figures.");
}

}  // namespace kv
