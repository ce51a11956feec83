// The tables of capacity_html_tables.h that go into detail: groups, workloads, sweeps.
#include "reports/capacity_html_tables.h"
#include "reports/capacity_words.h"
#include "reports/html_table.h"
#include "reports/numbers.h"
#include "reports/palette.h"
#include "reports/plan_words.h"
#include "reports/quoting.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace kv {
namespace {

constexpr std::string_view none = "-";
constexpr std::size_t reasons_shown_max = 5;
constexpr std::size_t file_shown_max = 60;

// What several pools have alike is shown once, under all their names.
template <class Html>
std::string once_for_pools(const CapacityAnswer& answer, std::string_view what, Html html_of) {
    struct Shown {
        std::string html, engines;
        const CapacityPool* pool;
    };
    std::vector<Shown> shown;
    for (const CapacityPool& pool : answer.pools) {
        std::string html = html_of(pool, std::string());
        if (html.empty()) continue;
        const auto same = std::ranges::find(shown, html, &Shown::html);
        if (same != shown.end()) same->engines += ", " + pool.engine;
        else shown.push_back({std::move(html), pool.engine, &pool});
    }
    std::string out;
    for (const Shown& each : shown) out += html_of(*each.pool, fmt::format("{}: {}", what, each.engines));
    return out;
}

std::string groups_table(const CapacityPool& pool, const std::string& caption) {
    if (pool.groups.empty() || pool.refusal) return {};
    const CapacityTruth* truth = pool.truth();
    const bool held = truth != nullptr && truth->idle_blocks.size() == pool.groups.size();
    HtmlTable table(caption);
    table.head({number_cell("#"), text_cell("kind"), number_cell("block, tokens"), number_cell("layers"), number_cell("blocks, idle"),
                number_cell("at most"), text_cell("")});
    for (std::size_t i = 0; i < pool.groups.size(); ++i) {
        const GroupUse& group = pool.groups[i];
        HtmlCell number = head_cell(std::to_string(i));
        number.classes = "n";
        table.row({std::move(number), text_cell(group.bundle ? "several pages" : kind_words(group.spec)),
                   number_cell(grouped(block_of(group.spec).value)), number_cell(grouped(static_cast<std::int64_t>(group.layers))),
                   number_cell(held ? grouped(truth->idle_blocks[i].value) : none),
                   number_cell(held ? grouped(truth->peak_blocks[i].value) : none), text_cell(group.grows ? "grows" : "bounded")});
    }
    return table.html();
}

bool same_workload(const CapacityPool& one, const CapacityPool& other) {
    if (!one.workload || !other.workload) return one.workload.has_value() == other.workload.has_value();
    const WorkloadFit& left = *one.workload;
    const WorkloadFit& right = *other.workload;
    const auto same_points = [](const WorkloadPoint& a, const WorkloadPoint& b) {
        const auto* first = std::get_if<CapacityTruth>(&a.point.outcome);
        const auto* second = std::get_if<CapacityTruth>(&b.point.outcome);
        if (a.point.length != b.point.length || (first == nullptr) != (second == nullptr)) return false;
        return first == nullptr || (first->requests == second->requests && first->further == second->further);
    };
    return std::tie(left.too_long, left.fewest, left.median, left.most, left.median_tokens) ==
               std::tie(right.too_long, right.fewest, right.median, right.most, right.median_tokens) &&
           std::ranges::equal(left.points, right.points, same_points);
}

// A metric over the grid of a sweep: a line of cells for each line of the grid.
struct Metric {
    std::string title;
    std::vector<std::vector<HtmlCell>> lines;
};

const CapacityRow* row_in(const CapacityAnswer* answer, std::string_view engine) {
    if (answer == nullptr) return nullptr;
    const auto row = std::ranges::find(answer->rows, engine, &CapacityRow::engine);
    return row == answer->rows.end() ? nullptr : &*row;
}

const CapacityTruth* truth_in(const CapacityAnswer* answer, std::string_view engine) {
    const CapacityRow* row = row_in(answer, engine);
    return row != nullptr && row->pool ? answer->pools[*row->pool].truth() : nullptr;
}

HtmlCell without_figure(const CapacityAnswer* answer, const CapacityRow* row) {
    if (answer == nullptr || row == nullptr) return number_cell(none);
    const bool refused = row->refusal || (row->unavailable && row->unavailable->by == Unavailable::Why::refused_by_engine);
    HtmlCell cell = number_cell(refused ? "refused" : row->unavailable ? "no data" : none);
    cell.classes += " faint";
    return cell;
}

// Tokens in five tints, by their order of size between the least and the most of the model.
class Scale {
public:
    Scale(const SweepGrid& grid, const std::vector<std::string>& engines) {
        for (const SweepGrid::Line& line : grid.lines)
            for (const CapacityAnswer* answer : line.answers)
                for (const std::string& engine : engines) see(truth_in(answer, engine));
    }

    std::string_view tint(const CapacityTruth& truth) const {
        const double size = size_of(truth);
        if (size <= 0 || most_ <= least_) return {};
        const double place = std::log(size / least_) / std::log(most_ / least_) * static_cast<double>(scale_colors.size());
        return scale_colors.at(std::min(static_cast<std::size_t>(place), scale_colors.size() - 1));
    }

private:
    static double size_of(const CapacityTruth& truth) { return static_cast<double>(truth.grows ? truth.tokens().value : truth.requests); }
    void see(const CapacityTruth* truth) {
        if (truth == nullptr || size_of(*truth) <= 0) return;
        least_ = most_ == 0 ? size_of(*truth) : std::min(least_, size_of(*truth));
        most_ = std::max(most_, size_of(*truth));
    }
    double least_ = 0, most_ = 0;
};

Metric true_metric(const SweepGrid& grid, const std::string& engine, const Scale& scale) {
    Metric metric{.title = engine, .lines = {}};
    for (const SweepGrid::Line& line : grid.lines) {
        metric.lines.emplace_back();
        for (const CapacityAnswer* answer : line.answers) {
            const CapacityTruth* truth = truth_in(answer, engine);
            HtmlCell cell = truth == nullptr ? without_figure(answer, row_in(answer, engine))
                                             : number_cell(truth->grows ? grouped(truth->tokens().value) : fit_words(*truth));
            if (truth != nullptr) cell.classes += ' ' + std::string(scale.tint(*truth));
            metric.lines.back().push_back(std::move(cell));
        }
    }
    return metric;
}

Metric ratio_metric(const SweepGrid& grid, const std::string& engine) {
    Metric metric{.title = "reported / true, " + engine, .lines = {}};
    for (const SweepGrid::Line& line : grid.lines) {
        metric.lines.emplace_back();
        for (const CapacityAnswer* answer : line.answers) {
            const CapacityRow* row = row_in(answer, engine);
            if (row == nullptr || !row->judged) {
                metric.lines.back().push_back(without_figure(answer, row));
                continue;
            }
            HtmlCell cell = number_cell(ratio_words(row->judged->judgement.ratio));
            cell.html += fmt::format("<small>{}</small>", grouped(row->said->reported.value));
            const std::string tint = tint_class(distance_step(*row));
            if (!tint.empty()) cell.classes += ' ' + tint;
            metric.lines.back().push_back(std::move(cell));
        }
    }
    return metric;
}

bool same_cells(const Metric& one, const Metric& other) {
    return std::ranges::equal(one.lines, other.lines, [](const auto& left, const auto& right) {
        return std::ranges::equal(left, right,
                                  [](const HtmlCell& a, const HtmlCell& b) { return a.html == b.html && a.classes == b.classes; });
    });
}

std::vector<Metric> metrics_of(const ModelView& view, const SweepGrid& grid) {
    std::vector<std::string> engines;
    for (const std::size_t row : engine_rows(*view.base)) engines.push_back(view.base->rows[row].engine);
    const Scale scale(grid, engines);
    std::vector<Metric> metrics;
    for (const std::string& engine : engines) {
        Metric metric = true_metric(grid, engine, scale);
        const auto same = std::ranges::find_if(metrics, [&](const Metric& each) { return same_cells(each, metric); });
        if (same != metrics.end()) same->title += ", " + engine;
        else metrics.push_back(std::move(metric));
    }
    for (Metric& metric : metrics) metric.title = "true tokens, " + metric.title;
    for (const std::string& engine : engines) metrics.push_back(ratio_metric(grid, engine));
    return metrics;
}

// Why cells have no figure: each reason once, with the settings and engines that it is said of.
std::string reasons_html(const ModelView& view) {
    std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
    for (const CapacityAnswer* answer : view.answers) {
        std::string settings;
        for (const SweptSetting& setting : view.swept)
            settings += (settings.empty() ? "" : ", ") + setting.name + ' ' + setting_of(*answer, setting.name);
        for (const std::size_t row : engine_rows(*answer)) {
            if (answer->rows[row].judged) continue;
            const std::string why = why_no_figure(*answer, answer->rows[row]);
            auto known = std::ranges::find(reasons, why, [](const auto& reason) { return reason.first; });
            if (known == reasons.end()) known = reasons.insert(reasons.end(), {why, {}});
            known->second.push_back(answer->rows[row].engine + " with " + settings);
        }
    }
    std::string out;
    for (std::size_t i = 0; i < std::min(reasons.size(), reasons_shown_max); ++i) {
        const auto& [why, where] = reasons[i];
        const std::string more = where.size() > 1 ? fmt::format(" and {} more", where.size() - 1) : std::string();
        out += fmt::format("<li>{}{}: {}</li>\n", html_text(where.front()), more, html_text(why));
    }
    if (reasons.size() > reasons_shown_max)
        out += fmt::format("<li>{} further reasons are in the JSON</li>\n", reasons.size() - reasons_shown_max);
    return out.empty() ? out : "<p class=\"faint\">Without a figure:</p>\n<ul class=\"faint\">\n" + out + "</ul>\n";
}

}  // namespace

std::string groups_tables(const CapacityAnswer& answer) { return once_for_pools(answer, "Blocks that one request holds", groups_table); }

std::string workload_tables(const CapacityAnswer& answer) {
    if (answer.question.workload == nullptr) return {};
    std::vector<PoolView> pools = pools_with_truth(answer, same_workload);
    std::erase_if(pools, [](const PoolView& view) { return !view.pool->workload; });
    const std::string file = shortened(answer.question.workload->file, file_shown_max);
    if (pools.empty()) return "<p>" + html_text("Nothing is said of the requests of " + file) + ".</p>\n";
    HtmlTable table("Requests of " + file + " by their length, prompt and output together");
    std::vector<HtmlCell> top{{.html = ""}, {.html = ""}}, heads{text_cell("requests"), number_cell("length")};
    for (const PoolView& view : pools) {
        top.push_back({.html = html_text(view.engines), .classes = "begin", .columns = 2});
        heads.push_back(number_cell("true tokens"));
        heads.back().classes += " begin";
        heads.push_back(number_cell("at once"));
    }
    table.head(std::move(top));
    table.head(std::move(heads));
    for (std::size_t i = 0; i < pools.front().pool->workload->points.size(); ++i) {
        const WorkloadPoint& named = pools.front().pool->workload->points[i];
        std::vector<HtmlCell> cells{head_cell(named.name), number_cell(grouped(named.point.length.value))};
        for (const PoolView& view : pools) {
            const std::vector<WorkloadPoint>& points = view.pool->workload->points;
            const auto* truth = i < points.size() && points[i].point.length == named.point.length
                                    ? std::get_if<CapacityTruth>(&points[i].point.outcome)
                                    : nullptr;
            cells.push_back(number_cell(truth != nullptr && truth->grows ? grouped(truth->tokens().value) : none));
            cells.back().classes += " begin";
            cells.push_back(number_cell(truth != nullptr ? at_once_words(*truth) : none));
        }
        table.row(std::move(cells));
    }
    std::string out = table.empty() ? std::string() : table.html();
    for (const PoolView& view : pools)
        for (const std::string& sentence : workload_sentences(*view.pool->workload, view.pool->model_len_max))
            out += "<p>" + html_text(pools.size() == 1 ? sentence : view.engines + ": " + sentence) + "</p>\n";
    return out;
}

std::string sweep_tables(const ModelView& view) {
    const std::optional<SweepGrid> grid = sweep_grid(view);
    if (!grid) return {};
    std::string out;
    for (const Metric& metric : metrics_of(view, *grid)) {
        HtmlTable table(metric.title);
        std::vector<HtmlCell> heads{text_cell(grid->down_name)};
        for (const std::string& value : grid->across) heads.push_back(number_cell(grid->across_name + ' ' + value));
        table.head(std::move(heads));
        for (std::size_t i = 0; i < grid->lines.size(); ++i) {
            std::vector<HtmlCell> cells{head_cell(grid->lines[i].label)};
            std::ranges::copy(metric.lines[i], std::back_inserter(cells));
            table.row(std::move(cells));
        }
        out += table.html();
    }
    return "<div class=\"heat\">\n" + out + "</div>\n" + reasons_html(view);
}

std::string tint_key() {
    std::string out = "<p class=\"key faint\">reported / true: ";
    constexpr std::array<std::string_view, 4> under{"below 1", "below 0.91", "below 0.75", "below 0.5"};
    constexpr std::array<std::string_view, 4> over{"above 1", "above 1.1", "above 1.33", "above 2"};
    for (std::size_t i = under.size(); i-- > 0;) out += fmt::format("<span class=\"{}\">{}</span>", under_colors.at(i), under.at(i));
    out += "<span>true</span>";
    for (std::size_t i = 0; i < over.size(); ++i) out += fmt::format("<span class=\"{}\">{}</span>", over_colors.at(i), over.at(i));
    return out + "</p>\n";
}

}  // namespace kv
