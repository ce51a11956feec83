// The scenarios that a command line names: all read before any is run, so that what is wrong is told at once.
#pragma once

#include "scenarios/diagnostic.h"
#include "scenarios/scenario.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kv::cli {

struct ScenarioInputs {
    std::vector<Scenario> scenarios = {};
    Diagnostics diagnostics = {};  // Each once: what is wrong with a flag is wrong for every file.

    void wrong(const Diagnostics& more);
};

// With a seed in place of the scenarios' own, where there is one.
ScenarioInputs read_scenarios(const std::vector<std::string>& names, const std::optional<std::int64_t>& seed);

// Work for each of so many scenarios, several at a time, and how far it is on a terminal. An answer's place does not depend on it.
void for_each_scenario(std::size_t count, std::int64_t jobs, const std::function<void(std::size_t place)>& work);

inline constexpr std::int64_t seed_max = (std::int64_t{1} << 53) - 1;
inline constexpr std::int64_t jobs_max = 1024;

}  // namespace kv::cli
