// A capacity report for programs: everything, integers exact, keys always in this order; and as a table with a line for each model,
// setting, engine and length.
#pragma once

#include "harness/capacity_report.h"

#include <string>
#include <vector>

namespace kv {

std::string capacity_json(const std::vector<CapacityAnswer>& answers);
std::string capacity_csv(const std::vector<CapacityAnswer>& answers);

}  // namespace kv
