// What a change of engines does to scenarios, as text and for programs.
#pragma once

#include "harness/engine_diff.h"
#include "reports/text_table.h"

#include <span>
#include <string>

namespace kv {

struct DiffedEngines {
    std::string first, second;  // As they are spelled.
};

std::string diff_text(const DiffedEngines& engines, std::span<const EngineDiff> diffs, Color color);
std::string diff_json(const DiffedEngines& engines, std::span<const EngineDiff> diffs);

}  // namespace kv
