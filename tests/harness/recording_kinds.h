// The kinds of recorded answers that ship, and which slots of an engine's table each can tell rules of apart.
#pragma once

#include "model/engine.h"
#include "scenarios/golden_plan.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv::testing {

using Differs = std::function<bool(const Engine&)>;  // Whether one recorded case is answered otherwise.

struct RecordingKind {
    std::string_view name;
    std::vector<SlotArea> areas;
    std::vector<Differs> (*cases)(const std::string& version);
};

std::span<const RecordingKind> recording_kinds();
const RecordingKind& kind_that_notices(SlotArea area);

const std::vector<GoldenPlan>& plan_cases(const std::string& version);

}  // namespace kv::testing
