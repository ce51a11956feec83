// What a cache manager is made from: the groups and blocks of a plan, and the settings that say how blocks are handed out.
#pragma once

#include "model/settings.h"
#include "model/spec.h"
#include "model/units.h"

#include <optional>
#include <vector>

namespace kv {

struct CacheGroup {
    KvSpec spec;
    bool draft = false;  // Holds the drafter's layers (the engine's is_eagle_group).
};

struct CacheSetup {
    std::vector<CacheGroup> groups = {};
    Blocks blocks{1};  // The null block included.
    bool prefix_caching = true;
    Tokens model_len_max{8192};
    TokensPerBlock hash_block{16};    // Tokens that one prefix key covers more than the one before it.
    bool eagle = false;               // The drafter reads the target's hidden states: the last block of a hit is computed again.
    std::int64_t decode_context = 1;  // Ranks that share a request's tokens.
    std::int64_t prefill_context = 1;
    // Since 0.32.0:
    TokensPerBlock scheduler_block{16};  // A multiple of every group's block.
    Tokens in_flight_max{8192};          // Scheduled but not yet settled.
    std::int64_t prefill_lookahead = 0;  // Prompt tokens past the computed ones that a drafter reads.
    double watermark = 0;                // Share of the blocks that a request must leave free when it is admitted.
    bool shared_prefix_checkpoint = false;
    std::optional<Tokens> retention_interval =
        {};  // Which blocks of windows and states stay in the prefix cache; none: all that can be hit.
};

}  // namespace kv
