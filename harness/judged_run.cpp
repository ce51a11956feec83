#include "harness/judged_run.h"

#include "properties/judges.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// What of the scenario a finding is about: its request, its group, the machine whose memory is counted, or the model.
SourceSpan place_of(const Finding& finding, const Scenario& scenario, const RequestList& list) {
    if (finding.request) {
        const auto place = static_cast<std::size_t>(*finding.request);
        if (place < list.requests.size()) {
            if (const auto& listed = list.requests[place].listed) return scenario.requests[*listed].place.where;
            return scenario.workload->place.where;
        }
    }
    if (finding.group && static_cast<std::size_t>(*finding.group) < scenario.groups.size())
        return scenario.groups[static_cast<std::size_t>(*finding.group)].place.where;
    const bool of_memory = finding.property == PropertyId::capacity_true || finding.property == PropertyId::admit_agrees;
    return of_memory ? scenario.machine_place.where : scenario.model.model_place.where;
}

}  // namespace

std::string RanScenario::request_name(RequestId id) const {
    const auto place = static_cast<std::size_t>(id);
    return place < request_names.size() ? request_names[place] : "request " + std::to_string(static_cast<std::int64_t>(id));
}

bool RanScenario::as_it_should() const {
    if (!judged_by_expectations) return findings.empty();
    return std::ranges::all_of(checked, &CheckedExpectation::met);
}

std::variant<RanScenario, Diagnostics> judge_scenario(const RunChoice& choice, const Scenario& scenario, EventSink& sink,
                                                      const RunLimits& limits) {
    Judges judges(&sink);
    auto ran = run_scenario(choice.engine, scenario, judges, limits);
    if (auto* wrong = std::get_if<Diagnostics>(&ran)) return std::move(*wrong);
    RanScenario out{.file = scenario.file,
                    .name = scenario.model.name,
                    .title = scenario.title,
                    .affects = scenario.affects,
                    .bugs = scenario.bugs,
                    .choice = choice,
                    .run = std::get<ScenarioRun>(std::move(ran)),
                    .findings = judges.findings().all(),
                    .judged_by_expectations = choice.own && !scenario.expectations.empty(),
                    .expectations = scenario.expectations};
    out.findings_not_kept = judges.findings().dropped();
    if (!out.findings.empty()) {  // Nobody else asks for names and places.
        auto listed = requests_of(scenario);
        if (auto* wrong = std::get_if<Diagnostics>(&listed)) return std::move(*wrong);
        const auto& list = std::get<RequestList>(listed);
        for (const ScenarioRequest& request : list.requests) out.request_names.push_back(request_id(scenario, request));
        for (const Finding& finding : out.findings) out.finding_places.push_back(place_of(finding, scenario, list));
    }
    if (!out.judged_by_expectations) return out;
    const std::optional<Raised> error = out.run.refusal ? std::optional(out.run.refusal->type) : std::nullopt;
    out.checked = check_expectations(out.expectations, {.findings = out.findings, .end = out.run.end, .error = error},
                                     [&](RequestId id) { return out.request_name(id); });
    return out;
}

std::vector<std::string> repeating_command(const RanScenario& ran) {
    std::vector<std::string> words{"kvproof", "run", ran.file};
    if (!ran.choice.own) words.insert(words.end(), {"--engine", ran.choice.spelling});
    if (ran.choice.seed) words.insert(words.end(), {"--seed", std::to_string(*ran.choice.seed)});
    return words;
}

}  // namespace kv
