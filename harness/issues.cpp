#include "harness/issues.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kv {
namespace {

// Which figures say where a finding is; the others say how bad it is, and may change while it stays the same.
constexpr std::array<std::string_view, 8> placing{"rank", "group", "layer", "request", "length", "direction", "state", "released"};

std::string key_of(std::string_view head, const std::vector<NamedFigure>& figures) {
    std::string key(head);
    for (const NamedFigure& figure : figures)
        if (std::ranges::find(placing, figure.name) != placing.end()) key += ' ' + figure.name + '=' + figure.value;
    return key;
}

Issue finding_issue(const RanScenario& ran, std::size_t index, IssueState state) {
    const Finding& finding = ran.findings[index];
    const auto names = [&](RequestId id) { return ran.request_name(id); };
    return {.state = state,
            .property = finding.property,
            .message = finding.message,
            .figures = figures_of(finding, names),
            .times = finding.times,
            .place = ran.finding_places[index],
            .key = key_of(finding, names)};
}

Issue unmet_issue(const RanScenario& ran, std::size_t index) {
    const CheckedExpectation& checked = ran.checked[index];
    const Expectation& expected = ran.expectations[index];
    Issue issue{.property = expected.property,
                .expectation = true,
                .message = "expected " + checked.expected + ", actual: " + checked.actual,
                .place = expected.place.where,
                .key = "expects " + checked.expected};
    std::string wanted;
    for (const NamedFigure& figure : figures_of(expected)) wanted += ' ' + figure.name + '=' + figure.value;
    issue.key += wanted;
    for (const ComparedFigure& figure : checked.figures)
        if (!figure.equal())
            issue.message += "; " + figure.name + " expected " + figure.expected.value_or("-") + ", actual " + figure.actual.value_or("-");
    return issue;
}

}  // namespace

std::string_view Issue::property_id() const {
    return property ? property_ids[static_cast<std::size_t>(*property)] : std::string_view("expectation");
}

bool ScenarioIssues::fails() const { return count(IssueState::failing) > 0; }

std::int64_t ScenarioIssues::count(IssueState state) const { return std::ranges::count(issues, state, &Issue::state); }

std::string key_of(const Finding& finding, const RequestNames& names) {
    return key_of(property_ids[static_cast<std::size_t>(finding.property)], figures_of(finding, names));
}

ScenarioIssues issues_of(const RanScenario& ran) {
    ScenarioIssues out{.file = ran.file, .words = ran.words(), .engine = ran.choice.spelling, .command = repeating_command(ran)};
    std::vector<IssueState> states(ran.findings.size(), ran.judged_by_expectations ? IssueState::beside : IssueState::failing);
    for (std::size_t index = 0; index < ran.checked.size(); ++index) {
        const CheckedExpectation& checked = ran.checked[index];
        const Expectation& expected = ran.expectations[index];
        const bool of_nothing = expected.none() || expected.verdict == ExpectedVerdict::holds;
        if (!checked.met && !of_nothing) out.issues.push_back(unmet_issue(ran, index));
        if (checked.met || of_nothing)  // Where there should be nothing, what there is is what fails.
            for (const std::size_t finding : checked.findings)
                if (states[finding] != IssueState::failing) states[finding] = checked.met ? IssueState::expected : IssueState::failing;
    }
    for (std::size_t index = 0; index < ran.findings.size(); ++index) out.issues.push_back(finding_issue(ran, index, states[index]));
    return out;
}

std::string figures_words(const std::vector<NamedFigure>& figures) {
    std::string out;
    for (const NamedFigure& figure : figures) out += (out.empty() ? "" : ", ") + figure.name + ' ' + figure.value;
    return out;
}

}  // namespace kv
