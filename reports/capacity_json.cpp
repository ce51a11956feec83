#include "reports/capacity_json.h"

#include "model/overload.h"
#include "reports/capacity_words.h"
#include "reports/refusal_json.h"
#include "reports/spec_json.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    if (!value) return nullptr;
    if constexpr (requires { value->value; }) return value->value;
    else return *value;
}

template <class T>
Json name_or_null(const std::optional<T>& value) {
    return value ? Json(name_of(*value)) : Json(nullptr);
}

Json blocks_json(const std::vector<Blocks>& blocks) {
    Json out = Json::array();
    for (const Blocks count : blocks) out.push_back(count.value);
    return out;
}

Json truth_json(const CapacityTruth& truth) {
    return {{"requests", truth.requests},
            {"further_tokens", truth.further.value},
            {"tokens", truth.grows ? Json(truth.tokens().value) : Json(nullptr)},
            {"concurrency", truth.concurrency()},
            {"idle_blocks", blocks_json(truth.idle_blocks)},
            {"peak_blocks", blocks_json(truth.peak_blocks)},
            {"free_blocks", truth.free.value}};
}

Json point_json(const CapacityPoint& point) {
    Json out{{"length", point.length.value}, {"truth", nullptr}, {"no_truth", nullptr}, {"refusal", nullptr}};
    std::visit(Overload{[&](const CapacityTruth& truth) { out["truth"] = truth_json(truth); },
                        [&](const NoTruth& none) { out["no_truth"] = none.why; },
                        [&](const Refusal& refusal) { out["refusal"] = refusal_json(refusal); }},
               point.outcome);
    return out;
}

Json settings_json(const CapacityQuestion& question) {
    const CapacityKnobs& knobs = question.knobs;
    return {{"tp", or_null(knobs.tensor)},
            {"pp", or_null(knobs.pipeline)},
            {"kv_dtype", or_null(knobs.kv_dtype)},
            {"memory_bytes", or_null(knobs.memory)},
            {"blocks", or_null(knobs.blocks)},
            {"block", or_null(knobs.block)},
            {"batched", or_null(knobs.batched_max)},
            {"model_len_max", or_null(knobs.model_len_max)},
            {"length_least", question.lengths ? Json(question.lengths->least.value) : Json(nullptr)},
            {"length_most", question.lengths ? Json(question.lengths->most.value) : Json(nullptr)}};
}

Json groups_json(const std::vector<GroupUse>& groups) {
    Json out = Json::array();
    for (const GroupUse& group : groups)
        out.push_back({{"spec", spec_json(group.spec)},
                       {"layers", group.layers},
                       {"several_pages", group.bundle},
                       {"grows", group.grows},
                       {"real_bytes_per_block", group.real_per_block.value}});
    return out;
}

Json memory_json(const MemoryUse& use) {
    return {{"memory_bytes", use.memory.value},
            {"growing_bytes", use.growing.value},
            {"bounded_bytes", use.bounded.value},
            {"padding_bytes", use.padding.value},
            {"null_block_bytes", use.null_block.value},
            {"free_bytes", use.free.value},
            {"rest_bytes", use.rest.value},
            {"shares",
             {{"growing", use.share(&MemoryUse::growing)},
              {"bounded", use.share(&MemoryUse::bounded)},
              {"padding", use.share(&MemoryUse::padding)},
              {"null_block", use.share(&MemoryUse::null_block)},
              {"free", use.share(&MemoryUse::free)},
              {"rest", use.share(&MemoryUse::rest)}}}};
}

Json workload_json(const WorkloadFit& fit, const std::string& file) {
    Json out{
        {"file", file},
        {"requests", fit.requests},
        {"too_long", fit.too_long},
        {"starting_points", fit.starts},
        {"fit_at_once", {{"fewest", fit.fewest}, {"median", fit.median}, {"most", fit.most}, {"median_tokens", fit.median_tokens.value}}},
        {"points", Json::array()}};
    for (const WorkloadPoint& each : fit.points) {
        Json point = point_json(each.point);
        point["name"] = each.name;
        out["points"].push_back(std::move(point));
    }
    return out;
}

Json pool_json(const CapacityPool& pool, const Workload* workload) {
    Json out{{"engine", pool.engine},
             {"model_len_max", pool.model_len_max.value},
             {"batched_max", pool.settings.batched_max.value},
             {"tp", pool.settings.parallel.tensor},
             {"pp", pool.settings.parallel.pipeline},
             {"memory_bytes", Json::array()},
             {"assumed", pool.assumed.empty() ? Json(nullptr) : Json(pool.assumed)},
             {"blocks", pool.blocks.value},
             {"bytes_per_block", pool.block_bytes.value},
             {"groups", groups_json(pool.groups)},
             {"refusal", optional_refusal_json(pool.refusal)},
             {"length", pool.curve.empty() ? Json(nullptr) : Json(pool.point().length.value)},
             {"curve", Json::array()}};
    for (const Bytes memory : pool.memory) out["memory_bytes"].push_back(memory.value);
    for (const CapacityPoint& point : pool.curve) out["curve"].push_back(point_json(point));
    out["memory_use"] = pool.memory_use ? memory_json(*pool.memory_use) : Json(nullptr);
    out["workload"] = pool.workload ? workload_json(*pool.workload, workload->file) : Json(nullptr);
    return out;
}

Json row_json(const CapacityRow& row) {
    Json out{{"engine", row.engine},
             {"pool", or_null(row.pool)},
             {"reported_tokens", row.said ? Json(row.said->reported.value) : Json(nullptr)},
             {"concurrency", row.said ? Json(row.said->concurrency) : Json(nullptr)},
             {"true_tokens", row.judged ? Json(row.judged->truth.value) : Json(nullptr)},
             {"ratio", row.judged ? or_null(row.judged->judgement.ratio) : Json(nullptr)},
             {"bound_tokens", row.judged ? Json(row.judged->bound.value) : Json(nullptr)},
             {"verdict", row.judged ? Json(name_of(row.judged->judgement.verdict)) : Json(nullptr)},
             {"refusal", optional_refusal_json(row.refusal)}};
    out["unavailable"] = row.unavailable ? Json(row.unavailable->why) : Json(nullptr);
    return out;
}

Json answer_json(const CapacityAnswer& answer) {
    Json out{{"model", answer.model},
             {"settings", settings_json(answer.question)},
             {"tolerance", answer.question.tolerance},
             {"rows", Json::array()},
             {"pools", Json::array()}};
    for (const CapacityRow& row : answer.rows) out["rows"].push_back(row_json(row));
    for (const CapacityPool& pool : answer.pools) out["pools"].push_back(pool_json(pool, answer.question.workload));
    out["sentence"] = capacity_sentence(answer);
    return out;
}

}  // namespace

std::string capacity_json(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin) {
    Json json{
        {"format", 1}, {"version", origin.version}, {"command", origin.command}, {"inputs", Json::array()}, {"answers", Json::array()}};
    for (const InputFile& input : origin.inputs)
        json["inputs"].push_back(
            {{"file", input.name}, {"bytes", or_null(input.bytes)}, {"sha256", input.bytes ? Json(input.sha256) : Json(nullptr)}});
    for (const CapacityAnswer& answer : answers) json["answers"].push_back(answer_json(answer));
    constexpr int indent = 2;
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';  // A file's name need not be UTF-8.
}

}  // namespace kv
