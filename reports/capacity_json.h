// A capacity report for programs: everything, integers exact, keys always in this order; and as a table with a line for each model,
// setting, engine and length.
#pragma once

#include "reports/capacity_view.h"

#include <string>
#include <vector>

namespace kv {

std::string capacity_json(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin = {});
std::string capacity_csv(const std::vector<CapacityAnswer>& answers);

}  // namespace kv
