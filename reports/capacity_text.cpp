#include "reports/capacity_text.h"

#include "reports/capacity_notes.h"
#include "reports/capacity_view.h"
#include "reports/capacity_words.h"
#include "reports/numbers.h"
#include "reports/plan_words.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kv {

namespace {

constexpr std::size_t name_shown_max = 60;
constexpr std::size_t reason_in_table_max = 20;  // The sentence says all of it.
constexpr std::size_t pools_beside_max = 3;      // That one table shows beside each other.

std::string title(std::string_view text, Color color) { return '\n' + bold(text, color) + '\n'; }

std::string head_text(const CapacityAnswer& answer, Color color) {
    std::string out = bold(shortened(answer.model, name_shown_max), color) + '\n';
    const std::string settings = settings_sentence(answer.question.knobs);
    if (!settings.empty()) out += key_line("with", settings);
    if (answer.pools.empty()) return out;
    const CapacityPool& pool = answer.pools.front();
    out += key_line("memory", memory_words(pool.memory));
    if (!pool.assumed.empty()) out += key_line("assumed", pool.assumed);
    out += key_line("longest request", counted(pool.model_len_max.value, "token", "tokens"));
    out += key_line("a step", counted(pool.settings.batched_max.value, "token", "tokens"));
    return out;
}

std::vector<std::string> figure_cells(const CapacityAnswer& answer, const CapacityRow& row, Color color) {
    const CapacityTruth* truth = row.pool ? answer.pools[*row.pool].truth() : nullptr;
    const std::string why = why_no_figure(answer, row);
    std::vector<std::string> cells{row.said ? grouped(row.said->reported.value) : "-",
                                   row.said ? fmt::format("{:.2f}x", row.said->concurrency) : "-"};
    cells.push_back(truth != nullptr && truth->grows ? grouped(truth->tokens().value) : "-");
    cells.push_back(truth != nullptr ? fit_words(*truth) : "-");
    cells.push_back(row.judged ? ratio_words(row.judged->judgement.ratio) : "-");
    if (!row.judged) cells.push_back(shortened(why, reason_in_table_max));
    else cells.push_back(row.judged->is_true() ? verdict_words(*row.judged) : red(verdict_words(*row.judged), color));
    return cells;
}

const std::vector<TextTable::Column> figure_columns{{"reported", Align::right},    {"concurrency", Align::right},
                                                    {"true tokens", Align::right}, {"what fits", Align::right},
                                                    {"ratio", Align::right},       {"verdict"}};

std::string rows_text(const CapacityAnswer& answer, Color color) {
    std::vector<TextTable::Column> columns{{"engine"}};
    columns.insert(columns.end(), figure_columns.begin(), figure_columns.end());
    TextTable table(columns);
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        if (said_above(answer, i)) continue;
        const std::string engine = engine_words(answer.rows, i);
        std::vector<std::string> cells{engine == answer.rows[i].engine ? engine : "  " + engine};
        std::ranges::move(figure_cells(answer, answer.rows[i], color), std::back_inserter(cells));
        table.add(std::move(cells));
    }
    const auto judged = std::ranges::find_if(answer.pools, [](const CapacityPool& pool) { return pool.truth() != nullptr; });
    std::string what = "What fits, and what each engine says";
    if (judged != answer.pools.end())
        what =
            fmt::format("What fits of requests of {}, and what each engine says", counted(judged->point().length.value, "token", "tokens"));
    return title(what, color) + table.text("  ", color);
}

// The pools that have something to show beside each other.
std::vector<const CapacityPool*> shown_pools(const CapacityAnswer& answer) {
    std::vector<const CapacityPool*> pools;
    for (const CapacityPool& pool : answer.pools)
        if (pool.truth() != nullptr && pools.size() < pools_beside_max) pools.push_back(&pool);
    return pools;
}

std::string curve_text(const CapacityAnswer& answer, Color color) {
    const std::vector<const CapacityPool*> pools = shown_pools(answer);
    std::set<Tokens> lengths;
    std::vector<TextTable::Column> columns{{"length", Align::right}};
    for (const CapacityPool* pool : pools) {
        for (const CapacityPoint& point : pool->curve) lengths.insert(point.length);
        columns.push_back({"tokens, " + pool->engine, Align::right});
        columns.push_back({"at once", Align::right});
    }
    if (lengths.size() < 2) return {};
    TextTable table(columns);
    for (const Tokens length : lengths) {
        std::vector<std::string> cells{grouped(length.value)};
        for (const CapacityPool* pool : pools) {
            const auto point = std::ranges::find(pool->curve, length, &CapacityPoint::length);
            const auto* truth = point == pool->curve.end() ? nullptr : std::get_if<CapacityTruth>(&point->outcome);
            cells.push_back(truth != nullptr && truth->grows ? grouped(truth->tokens().value) : "-");
            cells.push_back(truth != nullptr ? at_once_words(*truth) : "-");
        }
        table.add(std::move(cells));
    }
    return title("What fits of other lengths", color) + table.text("  ", color);
}

std::string group_table(const CapacityPool& pool, Color color) {
    const CapacityTruth* truth = pool.truth();
    const bool held = truth != nullptr && truth->idle_blocks.size() == pool.groups.size();
    TextTable table({{"#", Align::right},
                     {"kind"},
                     {"block", Align::right},
                     {"layers", Align::right},
                     {"idle", Align::right},
                     {"at most", Align::right},
                     {""}});
    for (std::size_t i = 0; i < pool.groups.size(); ++i) {
        const GroupUse& group = pool.groups[i];
        table.add({std::to_string(i), group.bundle ? "several pages" : kind_words(group.spec), grouped(block_of(group.spec).value),
                   grouped(static_cast<std::int64_t>(group.layers)), held ? grouped(truth->idle_blocks[i].value) : "-",
                   held ? grouped(truth->peak_blocks[i].value) : "-", group.grows ? "grows" : "bounded"});
    }
    return table.text("  ", color);
}

// What several pools have alike is shown once.
template <class Text>
std::string once_for_pools(const CapacityAnswer& answer, std::string_view what, Color color, Text text_of) {
    std::vector<std::pair<std::string, std::string>> shown;  // A text, and the pools that have it.
    for (const CapacityPool& pool : answer.pools) {
        const std::string text = text_of(pool);
        const auto same = std::ranges::find(shown, text, &std::pair<std::string, std::string>::first);
        if (text.empty()) continue;
        if (same != shown.end()) same->second += ", " + pool.engine;
        else shown.emplace_back(text, pool.engine);
    }
    std::string out;
    for (const auto& [text, pools] : shown) out += title(std::string(what) + ": " + pools, color) + text;
    return out;
}

std::string groups_text(const CapacityAnswer& answer, Color color) {
    return once_for_pools(answer, "Blocks that one request holds", color, [&](const CapacityPool& pool) {
        return pool.groups.empty() || pool.refusal ? std::string() : group_table(pool, color);
    });
}

std::string memory_text(const CapacityAnswer& answer, Color color) {
    struct Part {
        const char* name;
        Bytes MemoryUse::*bytes;
    };
    constexpr std::array<Part, 7> parts{{{"pages of groups that grow", &MemoryUse::growing},
                                         {"pages of bounded groups", &MemoryUse::bounded},
                                         {"padding", &MemoryUse::padding},
                                         {"null block", &MemoryUse::null_block},
                                         {"free, but no request fits", &MemoryUse::free},
                                         {"outside the pool", &MemoryUse::rest},
                                         {"all", &MemoryUse::memory}}};
    std::vector<const CapacityPool*> pools = shown_pools(answer);
    std::erase_if(pools, [](const CapacityPool* pool) { return !pool->memory_use; });
    if (pools.empty()) return {};
    std::vector<TextTable::Column> columns{{"part"}};
    for (const CapacityPool* pool : pools) {
        columns.push_back({"bytes, " + pool->engine, Align::right});
        columns.push_back({"share", Align::right});
    }
    TextTable table(columns);
    for (const Part& part : parts) {
        std::vector<std::string> cells{part.name};
        for (const CapacityPool* pool : pools) {
            const Bytes bytes = (*pool->memory_use).*part.bytes;
            cells.push_back(grouped(bytes.value));
            cells.push_back(percent(bytes.value, pool->memory_use->memory.value));
        }
        table.add(std::move(cells));
    }
    return title("Where the memory goes when no further request fits", color) + table.text("  ", color);
}

std::string workload_table(const CapacityPool& pool, Color color) {
    if (!pool.workload) return {};
    const WorkloadFit& fit = *pool.workload;
    std::string out;
    if (fit.too_long > 0)
        out += key_line("left out",
                        fmt::format("{} of {}: longer than {}", grouped(fit.too_long), counted(fit.requests, "request", "requests"),
                                    counted(pool.model_len_max.value, "token", "tokens")));
    if (fit.points.empty()) return out;
    const bool all = fit.fewest == fit.requests - fit.too_long;
    std::string fits =
        fmt::format("{}, together {}", counted(fit.median, "request", "requests"), counted(fit.median_tokens.value, "token", "tokens"));
    if (all) fits += ": all of them";
    else
        fits += fmt::format("; from {} to {} over {}", grouped(fit.fewest), grouped(fit.most),
                            counted(fit.starts, "starting point", "starting points"));
    out += key_line("fit at once", fits);
    TextTable table({{"requests"}, {"length", Align::right}, {"true tokens", Align::right}, {"at once", Align::right}});
    for (const WorkloadPoint& each : fit.points) {
        const auto* truth = std::get_if<CapacityTruth>(&each.point.outcome);
        table.add({std::string(each.name), grouped(each.point.length.value),
                   truth != nullptr && truth->grows ? grouped(truth->tokens().value) : "-",
                   truth != nullptr ? at_once_words(*truth) : "-"});
    }
    return out + table.text("  ", color);
}

std::string workloads_text(const CapacityAnswer& answer, Color color) {
    if (answer.question.workload == nullptr) return {};
    const std::string what = "Requests of " + shortened(answer.question.workload->file, name_shown_max);
    return once_for_pools(answer, what, color, [&](const CapacityPool& pool) { return workload_table(pool, color); });
}

std::string detail_text(const CapacityAnswer& answer, Color color) {
    std::string out = head_text(answer, color) + rows_text(answer, color) + curve_text(answer, color);
    out += groups_text(answer, color) + memory_text(answer, color) + workloads_text(answer, color);
    const std::string sentence = capacity_sentence(answer);
    return sentence.empty() ? out : out + '\n' + sentence + '\n';
}

// Whether every patch of this row's engine says what the engine itself says.
bool patches_change_nothing(const CapacityAnswer& answer, std::size_t row) {
    bool any = false;
    for (std::size_t i = row + 1; i < answer.rows.size() && answer.rows[i].engine.starts_with(answer.rows[row].engine + '+'); ++i) {
        const std::optional<Capacity>& said = answer.rows[i].said;
        any = true;
        if (!said || !answer.rows[row].said || said->reported != answer.rows[row].said->reported) return false;
    }
    return any;
}

void add_summary(const CapacityAnswer& answer, const std::vector<std::size_t>& settings, TextTable& table, Color color) {
    bool named = false;
    bool merged = false;
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        const CapacityRow& row = answer.rows[i];
        std::string engine = engine_words(answer.rows, i);
        const bool patch = engine != row.engine;
        if (said_above(answer, i) || (patch && merged)) continue;
        if (!patch) merged = patches_change_nothing(answer, i);
        if (merged && !patch) engine += ", patches too";
        if (patch) engine = "  " + engine;
        std::vector<std::string> cells{named ? "" : shortened(answer.model, name_shown_max)};
        for (const std::size_t setting : settings) cells.push_back(named ? "" : setting_words(answer.question.knobs)[setting].value);
        const CapacityPool* pool = row.pool ? &answer.pools[*row.pool] : nullptr;
        cells.push_back(pool == nullptr ? "-" : grouped((pool->curve.empty() ? pool->model_len_max : pool->point().length).value));
        cells.push_back(engine);
        std::ranges::move(figure_cells(answer, row, color), std::back_inserter(cells));
        table.add(std::move(cells));
        named = true;
    }
}

// The settings that some answer has, by their place in setting_words().
std::vector<std::size_t> settings_shown(const std::vector<CapacityAnswer>& answers) {
    std::set<std::size_t> shown;
    for (const CapacityAnswer& answer : answers) {
        const std::vector<SettingWords> settings = setting_words(answer.question.knobs);
        for (std::size_t i = 0; i < settings.size(); ++i)
            if (!settings[i].value.empty()) shown.insert(i);
    }
    return {shown.begin(), shown.end()};
}

std::string summary_text(const std::vector<CapacityAnswer>& answers, Color color) {
    const std::vector<std::size_t> settings = settings_shown(answers);
    std::vector<TextTable::Column> columns{{"model"}};
    for (const std::size_t setting : settings)
        columns.push_back({std::string(setting_words(answers.front().question.knobs)[setting].name), Align::right});
    columns.push_back({"length", Align::right});
    columns.push_back({"engine"});
    columns.insert(columns.end(), figure_columns.begin(), figure_columns.end());
    TextTable table(columns);
    for (const CapacityAnswer& answer : answers) add_summary(answer, settings, table, color);
    std::string out = table.text("", color) + '\n';
    for (const CapacityAnswer& answer : answers) {
        const std::string with = settings_sentence(answer.question.knobs);
        const std::string sentence = capacity_sentence(answer);
        if (sentence.empty()) continue;
        out += bold(shortened(answer.model, name_shown_max), color) + (with.empty() ? "" : " (" + with + ')') + ": " + sentence + '\n';
        out += workloads_text(answer, color);
    }
    return out;
}

}  // namespace

std::string capacity_text(const std::vector<CapacityAnswer>& answers, Color color) {
    return answers.size() == 1 ? detail_text(answers.front(), color) : summary_text(answers, color);
}

}  // namespace kv
