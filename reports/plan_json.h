// Plans for programs: everything, integers exact, keys always in this order.
#pragma once

#include "harness/plan_file.h"

#include <string>
#include <vector>

namespace kv {

struct PlanReport {  // A file and the plan made from it.
    std::string file;
    ModelFile model;
    PlannedFile planned;
};

// One object: "format", then "plans", one for each file.
std::string plan_json(const std::vector<PlanReport>& reports);

}  // namespace kv
