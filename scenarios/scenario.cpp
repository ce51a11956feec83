#include "scenarios/scenario.h"

#include "model/engine.h"
#include "model/known_bugs.h"
#include "scenarios/expect_reader.h"
#include "scenarios/model_reader.h"
#include "scenarios/request_reader.h"
#include "scenarios/text_file.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <set>
#include <utility>

namespace kv {
namespace {

// A list of names, each of which is known and stands there once. `things` is what they are, where none is meant.
void read_names(const TableReader& head, std::string_view key, const std::vector<std::string_view>& known, const std::string& things,
                std::vector<std::string>& names) {
    if (!head.take(key, names)) return;
    const auto& items = std::get<TomlArray>(head.value(key)->value).items;
    const std::string in_key = "`" + std::string(key) + "` names ";
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string& name = names[i];
        const std::string shown = in_key + '"' + shortened(name, 40) + '"';
        if (!seen.insert(name).second) head.source().error(items[i].where, shown + " twice");
        if (std::ranges::find(known, name) != known.end()) continue;
        const std::string meant = head.source().crowded() ? "" : nearest(name, known);
        head.source().error(items[i].where, shown + ": " + (meant.empty() ? "expected " + things : "did you mean \"" + meant + "\"?"));
    }
}

void read_head(const TableReader& head, Scenario& out) {
    std::int64_t format = 1;
    head.take("format", format);
    head.take("title", out.title);
    head.take("seed", out.seed);
    std::vector<std::string_view> known;
    std::string all;
    for (const Engine& engine : engines()) {
        known.push_back(engine.name);
        all += (all.empty() ? "of " : ", ") + std::string(engine.name);
    }
    read_names(head, "affects", known, all, out.affects);
    std::vector<std::string_view> bugs;
    for (const KnownBug& bug : known_bugs()) bugs.push_back(bug.id);
    read_names(head, "bugs", bugs, "the number of a known bug, such as \"B19\"", out.bugs);
}

void read_spread(const TableReader& table, Spread& spread) {
    table.take("dp", spread.data);
    table.take("ep", spread.expert);
    table.take("layout", spread.layout);
    table.take("micro_batches", spread.micro_batches);
    table.take("expert_chunk", spread.expert_chunk);
}

void read_stepping(const TableReader& table, Stepping& stepping) {
    table.take("chunk_max", stepping.chunk_max);
    table.take("whole_request_must_fit", stepping.whole_request_must_fit);
    table.take("steps_max", stepping.steps_max);
    table.take("dp_padding", stepping.dp_padding);
    if (!table.take("graph_sizes", stepping.graph_sizes)) return;
    const auto& items = std::get<TomlArray>(table.value("graph_sizes")->value).items;
    for (std::size_t i = 1; i < items.size(); ++i)
        if (stepping.graph_sizes[i] <= stepping.graph_sizes[i - 1])
            table.source().error(items[i].where, "`graph_sizes` do not rise: " + std::to_string(stepping.graph_sizes[i]) + " after " +
                                                     std::to_string(stepping.graph_sizes[i - 1]));
}

void read_routed(const TableReader& table, RoutedModel& routed) {
    table.take("experts", routed.experts);
    table.take("topk", routed.topk);
    table.take("dense_first", routed.dense_first);
    table.take("redundant_experts", routed.redundant_experts);
    table.take("shared_experts", routed.shared_experts);
    if (routed.experts && routed.topk && *routed.topk > *routed.experts)
        table.error("topk", "is " + std::to_string(*routed.topk) + ": a layer has " + std::to_string(*routed.experts) + " experts");
    if (table.has("topk") && !table.has("experts") && !table.has("config"))
        table.error("topk", "has no `experts` beside it: expected how many there are to choose from");
    if (table.has("experts") && !table.has("topk") && !table.has("config"))
        table.error("experts", "has no `topk` beside it: expected how many of them a token is routed to");
}

void read_capture(const TableReader& table, const Scenario& scenario, ScenarioCapture& capture) {
    capture.enabled = true;
    table.take("enabled", capture.enabled);
    table.take("opt_in", capture.opt_in);
    table.take("draft_layers", capture.draft_layers);
    table.take("draft_first", capture.draft_first);
    table.take("routes_inside", capture.routes_inside);
    table.take("router_columns", capture.router_columns);
    table.take("router_layer", capture.router_layer);
    table.take("reader_layers", capture.reader_layers);
    if (capture.draft_layers > 0 && scenario.model.settings.drafting.tokens == 0)
        table.error("draft_layers", "stands without [scheduler] draft: there is no drafter");
    if (table.has("draft_first") && capture.draft_layers == 0)
        table.error("draft_first", "has no `draft_layers` beside it: the drafter has no layer with a router");
    if (capture.enabled && !scenario.config && !scenario.routed.experts)
        table.source().error(table.header(), "[capture] of a model without `experts`: expected them and `topk` in [model], or a `config`");
}

void read_machine(const TableReader& table, Scenario& out) {
    table.take("host", out.host);
    out.machine_place = table.source().place(table.header());
    if (!table.has("memory") && !table.has("blocks"))
        table.source().error(table.header(), "[machine] has no `memory`: expected a size for the cache, or `blocks`");
}

void read_all(const TableReader& head, Scenario& out) {
    const Sections sections(head);
    read_head(head, out);
    read_model(sections, out);
    if (sections.model) read_routed(*sections.model, out.routed);
    if (sections.machine) read_machine(*sections.machine, out);
    if (sections.parallel) read_spread(*sections.parallel, out.spread);
    if (sections.cache) sections.cache->take("router_block", out.router_block);
    if (sections.scheduler) read_stepping(*sections.scheduler, out.stepping);
    if (sections.capture) read_capture(*sections.capture, out, out.capture);
    read_requests(head, sections, out);
    read_expectations(head, out);
}

}  // namespace

std::variant<Scenario, Diagnostics> read_scenario(const std::string& file, const std::string& text) {
    if (text.size() > model_file_bytes_max)
        return Diagnostics{
            {.where = {.file = file}, .message = "is larger than " + std::to_string(model_file_bytes_max) + " bytes, the most that is read"}};
    SourceText source(file, text);
    const std::optional<TomlTable> root = read_toml(source);
    Scenario out{.file = file};
    if (root) {
        const TableReader head(source, "", *root, {0, std::max<std::size_t>(1, std::min(source.text().find('\n'), source.text().size()))});
        read_all(head, out);
    }
    if (source.failed()) return source.diagnostics();
    return out;
}

std::variant<Scenario, Diagnostics> load_scenario(const std::string& file) {
    const auto text = read_text_file(file, model_file_bytes_max);
    if (const auto* unreadable = std::get_if<Diagnostic>(&text)) return Diagnostics{*unreadable};
    return read_scenario(file, std::get<std::string>(text));
}

std::string beside(const std::string& scenario_file, const std::string& path) {
    const std::size_t slash = scenario_file.rfind('/');
    return path.starts_with('/') || slash == std::string::npos ? path : scenario_file.substr(0, slash + 1) + path;
}

}  // namespace kv
