#include "cli/commands.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace kv::cli {
namespace {

// Patches stand in front of single rules, wherever the spelling ends.
std::string with_patch(const std::string& spelling, const std::string& patch) {
    std::string patched = spelling;
    return patched.insert(std::min(spelling.find(','), spelling.size()), '+' + patch);
}

// The engine before patches and rules of the flags.
std::string unchanged_spelling(const EngineOptions& options, const std::string& spelling_of_file) {
    return options.engine.value_or(spelling_of_file.empty() ? default_engine : spelling_of_file);
}

}  // namespace

void add_output_options(CLI::App& command, OutputOptions& options, const std::vector<std::string>& formats) {
    std::string names;
    for (std::size_t i = 0; i < formats.size(); ++i) names += (i == 0 ? "" : i + 1 == formats.size() ? " or " : ", ") + formats[i];
    command.add_option("--format", options.format, names)->check(CLI::IsMember(formats))->type_name("FORMAT");
    command.add_option("--output", options.file, "write the report to FILE, whole or not at all")->type_name("FILE");
    command.add_option("--color", options.color, "auto, always or never; NO_COLOR is honoured")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN");
    command.add_flag("--quiet", options.quiet, "print no report, only errors");
}

void add_engine_options(CLI::App& command, EngineOptions& options) {
    command.add_option("--engine", options.engine, "engine, as in vllm-0.18.0+pr-37118,side-buffer=group-slots")->type_name("ENGINE");
    command.add_option("--patch", options.patches, "a patch on top of it; may be repeated")->type_name("PATCH")->allow_extra_args(false);
    command.add_option("--rule", options.rules, "a single rule in its place; may be repeated")
        ->type_name("SLOT=RULE")
        ->allow_extra_args(false);
}

std::string changes_of(const EngineOptions& options) {
    std::string changes;
    for (const std::string& patch : options.patches) changes += '+' + patch;
    for (const std::string& rule : options.rules) changes += ',' + rule;
    return changes;
}

std::string chosen_spelling(const EngineOptions& options, const std::string& spelling_of_file) {
    std::string whole = unchanged_spelling(options, spelling_of_file);
    for (const std::string& patch : options.patches) whole = with_patch(whole, patch);
    for (const std::string& rule : options.rules) whole += ',' + rule;
    return whole;
}

std::variant<Engine, Diagnostic> chosen_engine(const EngineOptions& options, const std::string& spelling_of_file) {
    // The flags together may make a table that none of them makes alone.
    auto made = engine_spelled(chosen_spelling(options, spelling_of_file));
    if (auto* engine = std::get_if<Engine>(&made)) return std::move(*engine);

    std::string spelling = unchanged_spelling(options, spelling_of_file);
    made = engine_spelled(spelling);
    if (const auto* wrong = std::get_if<EngineSpelling>(&made)) {
        const std::size_t begin = std::min(wrong->column - 1, spelling.size());
        const std::size_t end = std::min(spelling.find_first_of("+,", begin), spelling.size());
        return diagnostic_at("--engine", spelling, begin, std::max<std::size_t>(end - begin, 1), wrong->message);
    }
    for (const std::string& patch : options.patches) {
        spelling = with_patch(spelling, patch);
        made = engine_spelled(spelling);
        if (const auto* wrong = std::get_if<EngineSpelling>(&made)) return diagnostic_at("--patch", patch, 0, patch.size(), wrong->message);
    }
    for (const std::string& rule : options.rules) {
        spelling += ',' + rule;
        made = engine_spelled(spelling);
        if (const auto* wrong = std::get_if<EngineSpelling>(&made)) return diagnostic_at("--rule", rule, 0, rule.size(), wrong->message);
    }
    return std::get<Engine>(std::move(made));
}

}  // namespace kv::cli
