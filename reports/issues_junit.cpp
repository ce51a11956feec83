#include "reports/issues_junit.h"

#include "reports/issue_words.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

// Attributes and texts; what no XML may hold was made printable.
std::string xml(std::string_view text) { return html_text(text); }

std::string failure(const ScenarioIssues& scenario, const Issue& issue) {
    return fmt::format("      <failure type=\"{}\" message=\"{}\">{}\n{}\non {}\nrepeat: {}</failure>\n", xml(issue.property_id()),
                       xml(issue.message), xml(place_words(issue.place)), xml(issue_sentence(issue)), xml(scenario.engine),
                       xml(command_words(scenario.command)));
}

// What does not fail, line by line.
std::string aside(const ScenarioIssues& scenario) {
    std::string lines;
    for (const Issue& issue : scenario.issues)
        if (issue.state != IssueState::failing) lines += xml(fmt::format("{}: {}", name_of(issue.state), issue_sentence(issue))) + '\n';
    return lines.empty() ? lines : "      <system-out>" + lines + "</system-out>\n";
}

std::string test_case(const ScenarioIssues& scenario) {
    std::string inner;
    for (const Issue& issue : scenario.issues)
        if (issue.state == IssueState::failing) inner += failure(scenario, issue);
    inner += aside(scenario);
    const std::size_t slash = scenario.file.rfind('/');
    std::string folder = slash == std::string::npos ? "." : scenario.file.substr(0, slash);
    const std::string head = fmt::format("    <testcase name=\"{}: {}\" classname=\"{}\" file=\"{}\"",
                                         xml(scenario.file.substr(slash == std::string::npos ? 0 : slash + 1)), xml(scenario.words),
                                         xml(folder), xml(scenario.file));
    return inner.empty() ? head + "/>\n" : head + ">\n" + inner + "    </testcase>\n";
}

}  // namespace

std::string issues_junit(std::string_view suite, std::span<const ScenarioIssues> scenarios) {
    const auto failures = std::ranges::count_if(scenarios, &ScenarioIssues::fails);
    const std::string counts = fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\"", xml(suite), scenarios.size(), failures);
    std::string out = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite {}>\n", counts, counts);
    for (const ScenarioIssues& scenario : scenarios) out += test_case(scenario);
    return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace kv
