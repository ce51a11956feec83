// Parts of issues in JSON.
#pragma once

#include "harness/expectations.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace kv {

// {"rows": 96, "request": "r#2"}
nlohmann::ordered_json figures_json(const std::vector<NamedFigure>& figures);

}  // namespace kv
