#include "cli/scenario_inputs.h"

#include "cli/progress.h"
#include "harness/in_parallel.h"
#include "harness/scenario_files.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace kv::cli {

void ScenarioInputs::wrong(const Diagnostics& more) {
    for (const Diagnostic& each : more)
        if (std::ranges::find(diagnostics, each) == diagnostics.end()) diagnostics.push_back(each);
}

ScenarioInputs read_scenarios(const std::vector<std::string>& names, const std::optional<std::int64_t>& seed) {
    ScenarioInputs out;
    for (const std::string& file : scenario_files(names, out.diagnostics)) {
        auto loaded = load_scenario(file);
        if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) {
            out.wrong(*wrong);
            continue;
        }
        auto& scenario = std::get<Scenario>(loaded);
        if (seed) scenario.seed = *seed;
        out.scenarios.push_back(std::move(scenario));
    }
    return out;
}

void for_each_scenario(std::size_t count, std::int64_t jobs, const std::function<void(std::size_t place)>& work) {
    Progress progress("scenarios", count);
    in_parallel(count, static_cast<std::size_t>(jobs), [&](std::size_t place) {
        work(place);
        progress.one_done();
    });
}

}  // namespace kv::cli
