#include "reports/capacity_markdown.h"

#include "reports/capacity_notes.h"
#include "reports/capacity_words.h"
#include "reports/markdown_table.h"
#include "reports/numbers.h"
#include "reports/quoting.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::string_view none = "-";

const CapacityTruth* truth_of(const CapacityAnswer& answer, const CapacityRow& row) {
    return row.pool ? answer.pools[*row.pool].truth() : nullptr;
}

std::string summary(const std::vector<ModelView>& views) {
    std::vector<std::string> engines, heads{"model", "length"};
    for (const std::size_t row : engine_rows(*views.front().base)) engines.push_back(views.front().base->rows[row].engine);
    for (const std::string& engine : engines)
        for (const char* what : {" reported", " true", " ratio"}) heads.push_back(engine + what);
    MarkdownTable table(heads);
    for (const ModelView& view : views) {
        const auto known = std::ranges::find_if(view.base->pools, [](const CapacityPool& pool) { return !pool.curve.empty(); });
        std::vector<std::string> cells{view.name,
                                       known == view.base->pools.end() ? std::string(none) : grouped(known->point().length.value)};
        for (const std::string& engine : engines) {
            const auto row = std::ranges::find(view.base->rows, engine, &CapacityRow::engine);
            const bool there = row != view.base->rows.end();
            cells.push_back(there && row->said ? grouped(row->said->reported.value) : std::string(none));
            cells.push_back(there && row->judged ? grouped(row->judged->truth.value) : std::string(none));
            cells.push_back(there && row->judged ? ratio_words(row->judged->judgement.ratio) : std::string(none));
        }
        table.row(cells);
    }
    return table.text();
}

std::string figures_table(const CapacityAnswer& answer) {
    MarkdownTable table({"engine", "reported, tokens", "concurrency", "true, tokens", "true concurrency", "what fits", "ratio", "verdict"});
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        if (said_above(answer, i)) continue;
        const CapacityRow& row = answer.rows[i];
        const CapacityTruth* truth = truth_of(answer, row);
        table.row({engine_words(answer.rows, i), row.said ? grouped(row.said->reported.value) : std::string(none),
                   row.said ? fmt::format("{:.2f}x", row.said->concurrency) : std::string(none),
                   row.judged ? grouped(row.judged->truth.value) : std::string(none),
                   truth != nullptr ? at_once_words(*truth) + 'x' : std::string(none),
                   truth != nullptr ? fit_words(*truth) : std::string(none),
                   row.judged ? ratio_words(row.judged->judgement.ratio) : std::string(none),
                   row.judged ? verdict_words(*row.judged) : why_no_figure(answer, row)});
    }
    return table.text();
}

std::string lengths_table(const CapacityAnswer& answer) {
    std::string out;
    for (const PoolView& view : pools_with_truth(answer, same_curve)) {
        MarkdownTable table({"length", "true tokens, " + view.engines, "at once"}, 0);
        for (const CapacityPoint& point : view.pool->curve) {
            const auto* truth = std::get_if<CapacityTruth>(&point.outcome);
            table.row({grouped(point.length.value), truth != nullptr && truth->grows ? grouped(truth->tokens().value) : std::string(none),
                       truth != nullptr ? at_once_words(*truth) : std::string(none)});
        }
        out += table.text();
    }
    return out;
}

std::string memory_table(const CapacityAnswer& answer) {
    std::string out;
    for (const PoolView& view : pools_with_truth(answer, same_memory_use)) {
        if (!view.pool->memory_use) continue;
        MarkdownTable table({"memory, " + view.engines, "bytes", "share"});
        for (const MemoryPart& part : memory_parts())
            table.row({std::string(part.name), grouped(((*view.pool->memory_use).*part.bytes).value),
                       percent_words(view.pool->memory_use->share(part.bytes))});
        out += table.text();
    }
    return out;
}

std::string workload_table(const CapacityAnswer& answer) {
    std::string out;
    for (const CapacityPool& pool : answer.pools) {
        if (!pool.workload) continue;
        MarkdownTable table({"requests, " + pool.engine, "length", "true tokens", "at once"});
        for (const WorkloadPoint& each : pool.workload->points) {
            const auto* truth = std::get_if<CapacityTruth>(&each.point.outcome);
            table.row({std::string(each.name), grouped(each.point.length.value),
                       truth != nullptr && truth->grows ? grouped(truth->tokens().value) : std::string(none),
                       truth != nullptr ? at_once_words(*truth) : std::string(none)});
        }
        out += table.text();
        for (const std::string& sentence : workload_sentences(*pool.workload, pool.model_len_max)) out += markdown_text(sentence) + "\n\n";
    }
    if (!out.empty()) out = "Requests of " + markdown_text(answer.question.workload->file) + ".\n\n" + out;
    return out;
}

std::string sweep_cell(const CapacityAnswer* answer, const std::string& engine) {
    if (answer == nullptr) return std::string(none);
    const auto row = std::ranges::find(answer->rows, engine, &CapacityRow::engine);
    if (row == answer->rows.end() || !row->judged) return std::string(none);
    return fmt::format("{} / {} = {}", grouped(row->said->reported.value), grouped(row->judged->truth.value),
                       ratio_words(row->judged->judgement.ratio));
}

std::string sweep_tables(const ModelView& view) {
    const std::optional<SweepGrid> grid = sweep_grid(view);
    if (!grid) return {};
    std::string out = "Reported / true over what was swept:\n\n";
    for (const std::size_t row : engine_rows(*view.base)) {
        const std::string& engine = view.base->rows[row].engine;
        std::vector<std::string> heads{engine + (grid->down_name.empty() ? "" : ", by " + grid->down_name)};
        for (const std::string& value : grid->across) heads.push_back(grid->across_name + ' ' + value);
        MarkdownTable table(heads);
        for (const SweepGrid::Line& line : grid->lines) {
            std::vector<std::string> cells{line.label};
            for (const CapacityAnswer* answer : line.answers) cells.push_back(sweep_cell(answer, engine));
            table.row(cells);
        }
        out += table.text();
    }
    return out;
}

// An address in a link, every byte that is not plain as its number.
std::string address(std::string_view path) {
    std::string out;
    for (const char c : path) {
        const bool plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                           std::string_view("-._/").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string pictures(const ModelFigures& figures, const std::string& folder) {
    std::string out;
    for (const auto* figure : {&figures.curve, &figures.memory, &figures.heat})
        if (*figure)
            out += fmt::format("![{}]({}/{}-{}.svg)\n\n", markdown_text((*figure)->plot.meaning), address(folder),
                               address(figures.file_name), (*figure)->plot.name);
    return out;
}

// A block that no text in it can end.
std::string code_block(std::string_view text) {
    std::string fence = "```";
    while (text.find(fence) != std::string_view::npos) fence += '`';
    return fence + "sh\n" + std::string(text) + '\n' + fence + "\n\n";
}

std::string origin_text(const ReportOrigin& origin) {
    std::string out = "## Inputs and command\n\n";
    MarkdownTable table({"file", "bytes", "SHA-256"});
    for (const InputFile& input : origin.inputs)
        table.row({input.name, input.bytes ? grouped(*input.bytes) : std::string(none), input.bytes ? input.sha256 : "no plain file"});
    out += table.text() + "The command that writes this report to the standard output:\n\n" + code_block(origin.command);
    return out + markdown_text(origin.version) + '\n';
}

}  // namespace

std::string capacity_markdown(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin,
                              const std::vector<ModelFigures>& figures, const std::string& figures_folder) {
    const std::vector<ModelView> views = model_views(answers);
    std::string out = "# What really fits: KV cache capacity, reported against true\n\n";
    if (!views.empty()) out += summary(views);
    for (std::size_t i = 0; i < views.size(); ++i) {
        const ModelView& view = views[i];
        const std::string settings = settings_sentence(view.base->question.knobs);
        out += "## " + markdown_text(view.name) + "\n\n";
        out += markdown_text(capacity_sentence(*view.base)) + "\n\n";
        if (!settings.empty()) out += "With " + markdown_text(settings) + ".\n\n";
        const bool assumed = !view.base->pools.empty() && !view.base->pools.front().assumed.empty();
        if (assumed) out += "Assumed " + markdown_text(view.base->pools.front().assumed) + ".\n\n";
        out += figures_table(*view.base) + lengths_table(*view.base) + memory_table(*view.base) + workload_table(*view.base) +
               sweep_tables(view);
        if (!figures_folder.empty() && i < figures.size()) out += pictures(figures[i], figures_folder);
    }
    out += "## How to read it\n\n";
    for (const std::string_view sentence : reading_sentences()) out += markdown_text(sentence) + "\n\n";
    out += "## Engines and patches\n\n";
    for (const EngineNote& note : engine_notes(answers))
        out += "- **" + markdown_text(note.id) + "**: " + markdown_text(note.meaning) +
               (note.source.empty() ? "" : " (" + markdown_text(note.source) + ')') + '\n';
    return out + '\n' + origin_text(origin);
}

}  // namespace kv
