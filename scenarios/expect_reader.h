// The [[expect]] tables of a scenario file.
#pragma once

#include "scenarios/scenario.h"
#include "scenarios/table_reader.h"

namespace kv {

// After the requests, which expectations name.
void read_expectations(const TableReader& head, Scenario& out);

}  // namespace kv
