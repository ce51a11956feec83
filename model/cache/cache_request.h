// A request as the cache manager sees it. The owner says how many tokens it has and which; what it holds is the manager's to change.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/units.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace kv {

enum class RequestStatus : std::uint8_t { waiting, preempted, running };

// What a request holds in one group.
struct Holding {
    std::vector<BlockId> blocks = {};  // One for each block of its tokens, `null_block` where nothing is held.
    std::int64_t cached_blocks = 0;    // Of `blocks`, those that the prefix cache has been told of.
    bool listed = false;               // The engine has an entry for the request, if only an empty one.
    bool admitted = false;             // Its prefix hits were looked at: from now on it only grows.

    // Mamba in mode align, and hits that end inside a block.
    struct PartialHit {
        std::int64_t block_index = 0;
        BlockId source{};
    };
    struct Checkpoint {
        std::int64_t position = 0, block_index = 0;
    };
    struct States {
        bool allocated = false;                       // Has its running state's block.
        std::optional<std::int64_t> last_state = {};  // Index of the block with the state before the running one.
        std::int64_t retired_blocks = 0;
        std::optional<PartialHit> partial_hit = {};
        std::optional<Checkpoint> checkpoint = {};
    };
    States states = {};
};

struct CacheRequest {
    // Up to these many tokens a call that only computes more has no effect in any group. The manager's; first, beside what is looked at
    // in every call.
    struct Quiet {
        std::int64_t slots = -1, full = -1, computed = -1;
    };
    Quiet quiet = {};

    Tokens tokens = {};     // Prompt and outputs.
    Tokens computed = {};   // Set by the scheduler before a call.
    Tokens in_flight = {};  // Scheduled, not yet settled; since 0.32.0.
    RequestStatus status = RequestStatus::running;
    Tokens prompt_tokens = {};
    Tokens shared_boundary = {};           // Since 0.32.0.
    std::span<const PrefixKey> keys = {};  // One for each full hash block of its tokens; may be empty without prefix caching.

    std::vector<Holding> holdings = {};  // One a group from the first call on. The manager's.
};

}  // namespace kv
