#include "harness/conform.h"

#include "cli/commands.h"
#include "reports/conform_text.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <set>
#include <utility>

namespace kv::cli {
namespace {

struct ConformCommand {
    std::vector<std::string> files;
    std::size_t differences = 10;
    EngineOptions engine;
    OutputOptions output;
};

// Of all files the first fields that differ; returns how many others there are.
std::size_t keep_fields(std::vector<ConformFile>& files, std::size_t most) {
    std::set<std::string> kept, left_out;
    for (ConformFile& file : files) {
        std::erase_if(file.fields, [&](const FieldSummary& summary) {
            const std::string& field = summary.first.field;
            if (kept.contains(field)) return false;
            if (kept.size() < most) return !kept.insert(field).second;
            left_out.insert(field);
            return true;
        });
    }
    return left_out.size();
}

std::string text_of(std::vector<ConformFile> files, std::size_t fields_max) {
    const std::size_t left_out = keep_fields(files, fields_max);
    std::string text = conform_text(files);
    if (left_out > 0) text += "\nand " + std::to_string(left_out) + " more fields differ; --differences shows more of them\n";
    return text;
}

int run(const ConformCommand& command) {
    ConformOptions options;
    if (command.engine.engine) {
        const auto engine = chosen_engine(command.engine, {});
        if (const auto* wrong = std::get_if<Diagnostic>(&engine)) {
            complain(to_text(*wrong));
            return bad_input;
        }
        options.engine = std::get<Engine>(engine);
    } else {
        // Patches and rules without an engine change the one that each line names, so they must fit every one that it may name.
        for (const Engine& named : engines()) {
            const auto engine = chosen_engine(command.engine, std::string(named.name));
            if (const auto* wrong = std::get_if<Diagnostic>(&engine)) {
                complain(to_text(*wrong));
                return bad_input;
            }
        }
        options.changes = changes_of(command.engine);
    }
    std::vector<ConformFile> files;
    std::string diagnostics;
    std::size_t differ = 0;
    for (const std::string& file : command.files) {
        files.push_back(conform_file(file, options));
        diagnostics += to_text(files.back().diagnostics);
        differ += files.back().differ;
    }
    if (!diagnostics.empty()) {
        complain(diagnostics);
        return bad_input;
    }
    const int status = differ == 0 ? ok : findings;
    return deliver(command.output, command.output.format == "json" ? conform_json(files) : text_of(std::move(files), command.differences),
                   status);
}

}  // namespace

Run add_conform(CLI::App& app) {
    auto command = std::make_shared<ConformCommand>();
    CLI::App& options = *app.add_subcommand("conform", "Compare the model with recorded answers of real engines; exit 1 when one differs");
    options.add_option("FILE", command->files, "recorded answers as JSON lines, plain or gzip")->required();
    options.add_option("--differences", command->differences, "how many of the differing fields are shown in text")
        ->type_name("N")
        ->capture_default_str();
    add_engine_options(options, command->engine);
    add_output_options(options, command->output);
    options.footer("Example: kvproof conform tests/golden/plan/plan-vllm-0.18.0.jsonl.gz");
    return [command] { return run(*command); };
}

}  // namespace kv::cli
