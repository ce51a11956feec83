// [[request]], [workload] and [[reset]] of a scenario file.
#pragma once

#include "scenarios/scenario.h"
#include "scenarios/settings_reader.h"

namespace kv {

// After the model, the settings and [parallel], which requests are held against.
void read_requests(const TableReader& head, const Sections& sections, Scenario& out);

}  // namespace kv
