#include "harness/longest_request.h"

#include "harness/capacity_pool.h"
#include "harness/scenario_model.h"
#include "model/capacity_count.h"

#include <algorithm>

namespace kv {
namespace {

Engine checked_as_the_reference(Engine engine) {
    const Engine& reference = *std::ranges::find(engines(), "reference", &Engine::name);
    engine.request_need = reference.request_need;
    engine.rank_scope = reference.rank_scope;
    engine.override_order = reference.override_order;
    engine.null_block = reference.null_block;
    engine.encoder_length = reference.encoder_length;
    return engine;
}

}  // namespace

std::optional<LongestRequest> longest_request(const Engine& engine, const Scenario& scenario) {
    const Engine asked = checked_as_the_reference(engine);
    Scenario fitted = scenario;
    fitted.model.settings.length = LengthChoice::fitted_to_memory;
    const ModelledScenario modelled = model_of_scenario(asked, fitted);
    const auto* model = std::get_if<ScenarioModel>(&modelled);
    const auto* plan = model == nullptr ? nullptr : std::get_if<Plan>(&model->outcome);
    if (plan == nullptr || plan->scheduler.groups.empty()) return std::nullopt;
    const CapacityCase given = capacity_case(asked, *plan, model->settings);
    const Tokens length = plan->model_len_max;
    const CapacityOutcome outcome = count_planned_capacity(asked, given, length);
    const auto* truth = std::get_if<CapacityTruth>(&outcome);
    if (truth == nullptr) return std::nullopt;
    return LongestRequest{.length = truth->requests > 0 ? length : truth->further, .grain = capacity_grain(asked, given, length)};
}

}  // namespace kv
