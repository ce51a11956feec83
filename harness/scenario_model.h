// What an engine makes of the model that a scenario says: layers, groups as an engine would have made them, or a config.json.
#pragma once

#include "model/engine.h"
#include "model/plan.h"
#include "scenarios/json.h"
#include "scenarios/scenario.h"
#include "sim/deployment.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

struct ScenarioModel {
    Settings settings;  // As the engine has resolved them.
    PlanOutcome outcome;
    std::vector<Bytes> memory = {};                         // Of each worker; empty: nobody said.
    ModelLayers layers = {};                                // As they say what they store; empty: the scenario has groups.
    bool checked = true;                                    // The engine has looked whether the longest request fits.
    std::vector<std::optional<std::int64_t>> columns = {};  // Of the groups' block tables, where the scenario says them.
    std::optional<CaptureShape> capture = {};               // Where the scenario captures.
    std::string assumed = {};                               // What nobody said, and was taken instead; empty: nothing.
};

// A refusal: the engine will not serve this config.json so, and there is no layer to plan.
using ModelledScenario = std::variant<ScenarioModel, Refusal, Diagnostics>;

ModelledScenario model_of_scenario(const Engine& engine, const Scenario& scenario);

// Of a config.json, by the keys of vllm's ModelArchConfigConvertor; empty where it has no experts.
RoutedModel routed_of_config(JsonValue root);

}  // namespace kv
