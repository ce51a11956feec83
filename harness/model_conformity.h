// Compares the model's plan of a real model with the one that its engine made.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/model_recording.h"

namespace kv {

// Throws SizeOverflow where a size of the model does not fit 64 bits.
CaseResult compare_model_plan(const ModelRecording& recording, const Engine& engine);

std::optional<CaseResult> compare_model_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat model_format{
    .id = "model",
    .meaning = "a real model under some arguments of an engine: its layers' specs as the engine made them, and what it planned of them",
    .recognises = is_model_recording,
    .compare = compare_model_line};

}  // namespace kv
