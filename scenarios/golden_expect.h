// The outcome of a recorded case, from the key `expect` of its line.
#pragma once

#include "scenarios/golden_plan.h"
#include "scenarios/json_fields.h"

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace kv {

using LayerIds = std::unordered_map<std::string_view, LayerId>;

struct RecordedCase {  // What an outcome refers to.
    RecordShape shape;
    const LayerIds& layers;
    std::size_t worker_count;
};

std::variant<RecordedPlan, RecordedRefusal> read_expect(JsonValue expect, const RecordedCase& recorded, JsonErrors& errors);

// What specs of the case itself have as well.
RecordedError read_recorded_error(JsonValue error, JsonErrors& errors);
RecordedPage read_recorded_page(JsonFields& fields);

}  // namespace kv
