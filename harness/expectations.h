// What a scenario expects of the properties against what they found.
#pragma once

#include "model/finding.h"
#include "model/refusal.h"
#include "scenarios/expectation.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kv {

using RequestNames = std::function<std::string(RequestId)>;

// A figure of a finding as people read it: "rows", "96".
struct NamedFigure {
    std::string name;
    std::string value;
    bool number = false;  // Of a whole number.
    friend bool operator==(const NamedFigure&, const NamedFigure&) = default;
};
std::vector<NamedFigure> figures_of(const Finding& finding, const RequestNames& names);
std::vector<NamedFigure> figures_of(const Expectation& expected);

struct ComparedFigure {
    std::string name;
    std::optional<std::string> expected, actual;
    bool equal() const { return expected == actual; }
};

struct CheckedExpectation {
    bool met = false;
    std::vector<std::size_t> findings = {};    // Those that it speaks of: places among all.
    std::vector<ComparedFigure> figures = {};  // Where it is not met: beside the finding that comes closest, if there is one.
    std::string expected, actual;              // In words: "broken", "no finding".
};

// What came of a run.
struct RunOutcome {
    std::span<const Finding> findings;
    RunEnd end = RunEnd::done;
    std::optional<Raised> error = {};  // What the engine raised.
};

// One answer for each expectation, in order.
std::vector<CheckedExpectation> check_expectations(std::span<const Expectation> expectations, const RunOutcome& outcome,
                                                   const RequestNames& names);

}  // namespace kv
