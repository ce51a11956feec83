#include "model/rules/draft_groups.h"

#include <algorithm>

namespace kv {
namespace {

bool drafts_in_trailing_layers(const Settings& settings) {
    if (!uses_eagle(settings.drafting)) return false;
    return settings.drafting.method == "mtp" || settings.model_type == "deepseek_v4" || settings.model_type == "deepseek_v41";
}

bool covers_every_layer_once(const Planning& planning, const std::vector<Group>& groups) {
    std::vector<LayerId> grouped, all;
    for (const Group& group : groups) grouped.insert(grouped.end(), group.layers.begin(), group.layers.end());
    for (const WorkerLayer& layer : planning.layers()) all.push_back(layer.layer);
    std::ranges::sort(grouped);
    std::ranges::sort(all);
    return grouped == all;
}

}  // namespace

void no_draft_groups(const Planning&, std::vector<Group>&) {}

void marked_or_trailing_groups(const Planning& planning, std::vector<Group>& groups) {
    if (!drops_eagle_block(planning.settings.drafting)) return;
    for (Group& group : groups) {
        group.draft = std::ranges::any_of(specs_of(group), [&](SpecId id) {
            const MlaSpec* latent = mla_of(planning.spec(id));
            return latent != nullptr && latent->non_causal_multi_token_decode;
        });
    }
    if (!drafts_in_trailing_layers(planning.settings) || planning.layers().empty() || !covers_every_layer_once(planning, groups)) return;
    const LayerId last = planning.layers().back().layer;
    const auto holder =
        std::ranges::find_if(groups, [&](const Group& group) { return std::ranges::find(group.layers, last) != group.layers.end(); });
    holder->draft = true;
}

}  // namespace kv
