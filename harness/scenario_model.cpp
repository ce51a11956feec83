#include "harness/scenario_model.h"

#include "harness/imported_model.h"
#include "harness/plan_file.h"
#include "model/given_groups.h"
#include "scenarios/settings_reader.h"
#include "scenarios/text_file.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace kv {
namespace {

// Taken where only the blocks are said: no check of the engine may then fail for want of memory.
constexpr Bytes memory_enough{std::int64_t{1} << 50};

struct Layered {  // A model as far as its captured rows go.
    std::int64_t layers = 1;
    std::vector<std::int64_t> stages = {};
    RoutedModel routed = {};
};

Diagnostics told(Diagnostic place, std::string message) {
    place.message = std::move(message);
    return {std::move(place)};
}

std::vector<std::int64_t> evenly(std::int64_t layers, std::int64_t stages) {
    std::vector<std::int64_t> counts;
    for (const std::size_t count : even_stages(static_cast<std::size_t>(layers), static_cast<std::size_t>(stages)))
        counts.push_back(static_cast<std::int64_t>(count));
    return counts;
}

// States of no position are kept where prefixes are not cached, and there only (mamba_cache_mode of both versions): a model that is stated
// with such states is one that is served without; so is one with an encoder apart. Says so.
std::string without_prefixes(std::span<const KvSpec> specs, Settings& settings) {
    if (!settings.prefix_caching) return {};
    const bool unkept = std::ranges::any_of(specs, [](const KvSpec& spec) {
        const auto* states = std::get_if<MambaSpec>(&spec);
        return states != nullptr && states->mode == MambaMode::none;
    });
    const bool crosses = std::ranges::any_of(specs, [](const KvSpec& spec) { return std::holds_alternative<CrossSpec>(spec); });
    if (!unkept && !crosses) return {};
    settings.prefix_caching = false;
    return unkept ? "no prefix caching: states of mode none are not kept" : "no prefix caching: cross-attention is not kept";
}

// What the contract of a row's format asks, told as a mistake of the file.
std::optional<std::string> uncapturable(const CaptureShape& shape) {
    constexpr std::int64_t ids_end = std::int64_t{1} << 31;
    if (shape.layers > RowModel::layers_max)
        return "rows of " + std::to_string(shape.layers) + " layers: expected " + std::to_string(RowModel::layers_max) + " at most";
    if (shape.dense_first > shape.layers)
        return "`dense_first` is " + std::to_string(shape.dense_first) + ": the model has " + std::to_string(shape.layers) + " layers";
    if (std::ranges::count(shape.stage_layers, 0) > 0) return "a pipeline stage has no layer: rows cannot be captured there";
    if (shape.routers.topk > shape.routers.experts)
        return "a token is routed to " + std::to_string(shape.routers.topk) + " of " + std::to_string(shape.routers.experts) + " experts";
    if (shape.routers.experts > ids_end - 1 - shape.redundant_experts) return "the ids of experts do not fit 31 bits";
    return std::nullopt;
}

class Modelling {
public:
    Modelling(const Engine& engine, const Scenario& scenario) : engine_(engine), scenario_(scenario) {}

    ModelledScenario made() {
        ModelledScenario out = scenario_.config ? of_config() : scenario_.groups.empty() ? of_layers(scenario_.model) : of_groups();
        auto* model = std::get_if<ScenarioModel>(&out);
        if (model == nullptr || !scenario_.capture.enabled) return out;
        if (auto wrong = add_capture(*model)) return *std::move(wrong);
        return out;
    }

private:
    ModelledScenario of_layers(ModelFile file) {
        std::string assumed = file.assumed;
        if (!scenario_.config) assumed = without_prefixes(file.layers.specs, file.settings);
        if (file.memory.empty()) {
            file.memory.assign(file.layers.workers.size(), memory_enough);
            assumed += std::string(assumed.empty() ? "" : "; ") + "memory enough for the blocks";
        }
        auto planned = plan_file(engine_, file);
        if (auto* wrong = std::get_if<Diagnostic>(&planned)) return Diagnostics{std::move(*wrong)};
        if (!scenario_.config)
            for (const std::vector<WorkerLayer>& worker : file.layers.workers) layered_.stages.push_back(std::ssize(worker));
        if (!scenario_.config) layered_.layers = std::ssize(file.layers.names);
        return ScenarioModel{.settings = std::move(file.settings),
                             .outcome = std::move(std::get<PlannedFile>(planned).outcome),
                             .memory = scenario_.model.memory,
                             .layers = std::move(file.layers),
                             .checked = !scenario_.model.memory.empty(),
                             .assumed = std::move(assumed)};
    }

    ModelledScenario of_groups() {
        ScenarioModel model{.settings = scenario_.model.settings, .outcome = RefusedPlan{}, .checked = false};
        std::vector<GivenGroup> groups;
        std::vector<KvSpec> specs;
        std::int64_t layers = 0;
        for (const ScenarioGroup& group : scenario_.groups) {
            groups.push_back({.name = group.id, .spec = group.spec, .layers = group.layers});
            specs.push_back(group.spec);
            model.columns.push_back(group.columns);
            layers += group.layers;
            if (layers > RowModel::layers_max)
                return told(group.place, "more than " + std::to_string(RowModel::layers_max) + " layers with those before");
        }
        layered_ = {.layers = layers, .stages = evenly(layers, model.settings.parallel.pipeline)};
        model.assumed = without_prefixes(specs, model.settings);
        try {
            model.outcome = plan_of_groups(engine_, groups, model.settings);
        } catch (const SizeOverflow& overflow) {
            return told(scenario_.model.model_place, std::string("the sizes of these groups are too large: ") + overflow.what());
        }
        return model;
    }

    ModelledScenario of_config() {
        const std::string path = beside(scenario_.file, scenario_.config->path);
        auto text = read_text_file(path, config_bytes_max);
        if (const auto* wrong = std::get_if<Diagnostic>(&text)) return told(scenario_.config->place, path + ": " + wrong->message);
        auto read = read_json({.file = path, .text = std::get<std::string>(std::move(text)), .non_finite = true});
        if (auto* wrong = std::get_if<Diagnostics>(&read)) return std::move(*wrong);
        const JsonValue root = std::get<JsonDocument>(read).root();
        try {
            return std::visit(Overload{[&](Refusal refusal) -> ModelledScenario { return refusal; },
                                       [&](Diagnostics wrong) -> ModelledScenario { return wrong; },
                                       [&](UnknownArchitecture unknown) -> ModelledScenario { return Diagnostics{unknown.diagnostic}; },
                                       [&](ServedModel served) { return of_served(std::move(served), root); }},
                              serve_config(engine_, root, arguments()));
        } catch (const SizeOverflow& overflow) {
            return told(scenario_.config->place, path + ": its sizes are too large: " + overflow.what());
        }
    }

    // What the file does not say has the format's default, as for layers that a file states. Only what the format's default says
    // nothing about is left to the engine.
    ServingArguments arguments() const {
        const Settings& said = scenario_.model.settings;
        ServingArguments asked{.model_len_max = said.model_len_max, .length = said.length, .parallel = said.parallel};
        if (said.block != Settings().block) asked.block = said.block;
        if (said.mamba_mode != MambaMode::none) asked.mamba_mode = said.mamba_mode;
        asked.prefix_caching = said.prefix_caching;
        asked.batched_max = said.batched_max;
        asked.sequences_max = said.sequences_max;
        asked.hybrid_manager = said.hybrid_manager;
        asked.drafting = said.drafting;
        return asked;
    }

    ModelledScenario of_served(ServedModel served, JsonValue root) {
        const Settings& said = scenario_.model.settings;
        Settings& settings = served.settings;
        settings.blocks_override = said.blocks_override;
        settings.async_scheduling = settings.async_scheduling && said.async_scheduling;
        settings.v2_runner = settings.v2_runner || said.v2_runner;
        if (said.layout != Settings().layout) settings.layout = said.layout;
        if (said.prefix_match_unit) settings.prefix_match_unit = said.prefix_match_unit;
        if (said.encoder_tokens_max > Tokens{0}) settings.encoder_tokens_max = said.encoder_tokens_max;
        if (said.encoder_input_max) settings.encoder_input_max = said.encoder_input_max;
        const ImportedModel shape = import_model(root, engine_.model_classes.choice);
        layered_ = {.layers = std::get<ModelShape>(shape).decoder_layers, .routed = routed_of_config(root)};
        layered_.stages = evenly(layered_.layers, settings.parallel.pipeline);
        ModelFile file = file_of_served(scenario_.model.name, std::move(served), memory_enough, scenario_.config->place);
        if (scenario_.model.memory.size() == file.memory.size()) file.memory = scenario_.model.memory;
        return of_layers(std::move(file));
    }

    std::optional<Diagnostics> add_capture(ScenarioModel& model) const {
        const std::optional<std::int64_t> experts = scenario_.routed.experts ? scenario_.routed.experts : layered_.routed.experts;
        const std::optional<std::int64_t> topk = scenario_.routed.topk ? scenario_.routed.topk : layered_.routed.topk;
        if (!experts || !topk)
            return told(scenario_.model.model_place,
                        "the config.json does not say how many experts a layer has, and to how many of them a "
                        "token is routed: expected `experts` and `topk` in [model]");
        CaptureShape shape{.layers = layered_.layers,
                           .dense_first = scenario_.routed.dense_first,
                           .routers = {.experts = *experts, .topk = *topk},
                           .redundant_experts = scenario_.routed.redundant_experts,
                           .draft_layers = scenario_.capture.draft_layers,
                           .draft_first = scenario_.capture.draft_first,
                           .routes_inside = scenario_.capture.routes_inside,
                           .shared_experts = scenario_.routed.shared_experts,
                           .router_columns = scenario_.capture.router_columns,
                           .router_layer = scenario_.capture.router_layer,
                           .reader_layers = scenario_.capture.reader_layers};
        if (layered_.stages.size() > 1) shape.stage_layers = layered_.stages;
        if (auto wrong = uncapturable(shape)) return told(scenario_.model.model_place, *std::move(wrong));
        model.capture = std::move(shape);
        return std::nullopt;
    }

    const Engine& engine_;
    const Scenario& scenario_;
    Layered layered_ = {};
};

std::optional<std::int64_t> first_of(JsonValue object, std::span<const std::string_view> keys) {
    for (const std::string_view key : keys) {
        const auto value = object.member(key);
        if (!value || value->kind() == JsonKind::null) continue;
        if (value->kind() == JsonKind::integer && value->integer() > 0) return value->integer();
        return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

ModelledScenario model_of_scenario(const Engine& engine, const Scenario& scenario) { return Modelling(engine, scenario).made(); }

RoutedModel routed_of_config(JsonValue root) {
    constexpr std::array<std::string_view, 4> experts{"num_experts", "moe_num_experts", "n_routed_experts", "num_local_experts"};
    constexpr std::array<std::string_view, 5> topk{"num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_topk",
                                                   "moe_top_k"};
    const auto nested = root.member("text_config");
    const JsonValue text = nested && nested->kind() == JsonKind::object ? *nested : root;
    return {.experts = first_of(text, experts), .topk = first_of(text, topk)};
}

}  // namespace kv
