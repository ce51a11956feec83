// Issues as annotations of GitHub: workflow commands that mark the lines of a change.
#pragma once

#include "harness/issues.h"

#include <span>
#include <string>

namespace kv {

// What fails is an error, what is known a notice; what is expected or has vanished is a summary line at most.
std::string issues_github(std::span<const ScenarioIssues> scenarios);

}  // namespace kv
