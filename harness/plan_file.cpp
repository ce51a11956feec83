#include "harness/plan_file.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kv {
namespace {

KvSpec without_padding(KvSpec spec) {
    if (auto* cache = attention_of(spec)) cache->page_padded.reset();
    if (auto* mamba = std::get_if<MambaSpec>(&spec)) mamba->page_padded.reset();
    return spec;
}

std::optional<Bytes> page_of(const Engine& engine, const KvSpec& spec) {
    const auto page = page_bytes(engine, spec);
    const auto* bytes = std::get_if<Bytes>(&page);
    return bytes != nullptr ? std::optional(*bytes) : std::nullopt;
}

struct Outcome {  // What a plan and a refused one have in common.
    const std::vector<KvSpec>& specs;
    const std::vector<Group>* groups;
    const Plan* plan;
};

Outcome outcome_of(const PlanOutcome& outcome) {
    if (const auto* plan = std::get_if<Plan>(&outcome)) return {plan->specs, &plan->groups, plan};
    const auto& refused = std::get<RefusedPlan>(outcome);
    return {refused.specs, refused.groups ? &*refused.groups : nullptr, nullptr};
}

// By LayerId, the spec that its group holds it with.
std::vector<std::optional<SpecId>> planned_spec_ids(const Outcome& outcome, std::size_t layers) {
    std::vector<std::optional<SpecId>> ids(layers);
    if (outcome.groups == nullptr) return ids;
    for (const Group& group : *outcome.groups) {
        for (const LayerId layer : group.layers) ids[index(layer)] = group.spec;
        if (!group.bundle) continue;
        for (std::size_t i = 0; i < group.bundle->layers.size(); ++i) ids[index(group.bundle->layers[i])] = group.bundle->specs[i];
    }
    return ids;
}

// "L7.window" is a layer of the id "window"; of a model's own names what follows the number: "self_attn.attn" of
// "model.layers.7.self_attn.attn".
std::string layer_id_of(const std::string& name) {
    std::size_t begin = name.find('.') + 1;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        const bool number = end > at && name.find_first_not_of("0123456789", at) >= end;
        if (number && end < name.size()) begin = end + 1;
        at = end + 1;
    }
    return name.substr(begin);
}

std::vector<PlannedSpec> planned_specs(const Engine& engine, const ModelLayers& model, const Outcome& outcome) {
    std::vector<PlannedSpec> rows(model.specs.size());
    const std::vector<std::optional<SpecId>> planned = planned_spec_ids(outcome, model.names.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].given = model.specs[i];
    for (const std::vector<WorkerLayer>& worker : model.workers) {
        for (const WorkerLayer& layer : worker) {
            PlannedSpec& row = rows[index(layer.spec)];
            ++row.layers;
            std::string id = layer_id_of(model.names[index(layer.layer)]);
            if (std::ranges::find(row.layer_ids, id) == row.layer_ids.end()) row.layer_ids.push_back(std::move(id));
            if (!row.planned && planned[index(layer.layer)]) row.planned = outcome.specs[index(*planned[index(layer.layer)])];
        }
    }
    for (PlannedSpec& row : rows) {
        const KvSpec& spec = row.planned ? *row.planned : row.given;
        auto page = page_bytes(engine, spec);
        if (auto* refusal = std::get_if<Refusal>(&page)) row.page_refusal = std::move(*refusal);
        else row.page = std::get<Bytes>(page);
        row.page_real = page_of(engine, without_padding(spec));
    }
    return rows;
}

// The specs of a group's layers, one for each layer.
std::vector<SpecId> layer_specs(const Group& group) {
    if (!group.bundle) return std::vector<SpecId>(group.layers.size(), group.spec);
    return group.layers.empty() ? std::vector<SpecId>{} : group.bundle->specs;
}

// A bundle needs the blocks of its longest layer.
std::optional<Blocks> held_of(const Engine& engine, const Group& group, const std::vector<KvSpec>& specs, const Settings& settings) {
    std::vector<SpecId> asked = group.bundle ? group.bundle->specs : std::vector{group.spec};
    std::ranges::sort(asked);
    asked.erase(std::ranges::unique(asked).begin(), asked.end());
    std::optional<Blocks> most;
    for (const SpecId id : asked) {
        const auto held = blocks_held_max(engine, specs[index(id)], settings);
        if (std::holds_alternative<Refusal>(held)) return std::nullopt;
        most = std::max(most.value_or(Blocks{0}), std::get<Blocks>(held));
    }
    return most;
}

PlannedGroup planned_group(const Engine& engine, const Group& group, const Outcome& outcome, const Settings& settings) {
    PlannedGroup row{
        .layers = group.layers, .spec = outcome.specs[index(group.spec)], .bundle = group.bundle.has_value(), .draft = group.draft};
    row.page = page_of(engine, row.spec);
    if (group.bundle) {
        row.page = Bytes{0};
        for (const SpecId id : group.bundle->specs) *row.page += page_of(engine, outcome.specs[index(id)]).value_or(Bytes{0});
    }
    row.held_max = held_of(engine, group, outcome.specs, settings);
    return row;
}

// What each group's blocks store and take, summed over the workers that hold layers of it.
void add_padding(const Engine& engine, const Plan& plan, std::vector<PlannedGroup>& rows) {
    std::vector<std::optional<Bytes>> real(plan.specs.size());
    for (const WorkerPlan& worker : plan.workers) {
        for (std::size_t g = 0; g < worker.groups.size() && g < rows.size(); ++g) {
            if (worker.groups[g].layers.empty()) continue;
            for (const SpecId id : layer_specs(worker.groups[g])) {
                std::optional<Bytes>& page = real[index(id)];
                if (!page) page = page_of(engine, without_padding(plan.spec(id))).value_or(Bytes{0});
                rows[g].real_per_block += *page;
            }
            rows[g].taken_per_block += Bytes{worker.bytes_per_block.value};
        }
    }
}

std::optional<Tokens> concurrent_tokens(const Capacity& capacity, Tokens length) {
    constexpr double whole_max = 9e18;
    const double tokens = capacity.concurrency * static_cast<double>(length.value);
    return 0 <= tokens && tokens < whole_max ? std::optional(Tokens{std::llround(tokens)}) : std::nullopt;
}

PlannedFile planned(const Engine& engine, const ModelFile& model) {
    PlannedFile out{.engine = engine, .outcome = make_plan(engine, plan_input(model)), .model_len_max = model.settings.model_len_max};
    const Outcome outcome = outcome_of(out.outcome);
    if (outcome.plan != nullptr) out.model_len_max = outcome.plan->model_len_max;
    if (outcome.plan != nullptr && outcome.plan->capacity)
        out.concurrent_tokens = concurrent_tokens(*outcome.plan->capacity, out.model_len_max);
    Settings settings = model.settings;
    settings.model_len_max = out.model_len_max;
    out.specs = planned_specs(engine, model.layers, outcome);
    if (outcome.groups == nullptr) return out;
    Blocks held;
    bool all_known = true;
    for (const Group& group : *outcome.groups) {
        const PlannedGroup& row = out.groups.emplace_back(planned_group(engine, group, outcome, settings));
        all_known = all_known && row.held_max;
        held += row.held_max.value_or(Blocks{0});
    }
    if (all_known) out.held_max = held;
    if (outcome.plan != nullptr) add_padding(engine, *outcome.plan, out.groups);
    return out;
}

Diagnostic overflow_at(const Engine& engine, const ModelFile& model, const SizeOverflow& overflow) {
    Diagnostic diagnostic = model.model_place;
    diagnostic.message = std::string("the sizes of this model are too large together: ") + overflow.what();
    for (std::size_t i = 0; i < model.layers.specs.size(); ++i) {
        try {
            static_cast<void>(page_bytes(engine, model.layers.specs[i]));
            static_cast<void>(request_bytes_max(engine, model.layers.specs[i], model.settings));
        } catch (const SizeOverflow& own) {
            diagnostic = model.spec_places[i];
            diagnostic.message = std::string("the sizes of this layer are too large: ") + own.what();
            return diagnostic;
        }
    }
    return diagnostic;
}

}  // namespace

std::variant<PlannedFile, Diagnostic> plan_file(const Engine& engine, const ModelFile& model) {
    try {
        return planned(engine, model);
    } catch (const SizeOverflow& overflow) {
        return overflow_at(engine, model, overflow);
    }
}

std::vector<ReplacedRule> replaced_rules(const Engine& engine) {
    std::vector<ReplacedRule> replaced;
    const auto shipped = std::ranges::find(engines(), engine.name, &Engine::name);
    if (shipped == engines().end()) return replaced;
    for (const Slot& slot : slots())
        if (slot.rule_of(engine) != slot.rule_of(*shipped)) replaced.push_back({slot.id, slot.rule_of(engine)});
    return replaced;
}

}  // namespace kv
