// The part of a scenario file that a plan is made from: a model's layers, the settings it runs under and the memory it has.
#pragma once

#include "model/layers.h"
#include "model/plan.h"
#include "model/settings.h"
#include "scenarios/diagnostic.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace kv {

// A place is a diagnostic without words: whoever finds something wrong there later fills them in.
struct ModelFile {
    std::string name;
    ModelLayers layers;
    Settings settings;
    std::vector<Bytes> memory;            // One figure a worker.
    std::string engine;                   // As engine_spelled reads it; empty when the file names none.
    Diagnostic model_place;               // Of [model].
    std::vector<Diagnostic> spec_places;  // By SpecId: of the first layer that has this spec.
    std::string assumed = {};             // What nobody said, and was taken instead; empty: nothing.
};

inline constexpr std::size_t model_file_bytes_max = std::size_t{4} << 20;

// All that is wrong with the scenario is told at once, and what is missing for a plan. The file's name is only for the messages.
std::variant<ModelFile, Diagnostics> read_model_file(const std::string& file, const std::string& text);

// The same from disk; a file that cannot be read is a diagnostic too.
std::variant<ModelFile, Diagnostics> load_model_file(const std::string& file);

// What a plan of this file is made from.
PlanInput plan_input(const ModelFile& model);

}  // namespace kv
