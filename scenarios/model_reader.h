// [model], [engine] and [machine] of a scenario file, with the settings that planning reads.
#pragma once

#include "scenarios/scenario.h"
#include "scenarios/settings_reader.h"

namespace kv {

void read_model(const Sections& sections, Scenario& out);

}  // namespace kv
