#include "model/rules/page_fallback.h"

#include "model/rules/promotion.h"

#include <utility>

namespace kv {

std::optional<std::vector<Group>> no_fallback(Planning&) { return std::nullopt; }

std::optional<std::vector<Group>> latents_and_windows_whole(Planning& planning) {
    bool latent = false, window = false;
    for (const KvSpec* spec : planning.distinct_spec_values()) {
        if (std::holds_alternative<HiddenStateSpec>(*spec) || std::holds_alternative<SlidingWindowMlaSpec>(*spec) ||
            std::holds_alternative<ChunkedLocalSpec>(*spec))
            return std::nullopt;
        latent = latent || mla_of(*spec) != nullptr;
        window = window || std::holds_alternative<SlidingWindowSpec>(*spec);
    }
    if (!latent || !window) return std::nullopt;
    Planning promoted(planning.engine, planning.model, planning.settings, planning.specs);
    try {
        promoted.set_layers(promoted_layers(promoted, planning.layers()));
    } catch (const RefusedByEngine& refused) {
        if (refused.refusal.type != Raised::value_error) throw;
        return std::nullopt;  // The plan is refused all the same, for the first reason: its pages.
    }
    if (!one_uniform_type(promoted)) return std::nullopt;
    planning.specs = std::move(promoted.specs);
    return std::vector{bundle_of(promoted.layers())};
}

}  // namespace kv
