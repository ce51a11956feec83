#include "reports/issue_words.h"

#include "reports/numbers.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

namespace kv {

std::string command_words(const std::vector<std::string>& command) {
    std::string out;
    for (const std::string& word : command) out += (out.empty() ? "" : " ") + shell_word(word);
    return out;
}

std::string issue_sentence(const Issue& issue) {
    std::string out = fmt::format("{}: {}", issue.property_id(), printable(issue.message));
    if (issue.times > 1) out += fmt::format(" ({} times)", grouped(issue.times));
    if (!issue.figures.empty()) out += " [" + printable(figures_words(issue.figures)) + ']';
    return out;
}

std::string place_words(const SourceSpan& place) { return fmt::format("{}:{}", printable(place.file), place.line); }

}  // namespace kv
