// Compares the model's block tables and slot mappings with recorded ones.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/golden_slots.h"

namespace kv {

// Throws SizeOverflow where a size of the case does not fit 64 bits.
CaseResult compare_slots(const GoldenSlots& golden, const Engine& engine);

bool recognises_slots(JsonValue line);
std::optional<CaseResult> compare_slots_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat slots_format{
    .id = "slots",
    .meaning = "block tables, what was done to their rows, and the slots of a batch of positions; one case a line",
    .recognises = recognises_slots,
    .compare = compare_slots_line};

}  // namespace kv
