// The commands of kvproof. Each declares its options on a CLI11 subcommand and returns what is to be run once they are read.
#pragma once

#include "cli/output.h"
#include "model/engine.h"
#include "scenarios/diagnostic.h"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace kv::cli {

using Run = std::function<int()>;  // Gives the exit status.

Run add_plan(CLI::App& app);
Run add_conform(CLI::App& app);
Run add_explain(CLI::App& app);
Run add_capacity(CLI::App& app);
Run add_kernels(CLI::App& app);
Run add_run(CLI::App& app);
Run add_diff(CLI::App& app);

// Options that several commands have.
void add_output_options(CLI::App& command, OutputOptions& options, const std::vector<std::string>& formats = {"text", "json"});

struct EngineOptions {
    std::optional<std::string> engine;  // Empty: the file's, or the newest.
    std::vector<std::string> patches;
    std::vector<std::string> rules;
};
void add_engine_options(CLI::App& command, EngineOptions& options);

// What is planned with when nobody names an engine.
inline constexpr const char* default_engine = "vllm-0.32.0";

// The patches and rules of the flags, as they follow the name of an engine that something else names.
std::string changes_of(const EngineOptions& options);

// NAME[+PATCH...][,slot=rule...]: the flags laid over the spelling that a file gives (empty: none).
std::string chosen_spelling(const EngineOptions& options, const std::string& spelling_of_file);

// The engine of the flags, laid over the spelling that a file gives (empty: none).
std::variant<Engine, Diagnostic> chosen_engine(const EngineOptions& options, const std::string& spelling_of_file);

}  // namespace kv::cli
