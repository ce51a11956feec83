// A scenario run before the properties: what happened, what they found, and which of the scenario's expectations hold.
#pragma once

#include "harness/expectations.h"
#include "harness/scenario_run.h"
#include "model/finding.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

// Whose rules a scenario is run with.
struct RunChoice {
    Engine engine;
    std::string spelling;                   // NAME[+PATCH...][,slot=rule...]
    bool own = true;                        // It is the scenario's: then its expectations decide, where it has any.
    std::optional<std::int64_t> seed = {};  // In place of the scenario's own.
};

// With whose rules which scenario was run.
struct RanScenario {
    std::string file;
    std::string name;                       // Of its model.
    std::string title;                      // May be empty.
    std::vector<std::string> affects = {};  // Engines that show a finding, as the file says.
    std::vector<std::string> bugs = {};     // That it is about, as the file says.
    RunChoice choice;
    ScenarioRun run;
    std::vector<Finding> findings = {};
    std::vector<SourceSpan> finding_places = {};  // One for each finding: what of the scenario it is about.
    std::int64_t findings_not_kept = 0;           // Beyond as many as are kept.
    std::vector<std::string> request_names = {};  // By id.
    bool judged_by_expectations = false;          // Else any finding is one too many.
    std::vector<Expectation> expectations = {};
    std::vector<CheckedExpectation> checked = {};  // One for each expectation, where they decide.

    std::string request_name(RequestId id) const;
    bool as_it_should() const;
    const std::string& words() const { return title.empty() ? name : title; }
};

// What happens goes to the sink as it does.
std::variant<RanScenario, Diagnostics> judge_scenario(const RunChoice& choice, const Scenario& scenario, EventSink& sink,
                                                      const RunLimits& limits = {});

// The words of the command that runs it again.
std::vector<std::string> repeating_command(const RanScenario& ran);

}  // namespace kv
