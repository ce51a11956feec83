#include "reports/capacity_words.h"

#include "reports/numbers.h"
#include "scenarios/quantity.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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
    if (truth.requests == 0 && truth.further == Tokens{0}) return "nothing fits";
    if (truth.requests == 0) return fmt::format("no request of {} fits, but one of {}", length, tokens_words(truth.further.value));
    std::string out =
        fmt::format("{} of {} {}", counted(truth.requests, "request", "requests"), length, truth.requests == 1 ? "fits" : "fit");
    if (truth.grows && truth.further > Tokens{0}) out += fmt::format(", and {} of another", tokens_words(truth.further.value));
    if (truth.grows) out += fmt::format(": {}", tokens_words(truth.tokens().value));
    return out;
}

bool alike(const CapacityTruth& one, const CapacityTruth& other) {
    return one.length == other.length && one.requests == other.requests && one.further == other.further && one.grows == other.grows;
}

std::string fits_of(const CapacityAnswer& answer) {
    std::vector<std::pair<const CapacityTruth*, std::vector<std::string>>> truths;
    for (const CapacityPool& pool : answer.pools) {
        const CapacityTruth* truth = pool.truth();
        if (truth == nullptr) continue;
        const auto same = std::ranges::find_if(truths, [&](const auto& known) { return alike(*known.first, *truth); });
        if (same != truths.end()) same->second.push_back(pool.engine);
        else truths.push_back({truth, {pool.engine}});
    }
    if (truths.empty()) return {};
    if (truths.size() == 1) return what_fits(*truths.front().first);
    std::string out;
    for (const auto& [truth, engines] : truths)
        out += fmt::format("{}{} on {}", out.empty() ? "" : "; ", what_fits(*truth), listed(engines));
    return out;
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

std::string lies_words(const CapacityAnswer& answer) {
    const std::vector<Lie> lies = lies_of(answer);
    const auto judged = std::ranges::count_if(answer.rows, [](const CapacityRow& row) { return row.judged.has_value(); });
    if (judged == 0) return {};
    std::size_t false_figures = 0;
    std::string out;
    for (const Lie& lie : lies) {
        false_figures += lie.engines.size();
        const char* verb = lie.engines.size() == 1 ? "reports" : "report";
        out += fmt::format("{}{} {} {}, {} of it", out.empty() ? "" : "; ", listed(lie.engines), verb, grouped(lie.reported.value),
                           ratio_words(lie.ratio));
    }
    const auto true_figures = judged - static_cast<std::ptrdiff_t>(false_figures);
    if (lies.empty()) return judged == 1 ? "the figure is true" : "every figure is true";
    if (true_figures > 0) out += true_figures == 1 ? "; the other figure is true" : "; the others are true";
    return out;
}

std::string upper_first(std::string text) {
    if (!text.empty() && 'a' <= text[0] && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

}  // namespace

std::string ratio_words(std::optional<double> ratio) { return ratio ? fmt::format("{:.3f}", *ratio) : "-"; }

std::string fit_words(const CapacityTruth& truth) {
    if (!truth.grows || truth.further == Tokens{0}) return counted(truth.requests, "request", "requests");
    return fmt::format("{} + {}", grouped(truth.requests), tokens_words(truth.further.value));
}

std::string at_once_words(const CapacityTruth& truth) {
    return truth.grows ? fmt::format("{:.2f}", truth.concurrency()) : grouped(truth.requests);
}

std::string verdict_words(const JudgedFigure& judged) {
    return fmt::format("{}, bound {}", name_of(judged.judgement.verdict), grouped(judged.bound.value));
}

std::string refusal_words(const Refusal& refusal) {
    return fmt::format("{}: {}", name_of(refusal.type), shortened(refusal.message, reason_shown_max));
}

std::string setting_words(const CapacityKnobs& knobs) {
    std::vector<std::string> parts;
    if (knobs.tensor) parts.push_back(fmt::format("tp {}", *knobs.tensor));
    if (knobs.pipeline) parts.push_back(fmt::format("pp {}", *knobs.pipeline));
    if (knobs.kv_dtype) parts.push_back("kv-dtype " + *knobs.kv_dtype);
    if (knobs.memory) parts.push_back("memory " + spelled(*knobs.memory));
    if (knobs.blocks) parts.push_back("blocks " + grouped(knobs.blocks->value));
    if (knobs.block) parts.push_back("block " + grouped(knobs.block->value));
    if (knobs.batched_max) parts.push_back("batched " + grouped(knobs.batched_max->value));
    if (knobs.model_len_max) parts.push_back("model-len-max " + grouped(knobs.model_len_max->value));
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
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
    const std::string fits = fits_of(answer);
    const std::string lies = lies_words(answer);
    std::vector<std::string> refusals;
    for (std::size_t i = 0; i < answer.rows.size(); ++i)
        if (answer.rows[i].refusal && engine_words(answer.rows, i) == answer.rows[i].engine)
            refusals.push_back(fmt::format("{} refuses it ({})", answer.rows[i].engine, refusal_words(*answer.rows[i].refusal)));
    std::string out;
    for (const std::string& part : {fits, lies, listed(refusals)})
        if (!part.empty()) out += (out.empty() ? "" : " ") + upper_first(part) + '.';
    return out;
}

}  // namespace kv
