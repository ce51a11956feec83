// What came of scenarios, as text for a terminal.
#pragma once

#include "harness/issues.h"
#include "reports/text_table.h"

#include <span>
#include <string>

namespace kv {

struct RunTextOptions {
    Color color = Color::off;
    bool details = false;   // Every scenario whole, not only those that are not as they should be.
    bool compared = false;  // With a baseline.
};

// `issues` has one entry for each scenario.
std::string run_text(std::span<const RanScenario> ran, std::span<const ScenarioIssues> issues, const RunTextOptions& options);

}  // namespace kv
