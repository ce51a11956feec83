// The plots of a capacity report: what is drawn for each model. Names and sizes are decided here, how gnuplot is asked in gnuplot.h.
#pragma once

#include "reports/capacity_view.h"
#include "reports/gnuplot.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

// truth(L) of each pool, with what engines report as lines; none where nothing has a truth in tokens.
std::optional<Plot> curve_plot(const ModelView& view);

// Where the memory goes, a bar for each pool; none where nothing has a truth.
std::optional<Plot> memory_plot(const ModelView& view);

// The ratio of each engine's figure to the truth over what was swept; none where nothing was.
std::optional<Plot> heat_plot(const ModelView& view);

struct Figure {
    Plot plot;
    std::string svg;  // As gnuplot drew it.
    std::string png;  // Only where it was asked for.
};

// By model, as model_views() has them.
struct ModelFigures {
    std::string file_name;  // What the names of the figures' files begin with: safe, and no other model's.
    std::optional<Figure> curve, memory, heat;
};

enum class FigureFiles : bool { svg_only, svg_and_png };

// The error says what is missing. Without heat maps where the report shows them as tables.
std::variant<std::vector<ModelFigures>, PlotError> draw_figures(const std::vector<CapacityAnswer>& answers, FigureFiles files);

}  // namespace kv
