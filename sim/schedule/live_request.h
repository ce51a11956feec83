// A request on its way through a rank's scheduler.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/cache/cache_request.h"
#include "model/events/event_ids.h"
#include "sim/request_text.h"

#include <algorithm>
#include <cstdint>

namespace kv {

struct LiveRequest {
    LiveRequest(RequestId number, TokensPerBlock hash_block) : id(number), text(hash_block), hash_block_(hash_block) {}

    // More of its tokens are known: those that its text has had all along.
    void grow(std::int64_t tokens) {
        cache.tokens += Tokens(tokens);
        const auto full = static_cast<std::size_t>(floor_div(cache.tokens, hash_block_).value);
        if (keyed) cache.keys = text.keys().keys().first(full);
    }

    RequestId id;
    std::int64_t place = 0;   // Among the requests of its rank.
    CacheRequest cache = {};  // Its `tokens` are prompt and outputs, its `computed` those that were scheduled.
    CacheHit hit = {};        // Of the last lookup.
    std::int64_t outputs = 0;
    std::int64_t outputs_max = 1;
    std::int64_t encoder_tokens = 0;
    bool encoder_room = false;         // It has taken room for them.
    bool wants_rows = true;            // Of the routed experts.
    std::int64_t placeholders = 0;     // Outputs that are in flight: counted as scheduled, not known yet.
    std::int64_t drafts = 0;           // For the next step.
    std::int64_t stale = 0;            // Tokens in flight from before it was preempted.
    std::int64_t dropped = 0;          // Tokens in flight whose output is thrown away.
    bool in_prefill = true;            // Its last step left it without an output.
    std::int64_t admissions = 0;       // Each time it was, its blocks were others.
    std::int64_t next_position = 0;    // That its worker computes, who knows which guesses were wrong before the scheduler does,
    std::int64_t next_admission = -1;  // if it is still of this admission.
    std::int64_t batch_row = -1;       // In its worker's batch; -1: none.
    std::int64_t batch_stamp = -1;     // Of the last step that had it, and
    std::int64_t batch_part = 0;       // its place there.
    bool done = false;
    bool keyed = true;  // The prefix cache asks for keys.
    RequestText text;   // All tokens that it will ever have, its outputs included.

private:
    TokensPerBlock hash_block_;
};

}  // namespace kv
