// Two engines over the same scenario: what a change fixes, leaves and breaks, and which figures it moves.
#pragma once

#include "harness/issues.h"

#include <string>
#include <variant>
#include <vector>

namespace kv {

// A figure of the plan or the run that the two give differently: "reported tokens", "290864", "1165808".
struct MovedFigure {
    std::string name;
    std::string first, second;  // "-" where there is none.
};

struct EngineDiff {
    ScenarioIssues issues;  // New findings fail, fixed ones have vanished, the others are known.
    std::vector<MovedFigure> moved = {};
    bool fails() const { return issues.fails(); }
};

// Of the same scenario under two engines, expectations not asked.
EngineDiff difference(const RanScenario& first, const RanScenario& second);

}  // namespace kv
