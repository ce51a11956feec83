// What decides about requests from without: the models' guesses, other machines. A scheduler asks at fixed points and in a fixed order, so
// that one source of answers gives one run.
#pragma once

#include "model/events/event_ids.h"

#include <cstdint>
#include <optional>

namespace kv {

struct ExternalTokens {
    std::int64_t tokens = 0;                        // Computed elsewhere, to be loaded.
    bool waits = false;                             // The request waits for the load; else it is part of the request's next step.
    std::optional<std::int64_t> source_block = {};  // Tokens of a block there; empty: as here.
    std::optional<std::int64_t> source_end = {};    // Of the request's tokens the first so many are there; empty: all that are loaded.
};

struct Outside {
    virtual ~Outside() = default;

    // After a lookup that found `hit` tokens.
    virtual ExternalTokens external(RequestId, std::int64_t /*hit*/) { return {}; }
    // Asked in each step of a request that waits for `tokens` of them: how many are good, once the load is over.
    virtual std::optional<std::int64_t> loaded(RequestId, std::int64_t tokens) { return tokens; }
    // Of so many guesses in a step.
    virtual std::int64_t accepted(RequestId, std::int64_t /*drafts*/) { return 0; }
    // That the drafter has for the next step.
    virtual std::int64_t proposed(RequestId, std::int64_t drafts_max) { return drafts_max; }
};

}  // namespace kv
