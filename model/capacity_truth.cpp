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

std::int64_t ranks_sharing(const Engine& engine, const KvSpec& spec, const CacheSetup& setup) {
    switch (engine.context_blocks.choice) {
        case ContextBlocks::all_groups:
            return checked_mul(setup.decode_context, setup.prefill_context);
        case ContextBlocks::sharded_groups:
            return sharding_of(spec) == ContextSharding::sharded ? setup.decode_context : 1;
    }
    return 1;
}

std::string_view no_truth_of(const Engine& engine, const CapacityCase& given) {
    const std::vector<CacheGroup>& groups = given.setup.groups;
    if (groups.empty()) return "without groups there is nothing to hold";
    const auto is_encoder_only = [](const CacheGroup& group) { return std::holds_alternative<EncoderOnlySpec>(group.spec); };
    if (std::ranges::all_of(groups, is_encoder_only)) return "encoder-only attention holds nothing between steps";
    const auto holds_nothing = [&](const CacheGroup& group) {
        return is_encoder_only(group) || (std::holds_alternative<CrossSpec>(group.spec) && given.encoder_tokens <= Tokens{0});
    };
    if (std::ranges::all_of(groups, holds_nothing)) return "cross-attention holds nothing for requests without encoder tokens";
    // The engines ask for blocks of drafts by the tokens of one rank and take them by those of all, and may then take more than there are.
    const auto takes_more_than_asked = [&](const CacheGroup& group) {
        const auto* states = std::get_if<MambaSpec>(&group.spec);
        return states != nullptr && states->mode != MambaMode::align && states->speculative_blocks > 0 &&
               ranks_sharing(engine, group.spec, given.setup) != 1;
    };
    if (std::ranges::any_of(groups, takes_more_than_asked))
        return "blocks for drafts' states that ranks share are taken without being asked for";
    return {};
}

}  // namespace kv
