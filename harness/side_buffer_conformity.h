// Compares the model's side buffer with recorded ones: its size, what each save changes, what each read gets, and what is refused.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/golden_side_buffer.h"

#include <cstdint>

namespace kv {

inline constexpr std::int64_t compared_rows_max = std::int64_t{1} << 24;  // Of a side buffer.

// Empty where the engine's buffer would have more than compared_rows_max rows. Throws SizeOverflow where a size does not fit 64 bits.
std::optional<CaseResult> compare_side_buffer(const GoldenSideBuffer& golden, const Engine& engine);

bool recognises_side_buffer(JsonValue line);
std::optional<CaseResult> compare_side_buffer_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat side_buffer_format{
    .id = "side-buffer",
    .meaning = "a side buffer of captured rows, what was saved to it by slot and read from it by block; one case a line",
    .recognises = recognises_side_buffer,
    .compare = compare_side_buffer_line};

}  // namespace kv
