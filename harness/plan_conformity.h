// Compares the model's plan with a recorded one, field by field.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/golden_plan.h"

namespace kv {

// Throws SizeOverflow where a size of the case does not fit 64 bits.
CaseResult compare_plan(const GoldenPlan& golden, const Engine& engine);

bool recognises_plan(JsonValue line);
std::optional<CaseResult> compare_plan_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat plan_format{
    .id = "plan",
    .meaning = "layers, settings and memory, and the plan or the error that the engine's planner made of them; one case a line",
    .recognises = recognises_plan,
    .compare = compare_plan_line};

}  // namespace kv
