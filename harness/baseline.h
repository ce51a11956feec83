// Findings that are known: those of an earlier report. They do not make a run fail; what is new does, and what has vanished is told.
#pragma once

#include "harness/issues.h"
#include "scenarios/diagnostic.h"

#include <map>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace kv {

struct Baseline {
    // Of each scenario's file, what stood there: keys and the sentence to each. Whose engine it was does not matter.
    std::map<std::string, std::map<std::string, std::string>> known = {};
};

// A report that `kvproof run --format json` wrote.
std::variant<Baseline, Diagnostics> read_baseline(const std::string& file, std::string text);
std::variant<Baseline, Diagnostics> load_baseline(const std::string& file);

// What fails and is known becomes known; what is known of a scenario and not there any more is added as vanished.
void hold_against(const Baseline& baseline, std::span<ScenarioIssues> scenarios);

}  // namespace kv
