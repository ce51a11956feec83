#include "model/capacity_truth.h"

#include <algorithm>

namespace kv {

CacheSetup experiment_setup(const CapacityCase& given) {
    CacheSetup setup = given.setup;
    setup.prefix_caching = false;
    setup.eagle = false;
    setup.in_flight_max = given.batched_max;
    setup.prefill_lookahead = 0;
    setup.watermark = 0;
    setup.shared_prefix_checkpoint = false;
    setup.retention_interval.reset();
    for (CacheGroup& group : setup.groups) {
        group.draft = false;
        auto* states = std::get_if<MambaSpec>(&group.spec);
        if (states == nullptr) continue;
        states->prefill_checkpoint_blocks = 0;  // They are there to be hit.
        states->prefill_checkpoint_alignment.reset();
    }
    return setup;
}

std::string_view no_truth_of(const CapacityCase& given) {
    const std::vector<CacheGroup>& groups = given.setup.groups;
    if (groups.empty()) return "without groups there is nothing to hold";
    const auto is_encoder_only = [](const CacheGroup& group) { return std::holds_alternative<EncoderOnlySpec>(group.spec); };
    if (std::ranges::all_of(groups, is_encoder_only)) return "encoder-only attention holds nothing between steps";
    const auto holds_nothing = [&](const CacheGroup& group) {
        return is_encoder_only(group) || (std::holds_alternative<CrossSpec>(group.spec) && given.encoder_tokens <= Tokens{0});
    };
    if (std::ranges::all_of(groups, holds_nothing)) return "cross-attention holds nothing for requests without encoder tokens";
    const bool sharded = given.setup.decode_context != 1 || given.setup.prefill_context != 1;
    const auto has_drafts = [](const CacheGroup& group) {
        const auto* states = std::get_if<MambaSpec>(&group.spec);
        return states != nullptr && states->speculative_blocks > 0;
    };
    if (sharded && std::ranges::any_of(groups, has_drafts)) return "states with blocks for drafts are not known under context parallelism";
    return {};
}

}  // namespace kv
