// kvproof: options in, a command, an exit status out. What the statuses mean is in cli/output.h.
#include "cli/commands.h"
#include "cli/version.h"
#include "scenarios/utf8.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <map>
#include <new>
#include <string>
#include <vector>

namespace kv::cli {
namespace {

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
    return names;
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

int usage_error(const std::string& who, const std::string& message) {
    complain(printable(who + ": error: " + message) + '\n');
    return bad_input;
}

// ": did you mean plan?", or what else there is to say.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& names, const std::string& otherwise) {
    const std::string meant = nearest(word, {names.begin(), names.end()});
    return ": " + (meant.empty() ? otherwise : "did you mean " + meant + '?');
}

// CLI11 says which words were left over; the nearest option is added.
int unknown_option(const CLI::App& command, const std::vector<std::string>& words) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::string word = words.empty() ? "" : words.front().substr(0, words.front().find('='));
    return usage_error("kvproof " + command.get_name(), "unexpected " + word + did_you_mean(word, names, "--help lists the options"));
}

int parse_and_run(int argc, char** argv) {
    CLI::App app("Plans and checks how LLM inference engines divide, size and address their KV cache.", "kvproof");
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    app.footer("Example: kvproof plan scenarios/plans/gpt-oss-120b.toml");
    const std::map<std::string, Run> commands{{"plan", add_plan(app)},      {"run", add_run(app)},         {"capacity", add_capacity(app)},
                                              {"diff", add_diff(app)},      {"conform", add_conform(app)}, {"explain", add_explain(app)},
                                              {"kernels", add_kernels(app)}};
    const std::string first = argc > 1 ? argv[1] : "";
    if (first.empty()) return usage_error("kvproof", "expected a command: " + listed(names_of(app)) + "; --help tells more");
    if (first[0] != '-' && !commands.contains(first))
        return usage_error("kvproof",
                           "there is no command " + first + did_you_mean(first, names_of(app), "there are " + listed(names_of(app))));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ExtrasError&) {
        const auto chosen = app.get_subcommands();
        return unknown_option(chosen.empty() ? app : *chosen.front(), app.remaining(true));
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);  // --help, --version
        return usage_error("kvproof " + (commands.contains(first) ? first : ""), std::string(error.what()) + "; --help tells more");
    }
    return commands.at(app.get_subcommands().front()->get_name())();
}

}  // namespace
}  // namespace kv::cli

int main(int argc, char** argv) {
    kv::cli::watch_signals();
    try {
        return kv::cli::parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        kv::cli::complain(std::string("kvproof: this is a defect of kvproof, not of its input: ") + error.what() + '\n');
        return kv::cli::own_defect;
    }
}
