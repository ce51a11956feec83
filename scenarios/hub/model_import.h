// A Hugging Face config.json as the shape of a model, read as an engine's classes read it. Nothing is guessed: an architecture without
// an entry is told apart from a wrong file.
#pragma once

#include "model/refusal.h"
#include "model/rules/serving.h"
#include "model/serving/model_shape.h"
#include "scenarios/diagnostic.h"
#include "scenarios/json.h"

#include <string>
#include <variant>

namespace kv {

struct UnknownArchitecture {
    std::string name;
    Diagnostic diagnostic;  // What is missing, and how to state the layers instead.
};

using ImportedModel = std::variant<ModelShape, Refusal, UnknownArchitecture, Diagnostics>;

inline constexpr std::size_t config_bytes_max = std::size_t{4} << 20;

bool is_model_config(JsonValue root);  // Rather than another kind of JSON.
ImportedModel import_model(JsonValue config, ModelClasses classes);

}  // namespace kv
