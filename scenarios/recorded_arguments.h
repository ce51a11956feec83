// The arguments that a recorded engine was started with, by the names of the engine's own.
#pragma once

#include "model/serving/serving.h"
#include "scenarios/json_fields.h"

#include <string>
#include <vector>

namespace kv {

// As the line spells it: {"tp", "2"}, {"kv_cache_dtype", "\"fp8\""}.
struct RecordedArgument {
    std::string name, value;
    friend bool operator==(const RecordedArgument&, const RecordedArgument&) = default;
};

struct RecordedArguments {
    ServingArguments asked;
    std::vector<RecordedArgument> spelled;  // Without the longest request, ordered by name.
    std::vector<std::string> not_known;     // Names that there is no model of.
};

RecordedArguments read_recorded_arguments(JsonValue args, JsonErrors& errors);

}  // namespace kv
