#include "harness/model_conformity.h"

#include "harness/comparison.h"
#include "harness/refusal_conformity.h"
#include "model/overload.h"

#include <fmt/format.h>

#include <set>

namespace kv {

namespace {

using Scope = Comparison::Scope;

class ModelComparison {
public:
    ModelComparison(const ModelRecording& recording, const Engine& engine) : recording_(recording), engine_(engine) {}

    CaseResult result() {
        derived_settings();
        const PlanOutcome ours = make_plan(engine_, plan_input(recording_.model));
        std::visit([&](const auto& recorded, const auto& made) { outcome(recorded, made); }, recording_.expect, ours);
        return {.id = id(), .line = recording_.line, .differences = comparison_.differences(), .raised_in = std::move(raised_in_)};
    }

private:
    std::string id() const {
        std::string out = recording_.model.name;
        for (const RecordedArgument& argument : recording_.arguments) out += fmt::format(" {}={}", argument.name, argument.value);
        return out;
    }

    void derived_settings() {
        if (recording_.shape == RecordShape::vllm_0_18) return;
        const Scope scope(comparison_, "resolved");
        const Settings& settings = recording_.model.settings;
        comparison_.value("max_in_flight_tokens", recording_.in_flight_max, std::optional(in_flight_max(settings)));
        comparison_.value("num_prefill_lookahead_tokens", recording_.prefill_lookahead, std::optional(prefill_lookahead(settings)));
    }

    void outcome(const RecordedModelPlan&, const RefusedPlan& ours) {
        comparison_.differ("error", "none: a plan", refusal_text(ours.refusal));
    }

    void outcome(const RecordedError& recorded, const Plan& ours) {
        comparison_.differ("error", refusal_text(recorded), fmt::format("none: a plan of {} groups", ours.groups.size()));
    }

    void outcome(const RecordedError& recorded, const RefusedPlan& ours) {
        const Scope scope(comparison_, "error");
        if (!ours.refusal.admission) return compare_refusal(recorded, ours.refusal, comparison_, raised_in_);
        // The line keeps of the admission check what its message says in whole numbers: the longest request, and the longest that fits.
        comparison_.value("type", recorded.type, std::string(name_of(ours.refusal.type)));
        const Tokens fits = ours.refusal.admission->estimated_len_max.value_or(Tokens{0});
        const std::set<std::int64_t> figures{recording_.model.settings.model_len_max.value, fits.value};
        if (integers_alone(recorded.message) != figures) comparison_.differ("figures", recorded.message, refusal_text(ours.refusal));
    }

    void outcome(const RecordedModelPlan& recorded, const Plan& ours) {
        comparison_.value("max_model_len_after", recorded.model_len_max, ours.model_len_max);
        if (comparison_.same_size("workers", recorded.blocks.size(), ours.workers.size()))
            for (std::size_t i = 0; i < ours.workers.size(); ++i) worker(recorded, i, ours.workers[i]);
        if (comparison_.same_size("group_block_sizes", recorded.group_blocks.size(), ours.scheduler.groups.size()))
            for (std::size_t i = 0; i < recorded.group_blocks.size(); ++i) {
                const Scope scope(comparison_, "group_block_sizes", i);
                comparison_.value("", recorded.group_blocks[i], ours.scheduler.groups[i].block);
            }
        capacity(recorded, ours);
    }

    void worker(const RecordedModelPlan& recorded, std::size_t at, const WorkerPlan& ours) {
        const Scope scope(comparison_, "workers", at);
        comparison_.value("num_blocks", recorded.blocks[at], ours.blocks);
        const std::vector<std::vector<LayerId>>& groups = recorded.workers[at].layers;
        if (!comparison_.same_size("groups", groups.size(), ours.groups.size())) return;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const Scope group_scope(comparison_, "groups", i);
            if (groups[i] != ours.groups[i].layers) comparison_.list("layers", names(groups[i]), names(ours.groups[i].layers));
        }
    }

    void capacity(const RecordedModelPlan& recorded, const Plan& ours) {
        const auto tokens = [](const std::optional<Capacity>& of) { return of ? std::optional(of->reported) : std::nullopt; };
        const auto concurrency = [](const std::optional<Capacity>& of) { return of ? std::optional(of->concurrency) : std::nullopt; };
        comparison_.value("reported_tokens", tokens(recorded.capacity), tokens(ours.capacity));
        comparison_.value("max_concurrency", concurrency(recorded.capacity), concurrency(ours.capacity));
        if (!recorded.capacity) return;
        comparison_.value("block_size_after", recorded.block, ours.scheduler.block);
        if (recording_.shape == RecordShape::vllm_0_18) return;
        comparison_.value("scheduler_block_size", recorded.scheduler_block, ours.scheduler.scheduler_block);
        comparison_.value("hash_block_size", recorded.hash_block, ours.scheduler.hash_block);
    }

    std::vector<std::string_view> names(const std::vector<LayerId>& layers) const {
        std::vector<std::string_view> out;
        for (const LayerId layer : layers) out.push_back(recording_.model.layers.names[index(layer)]);
        return out;
    }

    const ModelRecording& recording_;
    const Engine& engine_;
    Comparison comparison_;
    std::vector<FieldDifference> raised_in_;
};

}  // namespace

std::optional<CaseResult> compare_model_line(GoldenLines& lines, const ConformOptions& options) {
    return compare_line(lines, options, golden_engine(lines.value()), read_model_recording, compare_model_plan);
}

CaseResult compare_model_plan(const ModelRecording& recording, const Engine& engine) { return ModelComparison(recording, engine).result(); }

}  // namespace kv
