// What one request of the capacity experiment holds in one group, in figures: alone in its steps, all but its last token in chunks of
// the step's budget from 0 on, then one step of one token. A call first lets go of what left the window, then takes what is missing.
#pragma once

#include "model/capacity_truth.h"
#include "model/engine.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace kv {

// The calls of a request of so many tokens: whole chunks, what is left of the last chunk, the last token.
class RequestCalls {
public:
    struct Call {
        std::int64_t computed = 0, end = 0;
    };
    RequestCalls(Tokens tokens, Tokens budget);  // Both are at least 1.

    std::int64_t count() const { return chunks_ + 1; }
    Call operator[](std::int64_t index) const;
    Call last() const { return {.computed = tokens_ - 1, .end = tokens_}; }

private:
    std::int64_t tokens_, budget_;
    std::int64_t chunks_;  // Calls before the last.
};

// The least common multiple; the largest number where it is larger still.
std::int64_t common_period(std::int64_t left, std::int64_t right);

class GroupHolding {
public:
    GroupHolding(const Engine& engine, const KvSpec& spec, const CapacityCase& given);

    // Blocks that a request has when the call is over.
    std::int64_t after(RequestCalls::Call call) const;

    // Aligned states of engines that reckon every draft rejected: what is held depends on all calls before, so that `after` must not be
    // asked; `after_each` answers for each call.
    bool follows_history() const { return follows_history_; }
    std::vector<std::int64_t> after_each(const RequestCalls& calls) const;

    std::int64_t asked_on_admission(std::int64_t tokens) const;  // By an engine whose gate asks for the whole request.

    // Tokens after which `after` repeats, but for what grows: whole blocks and whole chunks.
    std::int64_t period() const;
    std::int64_t block() const { return block_; }  // Tokens of a request that a block covers, over all context parallel ranks.
    bool holds_every_token() const { return keeps_ == Keeps::every_token; }
    bool holds_tokens() const { return holds_every_token() || keeps_ == Keeps::window || keeps_ == Keeps::chunk; }
    std::int64_t taken_from_pool() const { return taken_from_pool_; }  // Once, for all requests: sinks.

private:
    enum class Keeps : std::uint8_t { nothing, every_token, window, chunk, last_state, aligned_state, one_block, encoder };

    void read(const KvSpec& spec, const CapacityCase& given);
    void read_window(const SlidingWindowSpec& spec, const CapacityCase& given);
    void read_states(const MambaSpec& spec, const Engine& engine);
    std::int64_t passed(std::int64_t computed) const;  // Tokens at the front that no later token looks at.

    Keeps keeps_ = Keeps::every_token;
    std::int64_t block_ = 1;
    std::int64_t span_ = 0;         // Of a window without the token itself, and what is retained below it; of a chunk.
    std::int64_t drafts_ = 0;       // Blocks for the states of drafts.
    std::int64_t fixed_ = 0;        // Blocks that a request holds whatever its length.
    bool drafts_may_fail_ = false;  // States are let go of as if every draft were rejected.
    bool follows_history_ = false;
    std::int64_t cap_ = std::numeric_limits<std::int64_t>::max();  // On admission.
    std::int64_t taken_from_pool_ = 0;
};

}  // namespace kv
