// A scenario run before the properties: what happened, what they found, and which of the scenario's expectations hold.
#pragma once

#include "harness/expectations.h"
#include "harness/scenario_run.h"
#include "model/finding.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kv {

// With whose rules which scenario was run.
struct RanScenario {
    std::string file;
    std::string name;   // Of its model.
    std::string title;  // May be empty.
    Engine engine;
    ScenarioRun run;
    std::vector<Finding> findings = {};
    std::int64_t findings_not_kept = 0;           // Beyond as many as are kept.
    std::vector<std::string> request_names = {};  // By id.
    bool judged_by_expectations = false;          // Else any finding is one too many.
    std::vector<Expectation> expectations = {};
    std::vector<CheckedExpectation> checked = {};  // One for each expectation.

    std::string request_name(RequestId id) const;
    bool as_it_should() const;
};

// What happens goes to the sink as it does. With `expectations` the scenario's own decide, where it has any.
std::variant<RanScenario, Diagnostics> judge_scenario(const Engine& engine, const Scenario& scenario, bool expectations, EventSink& sink,
                                                      const RunLimits& limits = {});

}  // namespace kv
