#include "harness/model_conformity.h"

#include "harness/comparison.h"
#include "harness/imported_model.h"
#include "harness/refusal_conformity.h"
#include "harness/serving_conformity.h"
#include "model/overload.h"
#include "scenarios/text_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <system_error>

namespace kv {

namespace {

using Scope = Comparison::Scope;

class ModelComparison {
public:
    ModelComparison(const ModelRecording& recording, const Engine& engine) : recording_(recording), engine_(engine) {}

    // Of the recorded layers, or of those that were made of the config.
    void plan(const ModelFile& model) {
        model_ = &model;
        derived_settings();
        const PlanOutcome ours = make_plan(engine_, plan_input(model));
        std::visit([&](const auto& recorded, const auto& made) { outcome(recorded, made); }, recording_.expect, ours);
    }

    void serving(const ServedModel& served) { compare_serving(recording_, served, comparison_); }
    void not_served(const ServedConfig& served) { comparison_.differ("import", "layers", described(served)); }
    bool differs() const { return !comparison_.differences().empty(); }

    CaseResult result() {
        return {.id = case_name(recording_.model.name, recording_.arguments),
                .line = recording_.line,
                .differences = comparison_.differences(),
                .raised_in = std::move(raised_in_)};
    }

private:
    bool old() const { return recording_.shape == RecordShape::vllm_0_18; }

    void derived_settings() {
        if (old()) return;
        const Scope scope(comparison_, "resolved");
        const Settings& settings = model_->settings;
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
        std::set<std::int64_t> figures;
        if (ours.refusal.admission->needed) {
            figures = {recording_.model.settings.model_len_max.value};
            const auto fits = ours.refusal.admission->estimated_len_max;
            if (fits && *fits > Tokens{0}) figures.insert(fits->value);  // Else the message does not speak of it.
        }
        if (integers_alone(recorded.message) != figures) comparison_.differ("figures", recorded.message, refusal_text(ours.refusal));
    }

    void outcome(const RecordedModelPlan& recorded, const Plan& ours) {
        comparison_.value("max_model_len_after", recorded.model_len_max, ours.model_len_max);
        if (comparison_.same_size("workers", recorded.workers.size(), ours.workers.size()))
            for (std::size_t i = 0; i < ours.workers.size(); ++i) {
                const Scope scope(comparison_, "workers", i);
                worker(recorded.workers[i], ours.workers[i], ours);
            }
        scheduler(recorded, ours);
        capacity(recorded, ours);
    }

    void worker(const RecordedModelWorker& recorded, const WorkerPlan& ours, const Plan& plan) {
        comparison_.value("num_blocks", recorded.blocks, ours.blocks);
        if (comparison_.same_size("groups", recorded.groups.size(), ours.groups.size()))
            for (std::size_t i = 0; i < ours.groups.size(); ++i) {
                const Scope scope(comparison_, "groups", i);
                group(recorded.groups[i], ours.groups[i], plan);
            }
        tensors(recorded.tensors, ours.tensors);
    }

    void group(const RecordedModelGroup& recorded, const Group& ours, const Plan& plan) {
        layers("layers", recorded.layers, ours.layers);
        if (!old() && recorded.draft) comparison_.value("is_eagle_group", *recorded.draft, ours.draft);
        if (recorded.spec.has_value() == ours.bundle.has_value())
            return comparison_.differ("spec", recorded.spec ? "of one kind" : "a bundle", ours.bundle ? "a bundle" : "of one kind");
        if (recorded.spec) return spec(*recorded.spec, plan.spec(ours.spec));
        if (recorded.layer_specs.empty()) return;  // A worker's own groups do not list them.
        for (std::size_t i = 0; i < recorded.layers.size() && i < ours.bundle->specs.size(); ++i) {
            const Scope scope(comparison_, "layer_specs", i);
            spec(recorded.layer_specs[i], plan.spec(ours.bundle->specs[i]));
        }
    }

    void spec(const RecordedSpec& recorded, const KvSpec& ours) {
        const auto page = page_bytes(engine_, ours);
        const auto* bytes = std::get_if<Bytes>(&page);
        if (bytes == nullptr || *bytes != std::get<Bytes>(recorded.page))
            comparison_.differ("page_size_bytes", value_text(std::get<Bytes>(recorded.page)),
                               bytes == nullptr ? refusal_text(std::get<Refusal>(page)) : value_text(*bytes));
        if (spec_text(recorded.spec, recording_.shape) != spec_text(ours, recording_.shape))
            comparison_.differ("spec", spec_text(recorded.spec, recording_.shape), spec_text(ours, recording_.shape));
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

    void scheduler(const RecordedModelPlan& recorded, const Plan& ours) {
        if (!comparison_.same_size("group_block_sizes", recorded.group_blocks.size(), ours.scheduler.groups.size())) return;
        for (std::size_t i = 0; i < recorded.group_blocks.size(); ++i) {
            const Scope scope(comparison_, "group_block_sizes", i);
            comparison_.value("", recorded.group_blocks[i], ours.scheduler.groups[i].block);
        }
    }

    void capacity(const RecordedModelPlan& recorded, const Plan& ours) {
        const auto tokens = [](const std::optional<Capacity>& of) { return of ? std::optional(of->reported) : std::nullopt; };
        const auto concurrency = [](const std::optional<Capacity>& of) { return of ? std::optional(of->concurrency) : std::nullopt; };
        comparison_.value("reported_tokens", tokens(recorded.capacity), tokens(ours.capacity));
        comparison_.value("max_concurrency", concurrency(recorded.capacity), concurrency(ours.capacity));
        if (!recorded.capacity) return;
        comparison_.value("block_size_after", recorded.block, ours.scheduler.block);
        if (old()) return;
        comparison_.value("scheduler_block_size", recorded.scheduler_block, ours.scheduler.scheduler_block);
        comparison_.value("hash_block_size", recorded.hash_block, ours.scheduler.hash_block);
    }

    void layers(std::string_view key, const std::vector<LayerId>& recorded, const std::vector<LayerId>& ours) {
        const std::vector<std::string_view> theirs = names(recording_.model, recorded);
        const std::vector<std::string_view> own = names(*model_, ours);
        if (theirs != own) comparison_.list(key, theirs, own);
    }

    static std::vector<std::string_view> names(const ModelFile& model, const std::vector<LayerId>& layers) {
        std::vector<std::string_view> out;
        for (const LayerId layer : layers) out.push_back(model.layers.names[index(layer)]);
        return out;
    }

    const ModelRecording& recording_;
    const Engine& engine_;
    const ModelFile* model_ = nullptr;
    Comparison comparison_;
    std::vector<FieldDifference> raised_in_;
};

CaseResult not_known(std::string id) { return {.id = std::move(id), .known = false, .differences = {}, .raised_in = {}}; }

// The config that a line carries, or that lies in the folder of its model beside the recording. Empty: there is none.
class ConfigOfLine {
public:
    ConfigOfLine(GoldenLines& lines, const std::string& model) : inline_(lines.value().member("config")) {
        if (inline_) return;
        const bool plain = !model.empty() && model.find('/') == std::string::npos && model.front() != '.';
        const std::filesystem::path file = std::filesystem::path(lines.file()).parent_path() / model / "config.json";
        std::error_code none;
        if (!plain || !std::filesystem::exists(file, none)) return;
        auto text = read_text_file(file.string(), config_bytes_max);
        if (auto* wrong = std::get_if<Diagnostic>(&text)) {
            wrong_ = {std::move(*wrong)};
            return;
        }
        auto read = read_json({.file = file.string(), .text = std::get<std::string>(std::move(text)), .non_finite = true});
        if (auto* errors = std::get_if<Diagnostics>(&read)) wrong_ = std::move(*errors);
        else document_ = std::get<JsonDocument>(std::move(read));
    }

    std::optional<JsonValue> value() const {
        if (inline_) return inline_;
        return document_ ? std::optional(document_->root()) : std::nullopt;
    }
    const Diagnostics& wrong() const { return wrong_; }

private:
    std::optional<JsonValue> inline_;
    std::optional<JsonDocument> document_;
    Diagnostics wrong_;
};

}  // namespace

CaseResult compare_model_plan(const ModelRecording& recording, const Engine& engine) {
    ModelComparison comparison(recording, engine);
    comparison.plan(recording.model);
    return comparison.result();
}

CaseResult compare_imported(const ModelRecording& recording, JsonValue config, const Engine& engine) {
    const std::string id = case_name(recording.model.name, recording.arguments);
    if (!recording.arguments.not_known.empty()) return not_known(id);
    ServedConfig made = serve_config(engine, config, recording.arguments.asked);
    if (std::holds_alternative<UnknownArchitecture>(made)) return not_known(id);
    ModelComparison comparison(recording, engine);
    auto* served = std::get_if<ServedModel>(&made);
    if (served == nullptr) {
        comparison.not_served(made);
        return comparison.result();
    }
    comparison.serving(*served);
    if (comparison.differs()) return comparison.result();  // A plan of other layers says nothing more.
    const Bytes memory = recording.model.memory.empty() ? Bytes{} : recording.model.memory.front();
    comparison.plan(file_of_served(recording.model.name, std::move(*served), memory, recording.model.model_place));
    return comparison.result();
}

CaseResult compare_refused(const RefusedModel& recorded, JsonValue config, const Engine& engine) {
    const RecordedArguments arguments = recorded.arguments.value_or(RecordedArguments{});
    CaseResult result{.id = case_name(recorded.model, arguments), .differences = {}, .raised_in = {}};
    if (!arguments.not_known.empty()) return not_known(result.id);
    const ServedConfig made = serve_config(engine, config, arguments.asked);
    if (std::holds_alternative<UnknownArchitecture>(made)) return not_known(result.id);
    Comparison comparison;
    compare_refused_model(recorded, made, comparison, result.raised_in);
    result.differences = comparison.differences();
    return result;
}

std::optional<CaseResult> compare_model_line(GoldenLines& lines, const ConformOptions& options) {
    std::optional<ConfigOfLine> config;
    const auto compare = [&](const ModelRecording& recording, const Engine& engine) {
        config.emplace(lines, recording.model.name);
        const auto value = config->value();
        return value ? compare_imported(recording, *value, engine) : compare_model_plan(recording, engine);
    };
    auto result = compare_line(lines, options, golden_engine(lines.value()), read_model_recording, compare);
    if (config && !config->wrong().empty()) {
        lines.diagnostics().insert(lines.diagnostics().end(), config->wrong().begin(), config->wrong().end());
        return std::nullopt;
    }
    return result;
}

std::optional<CaseResult> compare_refused_line(GoldenLines& lines, const ConformOptions& options) {
    std::optional<ConfigOfLine> config;
    const auto compare = [&](const RefusedModel& recorded, const Engine& engine) {
        config.emplace(lines, recorded.model);
        const auto value = config->value();
        return value ? compare_refused(recorded, *value, engine) : not_known(recorded.model);
    };
    auto result = compare_line(lines, options, golden_engine(lines.value()), read_refused_model, compare);
    if (config && !config->wrong().empty()) {
        lines.diagnostics().insert(lines.diagnostics().end(), config->wrong().begin(), config->wrong().end());
        return std::nullopt;
    }
    return result;
}

}  // namespace kv
