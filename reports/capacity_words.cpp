#include "reports/capacity_words.h"

#include "reports/numbers.h"
#include "scenarios/quantity.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {

namespace {

constexpr std::size_t reason_shown_max = 200;

std::string tokens_words(std::int64_t tokens) { return counted(tokens, "token", "tokens"); }

// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
    return out;
}

// "1 request of 131,072 tokens fits, and 23,039 tokens of another"
std::string what_fits(const CapacityTruth& truth) {
    const std::string length = tokens_words(truth.length.value);
    if (truth.requests == 0 && truth.further == Tokens{0}) return "Nothing fits";
    if (truth.requests == 0) return fmt::format("No request of {} fits, but one of {}", length, tokens_words(truth.further.value));
    std::string out =
        fmt::format("{} of {} {}", counted(truth.requests, "request", "requests"), length, truth.requests == 1 ? "fits" : "fit");
    if (truth.grows && truth.further > Tokens{0}) out += fmt::format(", and {} of another", tokens_words(truth.further.value));
    if (truth.grows) out += fmt::format(": {}", tokens_words(truth.tokens().value));
    return out;
}

bool alike(const CapacityTruth& one, const CapacityTruth& other) {
    return one.length == other.length && one.requests == other.requests && one.further == other.further && one.grows == other.grows;
}

// The first pool's; of the others only what differs.
std::string fits_of(const CapacityAnswer& answer) {
    const CapacityTruth* first = nullptr;
    std::string out;
    std::vector<std::string> others;
    for (const CapacityPool& pool : answer.pools) {
        const CapacityTruth* truth = pool.truth();
        if (truth == nullptr) continue;
        if (first == nullptr) {
            first = truth;
            out = what_fits(*truth);
        } else if (!alike(*first, *truth)) {
            others.push_back(fmt::format("on {} {}", pool.engine, truth->grows ? tokens_words(truth->tokens().value) : fit_words(*truth)));
        }
    }
    return others.empty() ? out : out + " (" + listed(others) + ')';
}

struct Lie {
    Tokens reported;
    std::optional<double> ratio;
    std::vector<std::string> engines;
};

std::vector<Lie> lies_of(const CapacityAnswer& answer) {
    std::vector<Lie> lies;
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        const CapacityRow& row = answer.rows[i];
        if (!row.judged || row.judged->is_true()) continue;
        const auto same = std::ranges::find_if(
            lies, [&](const Lie& lie) { return lie.reported == row.said->reported && lie.ratio == row.judged->judgement.ratio; });
        if (same != lies.end()) same->engines.push_back(engine_words(answer.rows, i));
        else lies.push_back({row.said->reported, row.judged->judgement.ratio, {row.engine}});
    }
    return lies;
}

// "0.508 of it", "2.52 times it".
std::string share_words(std::optional<double> ratio) {
    if (!ratio) return "where nothing fits";
    return *ratio < 1 ? fmt::format("{:.3f} of it", *ratio) : fmt::format("{:.3f} times it", *ratio);
}

std::string lies_words(const CapacityAnswer& answer) {
    const std::vector<Lie> lies = lies_of(answer);
    const auto judged = std::ranges::count_if(answer.rows, [](const CapacityRow& row) { return row.judged.has_value(); });
    if (judged == 0) return {};
    std::size_t false_figures = 0;
    std::string out;
    for (const Lie& lie : lies) {
        false_figures += lie.engines.size();
        const char* verb = lie.engines.size() == 1 ? "reports" : "report";
        out += fmt::format("{}{} {} {}, {}", out.empty() ? "" : "; ", listed(lie.engines), verb, grouped(lie.reported.value),
                           share_words(lie.ratio));
    }
    const auto true_figures = judged - static_cast<std::ptrdiff_t>(false_figures);
    if (lies.empty()) return judged == 1 ? "The figure is true" : "Every figure is true";
    if (true_figures > 0) out += true_figures == 1 ? "; the other figure is true" : "; the others are true";
    return out;
}

// Engines that have no figure for the same reason.
struct Excuse {
    std::string why;
    std::vector<std::string> engines;
};

std::vector<Excuse> excuses_of(const CapacityAnswer& answer) {
    std::vector<Excuse> excuses;
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        const CapacityRow& row = answer.rows[i];
        const bool patched = engine_words(answer.rows, i) != row.engine;
        if (patched || (!row.refusal && !row.unavailable)) continue;
        const std::string why = why_no_figure(answer, row);
        const auto same = std::ranges::find(excuses, why, &Excuse::why);
        if (same != excuses.end()) same->engines.push_back(row.engine);
        else excuses.push_back({why, {row.engine}});
    }
    return excuses;
}

}  // namespace

std::string ratio_words(std::optional<double> ratio) { return ratio ? fmt::format("{:.3f}", *ratio) : "-"; }

std::string fit_words(const CapacityTruth& truth) {
    return truth.grows ? grouped(truth.requests) + " + " + grouped(truth.further.value) : counted(truth.requests, "request", "requests");
}

std::string at_once_words(const CapacityTruth& truth) {
    return truth.grows ? fmt::format("{:.2f}", truth.concurrency()) : grouped(truth.requests);
}

std::string verdict_words(const JudgedFigure& judged) {
    return fmt::format("{} ±{}", name_of(judged.judgement.verdict), grouped(judged.bound.value));
}

std::string refusal_words(const Refusal& refusal) {
    return fmt::format("{}: {}", name_of(refusal.type), shortened(refusal.message, reason_shown_max));
}

std::string percent_words(double share) {
    constexpr double whole = 100;
    return fmt::format("{:.1f} %", share * whole);
}

std::vector<std::string> workload_sentences(const WorkloadFit& fit, Tokens model_len_max) {
    std::vector<std::string> sentences;
    if (!fit.points.empty()) {
        std::string fits =
            fmt::format("{} fit at once, together {}", counted(fit.median, "request", "requests"), tokens_words(fit.median_tokens.value));
        if (fit.fewest == fit.requests - fit.too_long) fits += ": all of them";
        else
            fits += fmt::format("; from {} to {} over {}", grouped(fit.fewest), grouped(fit.most),
                                counted(fit.starts, "starting point", "starting points"));
        sentences.push_back(fits + '.');
    }
    if (fit.too_long > 0)
        sentences.push_back(fmt::format("{} of {} left out: longer than {}.", grouped(fit.too_long),
                                        counted(fit.requests, "request", "requests"), tokens_words(model_len_max.value)));
    return sentences;
}

std::vector<SettingWords> setting_words(const CapacityKnobs& knobs) {
    const auto number = [](const auto& knob) { return knob ? grouped(knob->value) : std::string(); };
    const auto plain = [](const std::optional<std::int64_t>& knob) { return knob ? grouped(*knob) : std::string(); };
    const auto dtype = [](const std::optional<DType>& knob) { return std::string(knob ? name_of(*knob) : ""); };
    const auto on_off = [](const std::optional<bool>& knob) { return std::string(!knob ? "" : *knob ? "on" : "off"); };
    const auto drafts = [](const Drafting& of) { return fmt::format("{}:{}", of.method.value_or(""), of.tokens); };
    return {{"tp", knobs.tensor ? grouped(*knobs.tensor) : ""},
            {"pp", knobs.pipeline ? grouped(*knobs.pipeline) : ""},
            {"kv-dtype", knobs.kv_dtype.value_or("")},
            {"memory", knobs.memory ? spelled(*knobs.memory) : ""},
            {"blocks", number(knobs.blocks)},
            {"block", number(knobs.block)},
            {"batched", number(knobs.batched_max)},
            {"model-len-max", knobs.length_fitted ? "fit" : number(knobs.model_len_max)},
            {"dcp", plain(knobs.decode_context)},
            {"dtype", dtype(knobs.dtype)},
            {"state-dtype", dtype(knobs.state_dtype)},
            {"mamba-mode", std::string(knobs.mamba_mode ? name_of(*knobs.mamba_mode) : "")},
            {"prefix-caching", on_off(knobs.prefix_caching)},
            {"hybrid-manager", on_off(knobs.hybrid_manager)},
            {"drafts", knobs.drafting ? drafts(*knobs.drafting) : ""},
            {"sequences", plain(knobs.sequences_max)}};
}

std::string settings_sentence(const CapacityKnobs& knobs) {
    std::string out;
    for (const SettingWords& setting : setting_words(knobs))
        if (!setting.value.empty()) out += (out.empty() ? "" : ", ") + std::string(setting.name) + ' ' + setting.value;
    return out;
}

std::string why_no_figure(const CapacityAnswer& answer, const CapacityRow& row) {
    if (row.unavailable)
        return (row.unavailable->by == Unavailable::Why::refused_by_engine ? "refused: " : "") +
               shortened(row.unavailable->why, reason_shown_max);
    if (row.refusal) return "refused: " + refusal_words(*row.refusal);
    const CapacityPool& pool = answer.pools[*row.pool];
    if (pool.groups.empty()) return "no layer has a cache";
    if (pool.curve.empty()) return fmt::format("the longest request that the engine takes is {}", tokens_words(pool.model_len_max.value));
    if (const auto* none = std::get_if<NoTruth>(&pool.point().outcome)) return std::string(none->why);
    if (const auto* refused = std::get_if<Refusal>(&pool.point().outcome)) return "refused: " + refusal_words(*refused);
    return row.said ? "" : "the engine reports nothing";
}

std::string engine_words(const std::vector<CapacityRow>& rows, std::size_t row) {
    const std::string& spelling = rows[row].engine;
    for (std::size_t i = row; i-- > 0;)
        if (spelling.starts_with(rows[i].engine + '+')) return spelling.substr(rows[i].engine.size());
    return spelling;
}

std::string capacity_sentence(const CapacityAnswer& answer) {
    std::vector<std::string> sentences{fits_of(answer), lies_words(answer)};
    for (const Excuse& excuse : excuses_of(answer)) sentences.push_back(listed(excuse.engines) + ": " + excuse.why);
    std::erase(sentences, std::string());
    if (sentences.empty() && !answer.rows.empty()) sentences.push_back(why_no_figure(answer, answer.rows.front()));
    std::string out;
    for (const std::string& sentence : sentences)
        if (!sentence.empty()) out += (out.empty() ? "" : " ") + sentence + (sentence.ends_with('.') ? "" : ".");
    return out;
}

}  // namespace kv
