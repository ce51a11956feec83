#include "reports/capacity_view.h"

#include "reports/capacity_words.h"
#include "reports/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kv {
namespace {

// The names are those of the flags; a value is empty where the model's file decides.
std::vector<std::pair<std::string, std::string>> settings_of(const CapacityAnswer& answer) {
    std::vector<std::pair<std::string, std::string>> settings;
    for (const SettingWords& setting : setting_words(answer.question.knobs)) settings.emplace_back(setting.name, setting.value);
    std::string length;
    if (const auto& lengths = answer.question.lengths)
        length = lengths->least == lengths->most ? grouped(lengths->most.value)
                                                 : fmt::format("{} to {}", grouped(lengths->least.value), grouped(lengths->most.value));
    settings.emplace_back("length", length);
    return settings;
}

bool has_truth(const CapacityAnswer& answer) {
    return std::ranges::any_of(answer.pools, [](const CapacityPool& pool) { return pool.truth() != nullptr; });
}

std::vector<SweptSetting> swept_of(const std::vector<const CapacityAnswer*>& answers) {
    std::vector<SweptSetting> all;
    for (const auto& [name, value] : settings_of(*answers.front())) all.push_back({name, {value}});
    for (const CapacityAnswer* answer : answers) {
        const auto settings = settings_of(*answer);
        for (std::size_t i = 0; i < settings.size(); ++i)
            if (std::ranges::find(all[i].values, settings[i].second) == all[i].values.end()) all[i].values.push_back(settings[i].second);
    }
    std::erase_if(all, [](const SweptSetting& setting) { return setting.values.size() < 2; });
    return all;
}

ModelView view_of(std::vector<const CapacityAnswer*> answers) {
    const auto base = std::ranges::find_if(answers, [](const CapacityAnswer* answer) { return has_truth(*answer); });
    ModelView view{
        .name = answers.front()->model, .answers = {}, .base = base != answers.end() ? *base : answers.front(), .swept = swept_of(answers)};
    view.answers = std::move(answers);
    return view;
}

}  // namespace

std::vector<ModelView> model_views(const std::vector<CapacityAnswer>& answers) {
    std::vector<ModelView> views;
    std::vector<const CapacityAnswer*> of_model;
    for (const CapacityAnswer& answer : answers) {
        // Two models of one name each begin with the first question.
        const bool next =
            !of_model.empty() && (of_model.front()->model != answer.model || settings_of(*of_model.front()) == settings_of(answer));
        if (next) views.push_back(view_of(std::exchange(of_model, {})));
        of_model.push_back(&answer);
    }
    if (!of_model.empty()) views.push_back(view_of(std::move(of_model)));
    return views;
}

std::vector<std::size_t> engine_rows(const CapacityAnswer& answer) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < answer.rows.size(); ++i)
        if (engine_words(answer.rows, i) == answer.rows[i].engine) rows.push_back(i);
    return rows;
}

bool said_above(const CapacityAnswer& answer, std::size_t row) {
    return engine_words(answer.rows, row) != answer.rows[row].engine && !why_no_figure(answer, answer.rows[row]).empty();
}

std::vector<PoolView> pools_with_truth(const CapacityAnswer& answer, bool (*same)(const CapacityPool&, const CapacityPool&)) {
    std::vector<PoolView> views;
    for (const CapacityPool& pool : answer.pools) {
        if (pool.truth() == nullptr) continue;
        const auto alike = std::ranges::find_if(views, [&](const PoolView& view) { return same(*view.pool, pool); });
        if (alike == views.end()) views.push_back({&pool, pool.engine});
        else alike->engines += ", " + pool.engine;
    }
    return views;
}

bool same_curve(const CapacityPool& one, const CapacityPool& other) {
    return std::ranges::equal(one.curve, other.curve, [](const CapacityPoint& a, const CapacityPoint& b) {
        const auto* left = std::get_if<CapacityTruth>(&a.outcome);
        const auto* right = std::get_if<CapacityTruth>(&b.outcome);
        if (a.length != b.length || (left == nullptr) != (right == nullptr)) return false;
        return left == nullptr || (left->requests == right->requests && left->further == right->further && left->grows == right->grows);
    });
}

bool same_memory_use(const CapacityPool& one, const CapacityPool& other) {
    if (!one.memory_use || !other.memory_use) return one.memory_use.has_value() == other.memory_use.has_value();
    return std::ranges::all_of(memory_parts(),
                               [&](const MemoryPart& part) { return (*one.memory_use).*part.bytes == (*other.memory_use).*part.bytes; });
}

std::string setting_of(const CapacityAnswer& answer, std::string_view name) {
    for (const auto& [setting, value] : settings_of(answer))
        if (setting == name) return value.empty() ? "as stated" : value;
    return {};
}

std::optional<SweepGrid> sweep_grid(const ModelView& view) {
    if (view.swept.empty()) return std::nullopt;
    SweepGrid grid{.across = view.swept.back().values, .lines = {}, .down_name = {}, .across_name = view.swept.back().name};
    const bool several = view.swept.size() > 2;
    for (std::size_t i = 0; i + 1 < view.swept.size(); ++i) grid.down_name += (i == 0 ? "" : ", ") + view.swept[i].name;
    for (const CapacityAnswer* answer : view.answers) {
        std::string label;
        for (std::size_t i = 0; i + 1 < view.swept.size(); ++i)
            label += (i == 0 ? "" : ", ") + (several ? view.swept[i].name + ' ' : "") + setting_of(*answer, view.swept[i].name);
        auto line = std::ranges::find(grid.lines, label, &SweepGrid::Line::label);
        if (line == grid.lines.end()) {
            grid.lines.push_back({label, std::vector<const CapacityAnswer*>(grid.across.size(), nullptr)});
            line = std::prev(grid.lines.end());
        }
        const std::string value = setting_of(*answer, grid.across_name);
        for (std::size_t i = 0; i < grid.across.size(); ++i)
            if (grid.across[i] == value) line->answers[i] = answer;
    }
    return grid;
}

std::optional<int> distance_step(const CapacityRow& row) {
    if (!row.judged) return std::nullopt;
    if (row.judged->is_true()) return 0;
    if (!row.judged->judgement.ratio) return 4;
    constexpr std::array<double, 3> steps{1.1, 4.0 / 3, 2};
    const double ratio = *row.judged->judgement.ratio;
    const bool under = row.judged->judgement.verdict == Verdict::under_reports;
    int step = 1;
    for (const double bound : steps)
        if (under ? ratio * bound < 1 : ratio > bound) ++step;
    return under ? -step : step;
}

std::vector<MemoryPart> memory_parts() {
    return {{"growing groups", "use-growing", &MemoryUse::growing}, {"bounded groups", "use-bounded", &MemoryUse::bounded},
            {"padding", "use-padding", &MemoryUse::padding},        {"null block", "use-null", &MemoryUse::null_block},
            {"free, too little", "use-free", &MemoryUse::free},     {"outside the pool", "use-rest", &MemoryUse::rest}};
}

}  // namespace kv
