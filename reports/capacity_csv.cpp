#include "reports/capacity_json.h"
#include "reports/capacity_words.h"
#include "reports/quoting.h"

#include <fmt/format.h>

namespace kv {
namespace {

template <class T>
std::string cell(const std::optional<T>& value) {
    if (!value) return {};
    if constexpr (requires { value->value; }) return std::to_string(value->value);
    else return fmt::format("{}", *value);
}

std::string settings_cells(const CapacityAnswer& answer) {
    const CapacityKnobs& knobs = answer.question.knobs;
    return fmt::format("{},{},{},{},{},{},{}", cell(knobs.tensor), cell(knobs.pipeline), cell(knobs.kv_dtype), cell(knobs.memory),
                       cell(knobs.blocks), cell(knobs.block), cell(knobs.batched_max));
}

std::string truth_cells(const CapacityPoint& point) {
    const auto* truth = std::get_if<CapacityTruth>(&point.outcome);
    if (truth == nullptr) return fmt::format("{},,,,", point.length.value);
    return fmt::format("{},{},{},{},{}", point.length.value, truth->requests, truth->further.value,
                       truth->grows ? std::to_string(truth->tokens().value) : std::string(), truth->concurrency());
}

// The ratio of every length; the verdict only of the length that it speaks of.
std::string verdict_cells(const CapacityRow& row, const CapacityPool& pool, std::size_t at) {
    const auto* truth = std::get_if<CapacityTruth>(&pool.curve[at].outcome);
    const bool both = truth != nullptr && row.said && truth->tokens() > Tokens{0};
    const std::string ratio =
        both ? fmt::format("{:.6f}", static_cast<double>(row.said->reported.value) / static_cast<double>(truth->tokens().value))
             : std::string();
    if (at != pool.at || !row.judged) return ratio + ",,";
    return fmt::format("{},{},{}", ratio, name_of(row.judged->judgement.verdict), row.judged->bound.value);
}

}  // namespace

std::string capacity_csv(const std::vector<CapacityAnswer>& answers) {
    std::string out =
        "model,tp,pp,kv_dtype,memory_bytes,blocks_given,block,batched,engine,model_len_max,blocks,reported_tokens,concurrency,length,"
        "requests,further_tokens,true_tokens,true_concurrency,ratio,verdict,bound_tokens,why_none\n";
    for (const CapacityAnswer& answer : answers) {
        for (const CapacityRow& row : answer.rows) {
            const CapacityPool* pool = row.pool ? &answer.pools[*row.pool] : nullptr;
            const std::string who =
                fmt::format("{},{},{},{},{},{},{}", csv_text(answer.model), settings_cells(answer), csv_text(row.engine),
                            pool != nullptr ? std::to_string(pool->model_len_max.value) : std::string(),
                            pool != nullptr && !pool->refusal ? std::to_string(pool->blocks.value) : std::string(),
                            row.said ? std::to_string(row.said->reported.value) : std::string(),
                            row.said ? fmt::format("{}", row.said->concurrency) : std::string());
            if (pool == nullptr || pool->curve.empty()) out += fmt::format("{},,,,,,,,,{}\n", who, csv_text(why_no_figure(answer, row)));
            else
                for (std::size_t i = 0; i < pool->curve.size(); ++i)
                    out += fmt::format("{},{},{},{}\n", who, truth_cells(pool->curve[i]), verdict_cells(row, *pool, i),
                                       csv_text(why_no_figure(answer, row)));
        }
    }
    return out;
}

}  // namespace kv
