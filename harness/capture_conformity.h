// Compares what the model puts into a step buffer with what a real engine's capturer did.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/golden_capture.h"

namespace kv {

CaseResult compare_capture(const GoldenCapture& golden, const Engine& engine);

bool recognises_capture(JsonValue line);
std::optional<CaseResult> compare_capture_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat capture_format{
    .id = "capture",
    .meaning = "calls of routers of one step, and the rows that they left in the step buffer; one capturer a line",
    .recognises = recognises_capture,
    .compare = compare_capture_line};

}  // namespace kv
