// A list of scenarios in Markdown: what each is, what it finds, and which released engines show something. Read from the files and the
// runs, so that it is not written by hand.
#pragma once

#include "harness/judged_run.h"

#include <span>
#include <string>

namespace kv {

std::string run_markdown(std::span<const RanScenario> ran);

}  // namespace kv
