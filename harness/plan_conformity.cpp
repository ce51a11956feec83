#include "harness/plan_conformity.h"

#include "harness/comparison.h"
#include "harness/refusal_conformity.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <variant>

namespace kv {

namespace {

using PageOutcome = std::variant<Bytes, Refusal>;

std::string page_text(const RecordedPage& page) {
    return std::visit(Overload{[](Bytes bytes) { return value_text(bytes); }, [](const std::string& error) { return error; }}, page);
}

std::string page_text(const PageOutcome& page) {
    return std::visit(
        Overload{[](Bytes bytes) { return value_text(bytes); }, [](const Refusal& refusal) { return std::string(name_of(refusal.type)); }},
        page);
}

std::vector<std::string_view> names_of(const std::vector<LayerId>& layers, const ModelLayers& model) {
    std::vector<std::string_view> names;
    names.reserve(layers.size());
    for (const LayerId layer : layers) names.push_back(model.names[index(layer)]);
    return names;
}

class PlanComparison {
public:
    PlanComparison(const GoldenPlan& golden, const Engine& engine) : golden_(golden), engine_(engine) {}

    CaseResult result() {
        layer_specs();
        derived_settings();
        const PlanOutcome ours = make_plan(engine_, golden_.input());
        std::visit([&](const auto& recorded, const auto& made) { outcome(recorded, made); }, golden_.expect, ours);
        return {.id = golden_.id, .differences = comparison_.differences(), .raised_in = std::move(raised_in_)};
    }

private:
    using Scope = Comparison::Scope;

    bool old() const { return golden_.shape == RecordShape::vllm_0_18; }

    // What the specs of the model's layers say of themselves.
    void layer_specs() {
        for (std::size_t i = 0; i < golden_.specs.size(); ++i) {
            const Scope scope(comparison_, "specs", i);
            const RecordedLayerSpec& recorded = golden_.specs[i];
            const KvSpec& spec = golden_.layers.specs[index(recorded.spec)];
            page(recorded.page, page_bytes(engine_, spec));
            request(recorded.request, request_bytes_max(engine_, spec, golden_.settings));
        }
    }

    void page(const RecordedPage& recorded, const PageOutcome& ours) {
        if (page_text(recorded) != page_text(ours)) comparison_.differ("page_size_bytes", page_text(recorded), page_text(ours));
    }

    void request(const RecordedBytes& recorded, const std::variant<Bytes, Refusal>& ours) {
        const auto* error = std::get_if<RecordedError>(&recorded);
        const auto* refusal = std::get_if<Refusal>(&ours);
        if (error != nullptr && refusal != nullptr) {
            const Scope scope(comparison_, "max_memory_usage_error");
            return compare_refusal(*error, *refusal, comparison_, raised_in_);
        }
        const std::string text = error != nullptr ? refusal_text(*error) : value_text(std::get<Bytes>(recorded));
        const std::string our_text = refusal != nullptr ? refusal_text(*refusal) : value_text(std::get<Bytes>(ours));
        if (text != our_text) comparison_.differ("max_memory_usage_bytes", text, our_text);
    }

    void derived_settings() {
        if (old()) return;
        const Scope scope(comparison_, "config");
        comparison_.value("max_in_flight_tokens", golden_.in_flight_max, std::optional(in_flight_max(golden_.settings)));
        comparison_.value("num_prefill_lookahead_tokens", golden_.prefill_lookahead, std::optional(prefill_lookahead(golden_.settings)));
    }

    void outcome(const RecordedPlan& recorded, const RefusedPlan& ours) {
        comparison_.differ("error", fmt::format("none: a plan of {} groups", recorded.groups.size()), refusal_text(ours.refusal));
        if (ours.groups) groups(recorded.groups, *ours.groups, ours.specs);
    }

    void outcome(const RecordedRefusal& recorded, const Plan& ours) {
        comparison_.differ("error", refusal_text(recorded.error), fmt::format("none: a plan of {} groups", ours.groups.size()));
        if (recorded.groups) groups(*recorded.groups, ours.groups, ours.specs);
    }

    void outcome(const RecordedRefusal& recorded, const RefusedPlan& ours) {
        {
            const Scope scope(comparison_, "error");
            compare_refusal(recorded.error, ours.refusal, comparison_, raised_in_);
        }
        if (recorded.groups && ours.groups) return groups(*recorded.groups, *ours.groups, ours.specs);
        if (!recorded.groups && !ours.groups) return;
        comparison_.differ("groups", recorded.groups ? "there" : "absent", ours.groups ? "there" : "absent");
    }

    void outcome(const RecordedPlan& recorded, const Plan& ours) {
        groups(recorded.groups, ours.groups, ours.specs);
        padding_layers(recorded.padding_layers, ours.padding_layers);
        comparison_.value("max_model_len", recorded.model_len_max, ours.model_len_max);
        workers(recorded, ours);
        scheduler(recorded.scheduler, ours);
        capacity(recorded.capacity, ours.capacity);
        side_buffer(recorded.side_buffer, ours.side_buffer);
        late_error("capacity_error", recorded.capacity_error, ours.capacity_refusal);
        late_error("block_size_error", recorded.block_size_error, ours.block_size_refusal);
    }

    void late_error(std::string_view key, const std::optional<RecordedError>& recorded, const std::optional<Refusal>& ours) {
        const Scope scope(comparison_, key);
        if (recorded && ours) return compare_refusal(*recorded, *ours, comparison_, raised_in_);
        if (!recorded && !ours) return;
        comparison_.differ("", recorded ? refusal_text(*recorded) : "absent", ours ? refusal_text(*ours) : "absent");
    }

    void layers(std::string_view key, const std::vector<LayerId>& recorded, const std::vector<LayerId>& ours) {
        if (recorded != ours) comparison_.list(key, names_of(recorded, golden_.layers), names_of(ours, golden_.layers));
    }

    void groups(const std::vector<RecordedGroup>& recorded, const std::vector<Group>& ours, const std::vector<KvSpec>& specs) {
        if (!comparison_.same_size("groups", recorded.size(), ours.size())) return;
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            const Scope scope(comparison_, "groups", i);
            layers("layers", recorded[i].layers, ours[i].layers);
            if (!old()) comparison_.value("is_eagle_group", recorded[i].draft, ours[i].draft);
            const Scope spec_scope(comparison_, "spec");
            group_spec(recorded[i], ours[i], specs);
        }
    }

    void group_spec(const RecordedGroup& recorded, const Group& ours, const std::vector<KvSpec>& specs) {
        const auto* recorded_bundle = std::get_if<RecordedBundle>(&recorded.spec);
        const KvSpec& our_spec = specs[index(ours.spec)];
        if ((recorded_bundle != nullptr) != ours.bundle.has_value()) {
            const auto kind = [](bool bundled, const KvSpec& spec) { return std::string(bundled ? "uniform" : kind_of(spec)); };
            const KvSpec& recorded_spec = recorded_bundle != nullptr ? our_spec : std::get<RecordedSpec>(recorded.spec).spec;
            comparison_.differ("kind", kind(recorded_bundle != nullptr, recorded_spec), kind(ours.bundle.has_value(), our_spec));
            return;
        }
        if (recorded_bundle == nullptr) return spec(std::get<RecordedSpec>(recorded.spec), our_spec);
        comparison_.value("block_size", recorded_bundle->block, block_of(our_spec));
        if (recorded_bundle->sharding)
            comparison_.value("dcp_sharded", *recorded_bundle->sharding == ContextSharding::sharded,
                              sharding_of(our_spec) == ContextSharding::sharded);
        bundle(*recorded_bundle, *ours.bundle, specs);
    }

    void spec(const RecordedSpec& recorded, const KvSpec& ours) {
        page(recorded.page, page_bytes(engine_, ours));
        if (recorded.spec == ours) return;
        const std::vector<FieldText> fields = field_texts(recorded.spec, golden_.shape);
        const std::vector<FieldText> our_fields = field_texts(ours, golden_.shape);
        if (fields.front() != our_fields.front()) return comparison_.differ("kind", fields.front().text, our_fields.front().text);
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (fields[i] != our_fields[i]) comparison_.differ(fields[i].name, fields[i].text, our_fields[i].text);
    }

    // Layers with equal specs together, in order of first appearance; equal in the fields that the record has.
    void bundle(const RecordedBundle& recorded, const UniformBundle& ours, const std::vector<KvSpec>& specs) {
        struct Part {
            SpecId spec;
            std::vector<LayerId> layers;
        };
        std::vector<Part> parts;
        std::map<std::string, std::size_t> part_of;
        for (std::size_t i = 0; i < ours.layers.size(); ++i) {
            const auto [entry, added] = part_of.try_emplace(spec_text(specs[index(ours.specs[i])], golden_.shape), parts.size());
            if (added) parts.push_back({.spec = ours.specs[i], .layers = {}});
            parts[entry->second].layers.push_back(ours.layers[i]);
        }
        PageOutcome sum = Bytes{};
        for (const Part& part : parts) {
            const PageOutcome page_of_part = page_bytes(engine_, specs[index(part.spec)]);
            const auto* bytes = std::get_if<Bytes>(&page_of_part);
            if (bytes == nullptr) sum = page_of_part;
            else if (auto* total = std::get_if<Bytes>(&sum)) *total += std::ssize(part.layers) * *bytes;
        }
        page(recorded.page, sum);
        if (!comparison_.same_size("layer_specs", recorded.parts.size(), parts.size())) return;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const Scope scope(comparison_, "layer_specs", i);
            layers("layers", recorded.parts[i].layers, parts[i].layers);
            const Scope spec_scope(comparison_, "spec");
            spec(recorded.parts[i].spec, specs[index(parts[i].spec)]);
        }
    }

    void padding_layers(const std::vector<std::int64_t>& recorded, const std::vector<std::int64_t>& ours) {
        if (!comparison_.same_size("padding_layers", recorded.size(), ours.size())) return;
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            const Scope scope(comparison_, "padding_layers", i);
            comparison_.value("", recorded[i], ours[i]);
        }
    }

    void workers(const RecordedPlan& recorded, const Plan& ours) {
        if (!comparison_.same_size("workers", recorded.worker_of.size(), ours.workers.size())) return;
        for (std::size_t i = 0; i < ours.workers.size(); ++i) {
            const Scope scope(comparison_, "workers", i);
            worker(recorded.workers[recorded.worker_of[i]], ours.workers[i]);
        }
    }

    void worker(const RecordedWorker& recorded, const WorkerPlan& ours) {
        comparison_.value("num_blocks", recorded.blocks, ours.blocks);
        tensors(recorded.tensors, ours.tensors);
        if (recorded.group_layers && comparison_.same_size("group_layers", recorded.group_layers->size(), ours.groups.size())) {
            for (std::size_t i = 0; i < ours.groups.size(); ++i) {
                const Scope scope(comparison_, "group_layers", i);
                layers("", (*recorded.group_layers)[i], ours.groups[i].layers);
            }
        }
        if (!old()) return comparison_.value("kv_tp_replicas", recorded.tp_replicas, ours.tp_replicas);
        capacity(recorded.capacity, ours.capacity);
        side_buffer(recorded.side_buffer, ours.side_buffer);
    }

    void tensors(const std::vector<Tensor>& recorded, const std::vector<Tensor>& ours) {
        if (!comparison_.same_size("tensors", recorded.size(), ours.size())) return;
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            const Scope scope(comparison_, "tensors", i);
            comparison_.value("size", recorded[i].size, ours[i].size);
            layers(old() ? "shared_by" : "layers", recorded[i].layers, ours[i].layers);
            if (old()) continue;
            comparison_.value("layer_stride", recorded[i].layer_stride, ours[i].layer_stride);
            comparison_.value("block_stride", recorded[i].block_stride, ours[i].block_stride);
            comparison_.value("offset", recorded[i].offset, ours[i].offset);
        }
    }

    void capacity(const std::optional<Capacity>& recorded, const std::optional<Capacity>& ours) {
        const auto tokens = [](const std::optional<Capacity>& of) { return of ? std::optional(of->reported) : std::nullopt; };
        const auto concurrency = [](const std::optional<Capacity>& of) { return of ? std::optional(of->concurrency) : std::nullopt; };
        comparison_.value("reported_tokens", tokens(recorded), tokens(ours));
        comparison_.value("max_concurrency", concurrency(recorded), concurrency(ours));
    }

    void side_buffer(const std::optional<SideBuffer>& recorded, const std::optional<SideBuffer>& ours) {
        if (recorded.has_value() != ours.has_value())
            return comparison_.differ("routed_experts", recorded ? "there" : "absent", ours ? "there" : "absent");
        if (!recorded) return;
        const Scope scope(comparison_, "routed_experts");
        comparison_.value("rows", recorded->rows, ours->rows);
        if (old()) comparison_.value("attention_group", recorded->capture_group, ours->capture_group);
        else comparison_.value("rows_per_object", recorded->rows_per_object, ours->rows_per_object);
    }

    void scheduler(const RecordedScheduler& recorded, const Plan& plan) {
        const SchedulerView& ours = plan.scheduler;
        const Scope scope(comparison_, "scheduler");
        comparison_.value("num_blocks", recorded.blocks, ours.blocks);
        if (comparison_.same_size("groups", recorded.groups.size(), ours.groups.size())) {
            for (std::size_t i = 0; i < ours.groups.size(); ++i) {
                const Scope group_scope(comparison_, "groups", i);
                comparison_.value("kind", recorded.groups[i].kind, std::string(kind_of(plan.spec(ours.groups[i].spec))));
                comparison_.value("block_size", recorded.groups[i].block, ours.groups[i].block);
            }
        }
        comparison_.value("block_size", recorded.block, ours.block);
        if (old()) return comparison_.value("routed_experts_attention_group", recorded.capture_group, ours.capture_group);
        comparison_.value("scheduler_block_size", recorded.scheduler_block, ours.scheduler_block);
        comparison_.value("hash_block_size", recorded.hash_block, ours.hash_block);
        comparison_.value("cache_hit_alignment_tokens", recorded.hit_alignment, ours.hit_alignment);
    }

    const GoldenPlan& golden_;
    const Engine& engine_;
    Comparison comparison_;
    std::vector<FieldDifference> raised_in_;
};

}  // namespace

CaseResult compare_plan(const GoldenPlan& golden, const Engine& engine) { return PlanComparison(golden, engine).result(); }

bool recognises_plan(JsonValue line) { return is_golden_plan(line); }

std::optional<CaseResult> compare_plan_line(GoldenLines& lines, const ConformOptions& options) {
    return compare_line(lines, options, golden_engine(lines.value()), read_golden_plan, compare_plan);
}

}  // namespace kv
