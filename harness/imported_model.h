// A config.json served by an engine as a model file would state it: what planning and the capacity report start from.
#pragma once

#include "model/engine.h"
#include "model/serving/serving.h"
#include "scenarios/hub/model_import.h"
#include "scenarios/model_file.h"

#include <optional>
#include <string>
#include <variant>

namespace kv {

// What became of a config on the way to layers: it is wrong, there is no entry for it, or the engine refuses it.
using ServedConfig = std::variant<ServedModel, Refusal, UnknownArchitecture, Diagnostics>;

// Throws SizeOverflow where a size does not fit 64 bits.
ServedConfig serve_config(const Engine& engine, JsonValue config, const ServingArguments& arguments);

// Memory: of each worker.
ModelFile file_of_served(std::string name, ServedModel served, Bytes memory, const Diagnostic& place);

}  // namespace kv
