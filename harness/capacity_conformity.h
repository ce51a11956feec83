// Compares what really fits, filled by the model's manager and counted, with what fitted the real engine's manager.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/golden_capacity.h"

namespace kv {

// Throws SizeOverflow where a size of the case does not fit 64 bits.
CaseResult compare_capacity(const GoldenCapacity& golden, const Engine& engine);

bool recognises_capacity(JsonValue line);
std::optional<CaseResult> compare_capacity_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat capacity_format{
    .id = "capacity",
    .meaning = "groups and blocks, and for some lengths the requests that the engine's cache manager took; one case a line",
    .recognises = recognises_capacity,
    .compare = compare_capacity_line};

}  // namespace kv
