#include "reports/run_markdown.h"

#include "model/known_bugs.h"
#include "reports/markdown_table.h"
#include "reports/numbers.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

std::string_view name_of(PropertyId property) { return property_ids[static_cast<std::size_t>(property)]; }

void add_once(std::string& list, std::string_view word) {
    const std::string whole = ", " + list + ", ";
    if (whole.find(", " + std::string(word) + ", ") == std::string::npos) list += (list.empty() ? "" : ", ") + std::string(word);
}

// What the scenario asks of the properties; of one that asks nothing, what they say.
std::string properties_words(const RanScenario& ran) {
    std::string out;
    for (const Expectation& expected : ran.expectations) {
        if (expected.ends) add_once(out, fmt::format("ends {}", kv::name_of(*expected.ends)));
        else if (expected.none()) add_once(out, "none");
        else if (expected.verdict == ExpectedVerdict::holds) add_once(out, fmt::format("{} holds", name_of(*expected.property)));
        else add_once(out, name_of(*expected.property));
    }
    if (ran.expectations.empty())
        for (const Finding& finding : ran.findings) add_once(out, name_of(finding.property));
    return out.empty() ? "none" : out;
}

std::string engines_words(const RanScenario& ran) {
    std::string out;
    for (const std::string& engine : ran.affects) add_once(out, printable(engine));
    return out.empty() ? "-" : out;
}

// "vllm#40691, #40384": where what it shows was told.
std::string threads_words(const RanScenario& ran) {
    std::string out;
    for (const std::string& id : ran.bugs)
        if (const KnownBug* bug = known_bug(id)) out += fmt::format("{}{} {}", out.empty() ? "" : "; ", bug->id, bug->threads);
    return out.empty() ? "-" : out;
}

std::string folder_of(const std::string& file) {
    const std::size_t slash = file.rfind('/');
    return slash == std::string::npos ? std::string() : file.substr(0, slash);
}

}  // namespace

std::string run_markdown(std::span<const RanScenario> ran) {
    std::string out = "# Scenarios\n\n" + counted(std::ssize(ran), "scenario file", "scenario files") +
                      ", run by `kvproof run`. Each says what it is, which engine it is run on and what the properties must find;\n"
                      "`kvproof explain PROPERTY` says what a property means, and `kvproof diff ENGINE ENGINE FILE` what a change of\n"
                      "rules makes of one. \"Affects\" names the released engines that show any finding on the file.\n\n";
    std::vector<std::string> folders;
    for (const RanScenario& each : ran)
        if (std::ranges::find(folders, folder_of(each.file)) == folders.end()) folders.push_back(folder_of(each.file));
    for (const std::string& folder : folders) {
        MarkdownTable table({"file", "what", "bug", "expected", "engine", "affects"}, 6);
        for (const RanScenario& each : ran)
            if (folder_of(each.file) == folder)
                table.row({each.file.substr(folder.empty() ? 0 : folder.size() + 1), each.words(), threads_words(each),
                           properties_words(each), each.choice.spelling, engines_words(each)});
        out += "## " + markdown_text(folder.empty() ? "." : folder) + "\n\n" + table.text();
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace kv
