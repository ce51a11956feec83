// Issues in SARIF 2.1.0, which code scanning services and editors read: a property is a rule, an issue a result at its line.
#pragma once

#include "harness/issues.h"

#include <span>
#include <string>
#include <string_view>

namespace kv {

// `version` is the program's. With `compared` every result says whether it is new, unchanged or absent.
std::string issues_sarif(std::string_view version, bool compared, std::span<const ScenarioIssues> scenarios);

}  // namespace kv
