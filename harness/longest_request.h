// The longest request that a scenario's memory really holds: what a refusal for want of it, or a fitted length, is held against.
#pragma once

#include "model/engine.h"
#include "scenarios/scenario.h"

#include <optional>

namespace kv {

struct LongestRequest {
    Tokens length = {};
    Tokens grain = {};
};

// No longer than what the scenario asks for. The memory is asked as the reference asks it, of a plan that is otherwise the engine's, and
// what it says is then served: a request that does not go through is cut to the longest that does. Empty: not one token fits, or there is
// nothing to serve.
std::optional<LongestRequest> longest_request(const Engine& engine, const Scenario& scenario);

}  // namespace kv
