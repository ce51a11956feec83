// Compares the model's plan of a real model with the one that its engine made: from the model's config.json where there is one (beside
// the recording, or in the line), else from the layers that the line says.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "scenarios/model_recording.h"

#include <optional>

namespace kv {

// Throws SizeOverflow where a size of the model does not fit 64 bits.
CaseResult compare_model_plan(const ModelRecording& recording, const Engine& engine);                  // From the recorded layers.
CaseResult compare_imported(const ModelRecording& recording, JsonValue config, const Engine& engine);  // From the config.
CaseResult compare_refused(const RefusedModel& recorded, JsonValue config, const Engine& engine);

std::optional<CaseResult> compare_model_line(GoldenLines& lines, const ConformOptions& options);
std::optional<CaseResult> compare_refused_line(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat model_format{
    .id = "model",
    .meaning = "a real model under some arguments of an engine: its layers' specs as the engine made them, and what it planned of them",
    .recognises = is_model_recording,
    .compare = compare_model_line};

inline constexpr GoldenFormat refused_format{.id = "refused",
                                             .meaning = "a real model that an engine refuses under some arguments before it has layers",
                                             .recognises = is_refused_model,
                                             .compare = compare_refused_line};

}  // namespace kv
