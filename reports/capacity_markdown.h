// A capacity report as Markdown: the tables of the page, and its plots where they were written beside it.
#pragma once

#include "reports/capacity_figures.h"
#include "reports/capacity_view.h"

#include <string>
#include <vector>

namespace kv {

// `figures_folder`: as the report finds the figures' files; empty: there are none.
std::string capacity_markdown(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin,
                              const std::vector<ModelFigures>& figures, const std::string& figures_folder);

}  // namespace kv
