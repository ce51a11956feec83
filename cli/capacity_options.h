// What the flags of `kvproof capacity` ask, read from their text.
#pragma once

#include "cli/knobs.h"
#include "harness/capacity_report.h"
#include "scenarios/diagnostic.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kv::cli {

// The flags as they were written; empty: not given.
struct CapacityFlags {
    std::vector<std::string> engines, sweeps;
    KnobTexts knobs;
};

inline constexpr std::size_t questions_max = 256;  // Of all sweeps together.

std::vector<AskedEngine> asked_engines(const CapacityFlags& flags, Diagnostics& diagnostics);

// One question for each combination of what is swept. What is wrong is added to the diagnostics.
std::vector<CapacityQuestion> asked_questions(const CapacityFlags& flags, Diagnostics& diagnostics);

}  // namespace kv::cli
