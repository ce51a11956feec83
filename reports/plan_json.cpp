#include "reports/plan_json.h"

#include "reports/refusal_json.h"
#include "reports/spec_json.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

template <class Unit>
Json or_null(const std::optional<Count<Unit>>& count) {
    return count ? Json(count->value) : Json(nullptr);
}

Json names_json(const std::vector<LayerId>& layers, const ModelLayers& model) {
    Json out = Json::array();
    for (const LayerId layer : layers) out.push_back(model.names[index(layer)]);
    return out;
}

Json settings_json(const Settings& settings) {
    return {{"model_len_max", settings.model_len_max.value},
            {"length", settings.length == LengthChoice::as_given ? "as given" : "fitted to memory"},
            {"batched_max", settings.batched_max.value},
            {"sequences_max", settings.sequences_max},
            {"encoder_tokens_max", settings.encoder_tokens_max.value},
            {"block", settings.block.value},
            {"tp", settings.parallel.tensor},
            {"pp", settings.parallel.pipeline},
            {"dcp", settings.parallel.decode_context},
            {"pcp", settings.parallel.prefill_context},
            {"blocks_override", or_null(settings.blocks_override)},
            {"hybrid_manager", settings.hybrid_manager == HybridManager::enabled},
            {"mamba_mode", name_of(settings.mamba_mode)},
            {"prefix_caching", settings.prefix_caching},
            {"draft",
             {{"method", settings.drafting.method ? Json(*settings.drafting.method) : Json(nullptr)},
              {"tokens", settings.drafting.tokens},
              {"modules", settings.drafting.modules},
              {"keeps_last_block", settings.drafting.keeps_last_block}}},
            {"layout", name_of(settings.layout)},
            {"async", settings.async_scheduling},
            {"v2_runner", settings.v2_runner},
            {"model_type", settings.model_type},
            {"prefix_match_unit", or_null(settings.prefix_match_unit)}};
}

Json capacity_json(const std::optional<Capacity>& capacity) {
    if (!capacity) return nullptr;
    return {{"reported_tokens", capacity->reported.value}, {"concurrency", capacity->concurrency}};
}

Json side_buffer_json(const std::optional<SideBuffer>& buffer) {
    if (!buffer) return nullptr;
    return {{"rows", buffer->rows.value},
            {"capture_group", buffer->capture_group ? Json(*buffer->capture_group) : Json(nullptr)},
            {"rows_per_object", or_null(buffer->rows_per_object)}};
}

Json engine_json(const Engine& engine) {
    Json out{{"name", engine.name}, {"replaced", Json::object()}, {"rules", Json::object()}};
    for (const ReplacedRule& rule : replaced_rules(engine)) out["replaced"][std::string(rule.slot)] = rule.rule;
    for (const Slot& slot : slots()) out["rules"][std::string(slot.id)] = slot.rule_of(engine);
    return out;
}

Json specs_json(const std::vector<PlannedSpec>& specs) {
    Json out = Json::array();
    for (const PlannedSpec& row : specs)
        out.push_back({{"layer_ids", row.layer_ids},
                       {"layers", row.layers},
                       {"given", spec_json(row.given)},
                       {"planned", row.planned ? spec_json(*row.planned) : Json(nullptr)},
                       {"page_bytes", or_null(row.page)},
                       {"page_bytes_real", or_null(row.page_real)},
                       {"page_refusal", optional_refusal_json(row.page_refusal)}});
    return out;
}

Json groups_json(const std::vector<PlannedGroup>& groups, const ModelLayers& model) {
    Json out = Json::array();
    for (const PlannedGroup& group : groups)
        out.push_back({{"layers", names_json(group.layers, model)},
                       {"spec", spec_json(group.spec)},
                       {"several_pages", group.bundle},
                       {"draft", group.draft},
                       {"page_bytes", or_null(group.page)},
                       {"blocks_held_max", or_null(group.held_max)},
                       {"real_bytes_per_block", group.real_per_block.value},
                       {"taken_bytes_per_block", group.taken_per_block.value}});
    return out;
}

Json worker_json(const WorkerPlan& worker, Bytes memory, const ModelLayers& model) {
    Json out{{"memory_bytes", memory.value},
             {"blocks", worker.blocks.value},
             {"bytes_per_block", worker.bytes_per_block.value},
             {"tp_replicas", worker.tp_replicas}};
    out["group_layers"] = Json::array();
    for (const Group& group : worker.groups) out["group_layers"].push_back(names_json(group.layers, model));
    out["tensors"] = Json::array();
    for (const Tensor& tensor : worker.tensors)
        out["tensors"].push_back({{"size_bytes", tensor.size.value},
                                  {"layers", names_json(tensor.layers, model)},
                                  {"layer_stride", tensor.layer_stride.value},
                                  {"block_stride", tensor.block_stride.value},
                                  {"offset", tensor.offset.value}});
    out["capacity"] = capacity_json(worker.capacity);
    out["side_buffer"] = side_buffer_json(worker.side_buffer);
    return out;
}

Json scheduler_json(const SchedulerView& scheduler) {
    Json out{{"blocks", scheduler.blocks.value}, {"group_blocks", Json::array()}};
    for (const auto& group : scheduler.groups) out["group_blocks"].push_back(group.block.value);
    out["block"] = or_null(scheduler.block);
    out["capture_group"] = scheduler.capture_group ? Json(*scheduler.capture_group) : Json(nullptr);
    out["scheduler_block"] = or_null(scheduler.scheduler_block);
    out["hash_block"] = or_null(scheduler.hash_block);
    out["hit_alignment"] = or_null(scheduler.hit_alignment);
    return out;
}

Json report_json(const PlanReport& report) {
    const PlannedFile& planned = report.planned;
    Json out{{"file", report.file},
             {"model", report.model.name},
             {"engine", engine_json(planned.engine)},
             {"settings", settings_json(report.model.settings)}};
    out["memory_bytes"] = Json::array();
    for (const Bytes memory : report.model.memory) out["memory_bytes"].push_back(memory.value);
    out["specs"] = specs_json(planned.specs);
    out["groups"] = groups_json(planned.groups, report.model.layers);
    out["model_len_max"] = planned.model_len_max.value;
    out["blocks_held_max"] = or_null(planned.held_max);
    if (const auto* refused = std::get_if<RefusedPlan>(&planned.outcome)) {
        out["refusal"] = refusal_json(refused->refusal);
        return out;
    }
    const Plan& plan = std::get<Plan>(planned.outcome);
    out["refusal"] = nullptr;
    out["workers"] = Json::array();
    for (std::size_t i = 0; i < plan.workers.size(); ++i)
        out["workers"].push_back(worker_json(plan.workers[i], report.model.memory[i], report.model.layers));
    out["padding_layers"] = plan.padding_layers;
    out["capacity"] = capacity_json(plan.capacity);
    out["concurrent_tokens"] = or_null(planned.concurrent_tokens);
    out["capacity_refusal"] = optional_refusal_json(plan.capacity_refusal);
    out["side_buffer"] = side_buffer_json(plan.side_buffer);
    out["scheduler"] = scheduler_json(plan.scheduler);
    out["block_size_refusal"] = optional_refusal_json(plan.block_size_refusal);
    return out;
}

}  // namespace

std::string plan_json(const std::vector<PlanReport>& reports) {
    Json json{{"format", 1}, {"plans", Json::array()}};
    for (const PlanReport& report : reports) json["plans"].push_back(report_json(report));
    constexpr int indent = 2;
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';  // A file's name need not be UTF-8.
}

}  // namespace kv
