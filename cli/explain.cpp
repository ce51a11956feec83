#include "cli/commands.h"
#include "model/known_bugs.h"
#include "reports/event_kinds.h"
#include "reports/event_schema.h"
#include "reports/explain_text.h"
#include "reports/layout_text.h"
#include "reports/run_schema.h"
#include "reports/scenario_schema.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace kv::cli {
namespace {

constexpr std::string_view layouts = "layouts";  // What is no table of rules: a survey of what they do.
constexpr std::string_view scenario_schema_id = "scenario-schema";
constexpr std::string_view event_schema_id = "event-schema";
constexpr std::string_view run_schema_id = "run-schema";
constexpr std::string_view diff_schema_id = "diff-schema";
constexpr std::string_view events_id = "events";
constexpr std::string_view markdown = "md";

struct ExplainOptions {
    std::string id;
    OutputOptions output;
};

int unknown(const std::string& id) {
    std::vector<std::string_view> known = explained_ids();
    for (const KnownBug& bug : known_bugs()) known.push_back(bug.id);
    known.insert(known.end(), {layouts, scenario_schema_id, event_schema_id, run_schema_id, diff_schema_id, events_id});
    const std::string meant = nearest(id, known);
    const std::string hint =
        meant.empty() ? "`kvproof explain` lists engines, slots, rules, patches and properties" : "did you mean `" + meant + "`?";
    complain(to_text(diagnostic_at("explain", id, 0, id.size(), "nothing is called this: " + hint)));
    return bad_input;
}

int explain_events(const ExplainOptions& options) {
    if (options.output.format == "json") return deliver(options.output, event_schema(), ok);
    const bool text = options.output.format != markdown;
    return deliver(options.output, text ? events_text(chosen_color(options.output)) : events_markdown(), ok);
}

int run(const ExplainOptions& options) {
    const bool json = options.output.format == "json";
    const Color color = chosen_color(options.output);
    if (options.id == events_id) return explain_events(options);
    if (options.output.format == markdown) {
        complain("kvproof: error: only `kvproof explain events` has a Markdown form; write --format text or --format json\n");
        return bad_input;
    }
    if (options.id.empty()) return deliver(options.output, json ? explain_all_json() : explain_all_text(color), ok);
    if (options.id == layouts) {
        const SurveyBounds bounds;
        const std::vector<SurveyedRule> rules = survey_layouts(bounds);
        return deliver(options.output, json ? layouts_json(bounds, rules) : layouts_text(bounds, rules, color), ok);
    }
    if (options.id == event_schema_id) return deliver(options.output, event_schema(), ok);
    if (options.id == run_schema_id) return deliver(options.output, run_schema(), ok);
    if (options.id == diff_schema_id) return deliver(options.output, diff_schema(), ok);
    if (options.id == scenario_schema_id) return deliver(options.output, scenario_schema(), ok);  // In either format: it is JSON.
    const auto told = json ? explain_json(options.id) : explain_text(options.id, color);
    return told ? deliver(options.output, *told, ok) : unknown(options.id);
}

}  // namespace

Run add_explain(CLI::App& app) {
    auto options = std::make_shared<ExplainOptions>();
    CLI::App& command = *app.add_subcommand("explain", "Engines, rules, patches and properties: all of them, or one");
    command.add_option(
        "ID", options->id,
        "an engine, a slot, a rule, slot=rule, a patch, a property, a bug by its number (B19), `layouts`: how every small step reaches a "
        "router, counted, `events`: all that engines tell, or `scenario-schema`, `event-schema`, `run-schema` or `diff-schema`: the format "
        "of these files as a JSON Schema");
    add_output_options(command, options->output, {"text", "json", std::string(markdown)});
    command.footer("Example: kvproof explain pr-37118");
    return [options] { return run(*options); };
}

}  // namespace kv::cli
