// An engine's refusal as JSON.
#pragma once

#include "model/refusal.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace kv {

nlohmann::ordered_json refusal_json(const Refusal& refusal);
nlohmann::ordered_json optional_refusal_json(const std::optional<Refusal>& refusal);  // null where there is none.

}  // namespace kv
