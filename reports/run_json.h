// What came of scenarios, for programs; `kvproof explain run-schema` says its form.
#pragma once

#include "harness/issues.h"

#include <span>
#include <string>

namespace kv {

// `issues` has one entry for each scenario.
std::string run_json(std::span<const RanScenario> ran, std::span<const ScenarioIssues> issues);

}  // namespace kv
