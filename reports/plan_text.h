// A plan for people: what goes in, layers, groups, the pool, and what the engine then says of itself, or why it refuses.
#pragma once

#include "harness/plan_file.h"
#include "reports/text_table.h"

#include <string>

namespace kv {

std::string plan_text(const ModelFile& model, const PlannedFile& planned, Color color);

}  // namespace kv
