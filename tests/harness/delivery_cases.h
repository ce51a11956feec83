// Engines driven for some steps, whose delivered rows notice a rule that was swapped.
#pragma once

#include "tests/harness/recording_kinds.h"

#include <string>
#include <vector>

namespace kv::testing {

// Each differs where the engine delivers other rows, or other things in a row, or raises elsewhere, than the released one.
std::vector<Differs> delivery_cases(const std::string& version);

}  // namespace kv::testing
