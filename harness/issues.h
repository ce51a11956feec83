// What is to be said of runs, one by one and in one order: what was found, what was expected and is not there. Every format for other
// programs (JUnit, SARIF, annotations), a baseline and a comparison of two engines are made of these.
#pragma once

#include "harness/judged_run.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class IssueState : std::uint8_t {
    failing,   // Makes the run fail; in a comparison: the second engine's alone.
    known,     // Stands in the baseline; in a comparison: of both engines.
    vanished,  // Stands in the baseline and is there no more; in a comparison: the first engine's alone.
    expected,  // An [[expect]] of the scenario asks for it.
    beside     // Nobody expects it, but the scenario's expectations decide, and they are met without it.
};
inline constexpr std::array<std::string_view, 5> issue_state_names{"failing", "known", "vanished", "expected", "beside"};
constexpr std::string_view name_of(IssueState state) { return issue_state_names[static_cast<std::size_t>(state)]; }

struct Issue {
    IssueState state = IssueState::failing;
    std::optional<PropertyId> property = {};  // Empty: an expectation that speaks of none.
    bool expectation = false;                 // One that is not met; else a finding.
    std::string message;
    std::vector<NamedFigure> figures = {};
    std::int64_t times = 1;
    SourceSpan place;
    std::string key;  // The same again, whatever its figures: of one scenario and one engine.

    std::string_view property_id() const;  // "expectation" where there is no property.
};

struct ScenarioIssues {
    std::string file;
    std::string words;  // What the scenario is, in a line.
    std::string engine;
    std::vector<std::string> command;  // That repeats them, word by word.
    std::vector<Issue> issues = {};

    bool fails() const;
    std::int64_t count(IssueState state) const;
};

ScenarioIssues issues_of(const RanScenario& ran);

// What a finding is called in a baseline: property, rank, group, layer, request, direction, state, time and length.
std::string key_of(const Finding& finding, const RequestNames& names);

// "rank 0, step 84, rows 96"
std::string figures_words(const std::vector<NamedFigure>& figures);

}  // namespace kv
