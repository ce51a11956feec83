#include "reports/issues_github.h"

#include "reports/issue_words.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <string_view>

namespace kv {
namespace {

// Of a message; of a property of the command also what separates properties.
std::string escaped(std::string_view text, bool property) {
    std::string out;
    for (const char c : text) {
        const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
        out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
    }
    return out;
}

std::string annotation(std::string_view level, const ScenarioIssues& scenario, const Issue& issue) {
    std::string message = issue_sentence(issue);
    message += "\non " + printable(scenario.engine) + "; repeat: " + command_words(scenario.command);
    return fmt::format("::{} file={},line={},col={},title={}::{}\n", level, escaped(printable(issue.place.file), true), issue.place.line,
                       issue.place.column, escaped(fmt::format("kvproof {}", issue.property_id()), true), escaped(message, false));
}

}  // namespace

std::string issues_github(std::span<const ScenarioIssues> scenarios) {
    std::string out;
    std::int64_t failing = 0, known = 0, vanished = 0;
    for (const ScenarioIssues& scenario : scenarios) {
        for (const Issue& issue : scenario.issues) {
            if (issue.state == IssueState::failing) out += annotation("error", scenario, issue);
            if (issue.state == IssueState::known) out += annotation("notice", scenario, issue);
        }
        failing += scenario.count(IssueState::failing);
        known += scenario.count(IssueState::known);
        vanished += scenario.count(IssueState::vanished);
    }
    return out + fmt::format("kvproof: {} failing, {} known, {} vanished in {} scenarios\n", failing, known, vanished, scenarios.size());
}

}  // namespace kv
