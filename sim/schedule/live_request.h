// A request on its way through a rank's scheduler.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/cache/cache_request.h"
#include "model/cache/prefix_key.h"
#include "model/events/event_ids.h"

#include <algorithm>
#include <cstdint>

namespace kv {

struct LiveRequest {
    LiveRequest(RequestId number, TokensPerBlock hash_block) : id(number), keys(hash_block), hash_block_(hash_block) {}

    // More of its tokens are known: those that `keys` already has, if the prefix cache asks for keys at all.
    void grow(std::int64_t tokens) {
        cache.tokens += Tokens(tokens);
        const auto full = static_cast<std::size_t>(floor_div(cache.tokens, hash_block_).value);
        cache.keys = keys.keys().first(std::min(full, keys.keys().size()));
    }

    RequestId id;
    CacheRequest cache = {};  // Its `tokens` are prompt and outputs, its `computed` those that were scheduled.
    CacheHit hit = {};        // Of the last lookup.
    std::int64_t outputs = 0;
    std::int64_t outputs_max = 1;
    std::int64_t encoder_tokens = 0;
    std::int64_t placeholders = 0;  // Outputs that are in flight: counted as scheduled, not known yet.
    std::int64_t drafts = 0;        // For the next step.
    std::int64_t stale = 0;         // Tokens in flight from before it was preempted.
    std::int64_t dropped = 0;       // Tokens in flight whose output is thrown away.
    bool in_prefill = true;         // Its last step left it without an output.
    std::int64_t admissions = 0;    // Each time it was, its blocks were others.
    bool done = false;
    PrefixKeys keys;  // Of all tokens that it will ever have, its outputs included.

private:
    TokensPerBlock hash_block_;
};

}  // namespace kv
