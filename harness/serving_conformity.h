// Compares what we make of a model's config with the layers and settings that a real engine made of it.
#pragma once

#include "harness/comparison.h"
#include "harness/imported_model.h"
#include "scenarios/model_recording.h"

namespace kv {

void compare_serving(const ModelRecording& recording, const ServedModel& ours, Comparison& comparison);

// A refusal before there are layers. The reason is "ValueError: ...", or "ModelConfig: Value error, ..." where a config class raised it.
void compare_refused_model(const RefusedModel& recorded, const ServedConfig& ours, Comparison& comparison,
                           std::vector<FieldDifference>& raised_in);

// "llama-3.1-8b tp=2": how cases of these recordings are called.
std::string case_name(std::string_view model, const RecordedArguments& arguments);

std::string described(const ServedConfig& served);

}  // namespace kv
