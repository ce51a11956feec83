// What happened in scenarios that were run, for people: a block of lines each.
#pragma once

#include "harness/judged_run.h"
#include "reports/text_table.h"

#include <string>
#include <vector>

namespace kv {

std::string run_text(const std::vector<RanScenario>& ran, Color color);

}  // namespace kv
