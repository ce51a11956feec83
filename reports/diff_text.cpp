#include "reports/diff_text.h"

#include "reports/issue_words.h"
#include "reports/numbers.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace kv {
namespace {

constexpr std::size_t issues_shown_max = 8;  // Of each sort, of one scenario.

struct Sort {
    IssueState state;
    std::string_view word;
};
constexpr std::array<Sort, 3> sorts{{{IssueState::vanished, "fixed"}, {IssueState::failing, "new"}, {IssueState::known, "left"}}};

std::string issues_lines(const ScenarioIssues& scenario, const Sort& sort, Color color) {
    std::string out;
    std::size_t shown = 0, untold = 0;
    for (const Issue& issue : scenario.issues) {
        if (issue.state != sort.state) continue;
        if (shown == issues_shown_max) {
            ++untold;
            continue;
        }
        const std::string id(issue.property_id());
        out += key_line(shown++ == 0 ? sort.word : "",
                        fmt::format("{}: {}", sort.state == IssueState::failing ? red(id, color) : id, printable(issue.message)));
    }
    if (untold > 0) out += key_line("", fmt::format("and {} more (--format json has all)", untold));
    return out;
}

std::string block_of(const EngineDiff& diff, Color color) {
    std::string out = bold(printable(diff.issues.words), color) + '\n' + key_line("file", printable(diff.issues.file));
    for (const MovedFigure& figure : diff.moved)
        out += key_line(figure.name, fmt::format("{} -> {}", printable(figure.first), printable(figure.second)));
    for (const Sort& sort : sorts) out += issues_lines(diff.issues, sort, color);
    return out;
}

// By property, how many findings of each sort there are.
std::string table_of(std::span<const EngineDiff> diffs, Color color) {
    std::map<std::string_view, std::array<std::int64_t, sorts.size()>> counts;
    for (const EngineDiff& diff : diffs)
        for (const Issue& issue : diff.issues.issues)
            for (std::size_t sort = 0; sort < sorts.size(); ++sort)
                if (issue.state == sorts[sort].state) ++counts[issue.property_id()][sort];
    if (counts.empty()) return {};
    TextTable table({{"property"}, {"fixed", Align::right}, {"new", Align::right}, {"left", Align::right}});
    std::array<std::int64_t, sorts.size()> sums{};
    for (const auto& [property, count] : counts) {
        table.add({std::string(property), grouped(count[0]), grouped(count[1]), grouped(count[2])});
        for (std::size_t sort = 0; sort < sorts.size(); ++sort) sums[sort] += count[sort];
    }
    if (counts.size() > 1) table.add({"all", grouped(sums[0]), grouped(sums[1]), grouped(sums[2])});
    return table.text("  ", color);
}

// Whether the change shows in anything that is told of a scenario.
bool changes(const EngineDiff& diff) {
    return !diff.moved.empty() || diff.issues.count(IssueState::failing) + diff.issues.count(IssueState::vanished) > 0;
}

// "capacity-true, slot-in-bounds (21)"
std::string properties_words(const ScenarioIssues& scenario) {
    std::map<std::string_view, std::int64_t> counts;
    for (const Issue& issue : scenario.issues) ++counts[issue.property_id()];
    std::string out;
    for (const auto& [property, count] : counts)
        out += fmt::format("{}{}{}", out.empty() ? "" : ", ", property, count > 1 ? fmt::format(" ({})", grouped(count)) : "");
    return out;
}

}  // namespace

std::string diff_text(const DiffedEngines& engines, std::span<const EngineDiff> diffs, Color color) {
    std::string out = bold(printable(engines.first) + " -> " + printable(engines.second), color) + '\n';
    std::string left;
    std::int64_t silent = 0;
    for (const EngineDiff& diff : diffs) {
        if (changes(diff) || (diffs.size() == 1 && !diff.issues.issues.empty())) out += '\n' + block_of(diff, color);
        else if (diff.issues.issues.empty()) ++silent;
        else left += fmt::format("  {}: {}\n", printable(diff.issues.file), properties_words(diff.issues));
    }
    if (!left.empty()) out += '\n' + bold("Left as it is", color) + '\n' + left;
    out += '\n' + bold("Findings", color) + " in " + counted(std::ssize(diffs), "scenario", "scenarios") +
           (silent > 0 ? fmt::format(", of which {} show none under either engine", grouped(silent)) : "") + '\n';
    return out + table_of(diffs, color);
}

}  // namespace kv
