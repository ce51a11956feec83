#include "model/given_groups.h"

#include "model/planning.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

struct Numbered {
    ModelLayers model;
    std::vector<Group> groups = {};
};

Numbered numbered(std::span<const GivenGroup> given) {
    Numbered out{.model = {.names = {}, .specs = {}, .workers = {{}}}};
    ModelLayers& model = out.model;
    for (const GivenGroup& group : given) {
        require(group.layers >= 0, "a group has a number of layers");
        const auto known = std::ranges::find(model.specs, group.spec);
        const auto spec = static_cast<SpecId>(known - model.specs.begin());
        if (known == model.specs.end()) model.specs.push_back(group.spec);
        Group& made = out.groups.emplace_back(Group{.spec = spec});
        for (std::int64_t i = 0; i < group.layers; ++i) {
            const auto layer = static_cast<LayerId>(model.names.size());
            model.names.push_back('L' + std::to_string(index(layer)) + '.' + group.name);
            model.workers.front().push_back({layer, spec});
            made.layers.push_back(layer);
        }
    }
    return out;
}

void give_one_page(const Engine& engine, std::vector<KvSpec>& specs) {
    Bytes page{1};
    for (const KvSpec& spec : specs) page = std::max(page, engine.page_bytes(spec));
    for (KvSpec& spec : specs) {
        if (auto* custom = std::get_if<CustomSpec>(&spec)) custom->page = BytesPerBlock{page.value};
        else pad_page(spec, page);
    }
}

}  // namespace

PlanOutcome plan_of_groups(const Engine& engine, std::span<const GivenGroup> given, const Settings& settings) {
    require(settings.blocks_override.has_value(), "where no page is known somebody says how many blocks there are");
    Numbered model = numbered(given);
    Planning planning(engine, model.model, settings, model.model.specs);
    try {
        planning.set_layers(model.model.workers.front());
        engine.known_kinds(planning);
        give_one_page(engine, planning.specs);
        engine.draft_groups(planning, model.groups);
        Plan plan{.specs = {}, .groups = model.groups, .model_len_max = settings.model_len_max, .workers = {{}}};
        plan.workers.front().blocks = *settings.blocks_override;
        plan.workers.front().groups = model.groups;
        engine.report(planning, plan);
        plan.specs = std::move(model.model.specs);
        return plan;
    } catch (RefusedByEngine& refused) {
        return RefusedPlan{std::move(refused.refusal), std::move(model.model.specs), std::move(model.groups)};
    }
}

}  // namespace kv
