// Scenario files by name, and by the folder that they are below.
#pragma once

#include "scenarios/diagnostic.h"

#include <string>
#include <vector>

namespace kv {

inline constexpr std::size_t scenario_files_max = 10'000;

// Files as they are named, and of a folder all below it whose names end in .toml, in the order of their paths. A folder without any, one
// that cannot be read, and too many files are diagnostics.
std::vector<std::string> scenario_files(const std::vector<std::string>& names, Diagnostics& diagnostics);

}  // namespace kv
