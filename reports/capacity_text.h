// A capacity report for people: one model in detail, several in one table, and a sentence for each.
#pragma once

#include "harness/capacity_report.h"
#include "reports/text_table.h"

#include <string>
#include <vector>

namespace kv {

std::string capacity_text(const std::vector<CapacityAnswer>& answers, Color color);

}  // namespace kv
