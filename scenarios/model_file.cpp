#include "scenarios/model_file.h"

#include "scenarios/scenario.h"

#include <utility>

namespace kv {
namespace {

// Planning starts from layers and memory; a scenario may do without either.
std::optional<Diagnostic> unplannable(const Scenario& scenario) {
    const auto at = [](Diagnostic place, std::string message) {
        place.message = std::move(message);
        return place;
    };
    if (scenario.config) return at(scenario.config->place, "`config` names a config.json: give that file itself to be planned");
    if (!scenario.groups.empty())
        return at(scenario.groups.front().place, "[[model.group]] says what planning would find out: expected [[model.layer]]");
    if (scenario.model.memory.empty()) return at(scenario.machine_place, "[machine] has no `memory`: a plan starts from it");
    return std::nullopt;
}

std::variant<ModelFile, Diagnostics> model_of(std::variant<Scenario, Diagnostics> read) {
    if (auto* errors = std::get_if<Diagnostics>(&read)) return std::move(*errors);
    auto& scenario = std::get<Scenario>(read);
    if (auto wrong = unplannable(scenario)) return Diagnostics{*std::move(wrong)};
    return std::move(scenario.model);
}

}  // namespace

std::variant<ModelFile, Diagnostics> read_model_file(const std::string& file, const std::string& text) {
    return model_of(read_scenario(file, text));
}

std::variant<ModelFile, Diagnostics> load_model_file(const std::string& file) { return model_of(load_scenario(file)); }

PlanInput plan_input(const ModelFile& model) { return {.layers = &model.layers, .settings = model.settings, .memory = model.memory}; }

}  // namespace kv
