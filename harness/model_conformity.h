// Compares the model's plan of a real model with the one that its engine made.
#pragma once

#include "harness/conform.h"
#include "scenarios/model_recording.h"

namespace kv {

// Throws SizeOverflow where a size of the model does not fit 64 bits.
CaseResult compare_model_plan(const ModelRecording& recording, const Engine& engine);

}  // namespace kv
