// Issues as JUnit writes the results of tests: a scenario is a test case.
#pragma once

#include "harness/issues.h"

#include <span>
#include <string>
#include <string_view>

namespace kv {

std::string issues_junit(std::string_view suite, std::span<const ScenarioIssues> scenarios);

}  // namespace kv
