#include "harness/judged_run.h"

#include "properties/judges.h"

#include <algorithm>
#include <utility>

namespace kv {

std::string RanScenario::request_name(RequestId id) const {
    const auto place = static_cast<std::size_t>(id);
    return place < request_names.size() ? request_names[place] : "request " + std::to_string(static_cast<std::int64_t>(id));
}

bool RanScenario::as_it_should() const {
    if (!judged_by_expectations) return findings.empty();
    return std::ranges::all_of(checked, &CheckedExpectation::met);
}

std::variant<RanScenario, Diagnostics> judge_scenario(const Engine& engine, const Scenario& scenario, bool expectations, EventSink& sink,
                                                      const RunLimits& limits) {
    Judges judges(&sink);
    auto ran = run_scenario(engine, scenario, judges, limits);
    if (auto* wrong = std::get_if<Diagnostics>(&ran)) return std::move(*wrong);
    RanScenario out{.file = scenario.file,
                    .name = scenario.model.name,
                    .title = scenario.title,
                    .engine = engine,
                    .run = std::get<ScenarioRun>(std::move(ran)),
                    .findings = judges.findings().all(),
                    .judged_by_expectations = expectations && !scenario.expectations.empty()};
    out.findings_not_kept = judges.findings().dropped();
    if (!out.findings.empty()) {  // Nobody else asks for names.
        auto listed = requests_of(scenario);
        if (auto* wrong = std::get_if<Diagnostics>(&listed)) return std::move(*wrong);
        for (const ScenarioRequest& request : std::get<RequestList>(listed).requests)
            out.request_names.push_back(request_id(scenario, request));
    }
    if (!out.judged_by_expectations) return out;
    out.expectations = scenario.expectations;
    out.checked = check_expectations(out.expectations, out.findings, [&](RequestId id) { return out.request_name(id); });
    return out;
}

}  // namespace kv
