// A spec as JSON: every field of its kind under the name that a scenario file gives it.
#pragma once

#include "model/spec.h"

#include <nlohmann/json_fwd.hpp>

namespace kv {

nlohmann::ordered_json spec_json(const KvSpec& spec);

}  // namespace kv
