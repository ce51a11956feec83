// What happened in scenarios that were run, for programs.
#pragma once

#include "harness/judged_run.h"

#include <string>
#include <vector>

namespace kv {

std::string run_json(const std::vector<RanScenario>& ran);

}  // namespace kv
