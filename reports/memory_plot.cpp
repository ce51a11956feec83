// Where the memory goes, as bars.
#include "reports/capacity_figures.h"
#include "reports/capacity_words.h"
#include "reports/palette.h"
#include "reports/plot_axes.h"
#include "reports/quoting.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t bars_max = 4;
constexpr int head_height = 40, bar_height = 50, foot_height = 96;
constexpr std::size_t name_cells_max = 60;

std::string bar_block(std::size_t part, const std::vector<PoolView>& pools) {
    std::string out = fmt::format("$part{} << END\n", part);
    const std::vector<MemoryPart> parts = memory_parts();
    for (std::size_t i = 0; i < pools.size(); ++i) {
        double begin = 0;
        for (std::size_t before = 0; before < part; ++before) begin += std::max(0.0, pools[i].pool->memory_use->share(parts[before].bytes));
        const double end = begin + std::max(0.0, pools[i].pool->memory_use->share(parts[part].bytes));
        const auto row = static_cast<double>(i);
        out += fmt::format("{} {} {} {} {} {}\n", (begin + end) / 2, row + 0.7, begin, end, row + 0.45, row + 0.95);
    }
    return out + "END\n";
}

double widest_bar(const std::vector<PoolView>& pools) {
    double widest = 1;
    for (const PoolView& view : pools) {
        double sum = 0;
        for (const MemoryPart& part : memory_parts()) sum += std::max(0.0, view.pool->memory_use->share(part.bytes));
        widest = std::max(widest, sum);
    }
    return widest;
}

// What the colours mean, below the bars.
std::string key(const PlotFrame& frame) {
    constexpr std::size_t columns = 3;
    constexpr double column_width = 172, line_height = 22, swatch = 12;
    std::string out;
    const std::vector<MemoryPart> parts = memory_parts();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const double x = 20 + static_cast<double>(i % columns) * column_width;
        const double y = frame.bottom + 50 + static_cast<double>(i / columns) * line_height;
        out += fmt::format("set object rectangle from screen {:.4f},{:.4f} to screen {:.4f},{:.4f} fc rgb '{}' fs solid noborder\n",
                           frame.screen_x(x), frame.screen_y(y + swatch / 2), frame.screen_x(x + swatch), frame.screen_y(y - swatch / 2),
                           light_color(parts[i].color));
        out += fmt::format("set label {} at screen {:.4f},{:.4f} left font ',14' textcolor rgb '{}'\n", gnuplot_text(parts[i].name),
                           frame.screen_x(x + swatch + 6), frame.screen_y(y), light_color("faint"));
    }
    return out;
}

std::string meaning_of(const ModelView& view, const std::vector<PoolView>& pools) {
    std::string out = "Bars for " + view.name + ": shares of the memory.";
    for (const PoolView& pool : pools) {
        out += ' ' + pool.engines + ':';
        for (const MemoryPart& part : memory_parts())
            out += fmt::format(" {} {},", part.name, percent_words(pool.pool->memory_use->share(part.bytes)));
        out.back() = '.';
    }
    return out;
}

}  // namespace

std::optional<Plot> memory_plot(const ModelView& view) {
    std::vector<PoolView> pools = pools_with_truth(*view.base, same_memory_use);
    std::erase_if(pools, [](const PoolView& pool) { return !pool.pool->memory_use; });
    if (pools.empty()) return std::nullopt;
    if (pools.size() > bars_max) pools.resize(bars_max);  // The table has all.
    const auto rows = static_cast<int>(pools.size());
    const PlotFrame frame{.width = 540,
                          .height = head_height + rows * bar_height + foot_height,
                          .left = 20,
                          .right = 508,
                          .top = head_height,
                          .bottom = static_cast<double>(head_height + rows * bar_height + 6)};
    Axis x{.least = 0, .most = widest_bar(pools)};
    for (int percent = 0; percent / 100.0 <= x.most; percent += x.most > 2 ? 100 : 25)
        x.ticks.push_back({percent / 100.0, fmt::format("{} %%", percent)});
    const Axis y{.least = static_cast<double>(rows) + 0.1, .most = 0};
    std::string commands = frame_commands(frame, plot_title(view, "where the memory goes")) + axis_commands(x, y);
    commands += "unset ytics\nunset grid\nset border 1\nset style fill solid noborder\n";
    commands += "unset key\n" + key(frame);
    for (std::size_t i = 0; i < pools.size(); ++i)
        commands += fmt::format("set label {} at first 0,{} left font ',14' textcolor rgb '{}'\n",
                                gnuplot_text(fitted(pools[i].engines, name_cells_max)), static_cast<double>(i) + 0.25, light_color("ink"));
    std::string plotted;
    const std::vector<MemoryPart> parts = memory_parts();
    for (std::size_t part = 0; part < parts.size(); ++part) {
        commands += bar_block(part, pools);
        plotted +=
            fmt::format("{}$part{} with boxxyerror lc rgb '{}' notitle", plotted.empty() ? "" : ", ", part, light_color(parts[part].color));
    }
    commands += "plot " + plotted + '\n';
    return Plot{.name = "memory", .meaning = meaning_of(view, pools), .width = frame.width, .height = frame.height, .commands = commands};
}

}  // namespace kv
