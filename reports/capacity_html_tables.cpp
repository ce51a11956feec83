#include "reports/capacity_html_tables.h"

#include "reports/capacity_notes.h"
#include "reports/capacity_words.h"
#include "reports/html_table.h"
#include "reports/numbers.h"
#include "reports/palette.h"
#include "reports/plan_words.h"
#include "reports/quoting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace kv {
namespace {

constexpr std::string_view none = "-";

std::string tokens_words(std::int64_t tokens) { return counted(tokens, "token", "tokens"); }

std::string true_tokens(const CapacityTruth* truth) {
    if (truth == nullptr) return std::string(none);
    return truth->grows ? grouped(truth->tokens().value) : fit_words(*truth);
}

HtmlCell ratio_cell(const CapacityRow& row) {
    HtmlCell cell = number_cell(row.judged ? ratio_words(row.judged->judgement.ratio) : none);
    const std::string tint = tint_class(distance_step(row));
    if (!tint.empty()) cell.classes += ' ' + tint;
    return cell;
}

// Why there is no figure, in a word; the section of the model says all of it.
std::string_view short_reason(const CapacityAnswer& answer, const CapacityRow& row) {
    if (row.refusal || (row.unavailable && row.unavailable->by == Unavailable::Why::refused_by_engine)) return "refused";
    if (row.unavailable) return "no data";
    return answer.pools[*row.pool].groups.empty() ? "no cache" : none;
}

const CapacityRow* row_of(const CapacityAnswer& answer, std::string_view engine) {
    const auto row = std::ranges::find(answer.rows, engine, &CapacityRow::engine);
    return row == answer.rows.end() ? nullptr : &*row;
}

const CapacityTruth* truth_of(const CapacityAnswer& answer, const CapacityRow& row) {
    return row.pool ? answer.pools[*row.pool].truth() : nullptr;
}

std::vector<std::string> engines_of(const CapacityAnswer& answer) {
    std::vector<std::string> engines;
    for (const std::size_t row : engine_rows(answer)) engines.push_back(answer.rows[row].engine);
    return engines;
}

std::string memory_of(const CapacityAnswer& answer) {
    return answer.pools.empty() || answer.pools.front().memory.empty() ? std::string(none) : memory_words(answer.pools.front().memory);
}

std::string length_words(const CapacityAnswer& answer) {
    const auto known = std::ranges::find_if(answer.pools, [](const CapacityPool& pool) { return !pool.curve.empty(); });
    return known == answer.pools.end() ? std::string(none) : grouped(known->point().length.value);
}

void add_summary_row(HtmlTable& table, const ModelView& view, std::size_t index, const std::vector<std::string>& engines) {
    const CapacityAnswer& answer = *view.base;
    std::vector<HtmlCell> cells{{.html = fmt::format("<a href=\"#m{}\">{}</a>", index + 1, html_name(view.name)), .head = true},
                                number_cell(memory_of(answer)),
                                number_cell(length_words(answer))};
    for (const std::string& engine : engines) {
        const CapacityRow* row = row_of(answer, engine);
        if (row == nullptr || !row->judged) {
            HtmlCell why = text_cell(row == nullptr ? none : short_reason(answer, *row));
            why.columns = 3;
            why.classes = "begin faint";
            if (row != nullptr && row->said) {
                why.columns = 2;
                cells.push_back(number_cell(grouped(row->said->reported.value)));
                cells.back().classes += " begin";
                why.classes = "faint";
            }
            cells.push_back(std::move(why));
            continue;
        }
        cells.push_back(number_cell(grouped(row->said->reported.value)));
        cells.back().classes += " begin";
        cells.push_back(number_cell(grouped(row->judged->truth.value)));
        cells.push_back(ratio_cell(*row));
    }
    table.row(std::move(cells));
}

std::vector<HtmlCell> figure_cells(const CapacityAnswer& answer, const CapacityRow& row) {
    const CapacityTruth* truth = truth_of(answer, row);
    std::vector<HtmlCell> cells{number_cell(row.said ? grouped(row.said->reported.value) : none),
                                number_cell(row.said ? fmt::format("{:.2f}x", row.said->concurrency) : none),
                                number_cell(true_tokens(truth)),
                                number_cell(truth != nullptr ? at_once_words(*truth) + 'x' : none),
                                number_cell(truth != nullptr ? fit_words(*truth) : none),
                                ratio_cell(row)};
    if (!row.judged) {
        cells.push_back(text_cell(why_no_figure(answer, row)));
        cells.back().classes = "long faint";
    } else {
        cells.push_back(text_cell(verdict_words(*row.judged)));
        if (!row.judged->is_true()) cells.back().classes = "false";
    }
    return cells;
}

}  // namespace

std::string tint_class(std::optional<int> step) {
    if (!step || *step == 0) return {};
    return std::string(*step < 0 ? under_colors.at(static_cast<std::size_t>(-*step - 1))
                                 : over_colors.at(static_cast<std::size_t>(*step - 1)));
}

std::string summary_table(const std::vector<ModelView>& views) {
    if (views.empty()) return {};
    const std::vector<std::string> engines = engines_of(*views.front().base);
    HtmlTable table("Tokens that each engine reports, tokens that fit, and reported / true");
    std::vector<HtmlCell> top{{.html = ""}, {.html = ""}, {.html = ""}},
        heads{text_cell("model"), number_cell("memory"), number_cell("length")};
    for (const std::string& engine : engines) {
        top.push_back({.html = html_text(engine), .classes = "begin", .columns = 3});
        for (const std::string_view head : {"reported", "true", "ratio"}) {
            heads.push_back(number_cell(head));
            if (head == "reported") heads.back().classes += " begin";
        }
    }
    table.head(std::move(top));
    table.head(std::move(heads));
    for (std::size_t i = 0; i < views.size(); ++i) add_summary_row(table, views[i], i, engines);
    return table.html();
}

std::string figures_table(const CapacityAnswer& answer) {
    const auto judged = std::ranges::find_if(answer.pools, [](const CapacityPool& pool) { return pool.truth() != nullptr; });
    HtmlTable table(judged == answer.pools.end() ? std::string("What each engine and each patch reports")
                                                 : fmt::format("What each engine and each patch reports, and what fits of requests of {}",
                                                               tokens_words(judged->point().length.value)));
    table.head({text_cell("engine"), number_cell("reported, tokens"), number_cell("concurrency"), number_cell("true, tokens"),
                number_cell("concurrency"), number_cell("what fits"), number_cell("ratio"), text_cell("verdict")});
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        if (said_above(answer, i)) continue;
        const std::string engine = engine_words(answer.rows, i);
        std::vector<HtmlCell> cells{head_cell(engine)};
        if (engine != answer.rows[i].engine) cells.front().classes = "sub";
        std::ranges::move(figure_cells(answer, answer.rows[i]), std::back_inserter(cells));
        table.row(std::move(cells));
    }
    return table.html();
}

std::string lengths_table(const CapacityAnswer& answer) {
    const std::vector<PoolView> pools = pools_with_truth(answer, same_curve);
    std::set<Tokens> lengths;
    HtmlTable table("What fits of requests of other lengths");
    std::vector<HtmlCell> top{{.html = ""}}, heads{number_cell("length")};
    for (const PoolView& view : pools) {
        for (const CapacityPoint& point : view.pool->curve) lengths.insert(point.length);
        top.push_back({.html = html_text(view.engines), .classes = "begin", .columns = 2});
        heads.push_back(number_cell("tokens"));
        heads.back().classes += " begin";
        heads.push_back(number_cell("at once"));
    }
    if (lengths.empty()) return {};
    table.head(std::move(top));
    table.head(std::move(heads));
    for (const Tokens length : lengths) {
        std::vector<HtmlCell> cells{head_cell(grouped(length.value))};
        cells.front().classes = "n";
        for (const PoolView& view : pools) {
            const auto point = std::ranges::find(view.pool->curve, length, &CapacityPoint::length);
            const auto* truth = point == view.pool->curve.end() ? nullptr : std::get_if<CapacityTruth>(&point->outcome);
            cells.push_back(number_cell(truth != nullptr && truth->grows ? grouped(truth->tokens().value) : none));
            cells.back().classes += " begin";
            cells.push_back(number_cell(truth != nullptr ? at_once_words(*truth) : none));
        }
        table.row(std::move(cells));
    }
    return table.html();
}

std::string memory_table(const CapacityAnswer& answer) {
    std::vector<PoolView> pools = pools_with_truth(answer, same_memory_use);
    std::erase_if(pools, [](const PoolView& view) { return !view.pool->memory_use; });
    if (pools.empty()) return {};
    HtmlTable table("Where the memory goes when no further request fits");
    std::vector<HtmlCell> top{{.html = ""}}, heads{text_cell("part")};
    for (const PoolView& view : pools) {
        top.push_back({.html = html_text(view.engines), .classes = "begin", .columns = 2});
        heads.push_back(number_cell("bytes"));
        heads.back().classes += " begin";
        heads.push_back(number_cell("share"));
    }
    table.head(std::move(top));
    table.head(std::move(heads));
    const auto add = [&](HtmlCell name, Bytes MemoryUse::*part) {
        std::vector<HtmlCell> cells{std::move(name)};
        for (const PoolView& view : pools) {
            const MemoryUse& use = *view.pool->memory_use;
            cells.push_back(number_cell(grouped((use.*part).value)));
            cells.back().classes += " begin";
            cells.push_back(number_cell(percent_words(use.share(part))));
        }
        table.row(std::move(cells));
    };
    for (const MemoryPart& part : memory_parts()) {
        HtmlCell name = head_cell(part.name);
        name.html = fmt::format("<span class=\"swatch {}\"></span>{}", part.color, name.html);
        add(std::move(name), part.bytes);
    }
    add(head_cell("all"), &MemoryUse::memory);
    return table.html();
}

}  // namespace kv
