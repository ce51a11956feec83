// A capacity report as one page: no scripts, nothing from elsewhere, light and dark, narrow and printed.
#pragma once

#include "reports/capacity_figures.h"
#include "reports/capacity_view.h"

#include <string>
#include <vector>

namespace kv {

// `figures`: one for each of model_views(), or none at all; then the page says that it has no plots.
std::string capacity_html(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin, const std::vector<ModelFigures>& figures);

}  // namespace kv
