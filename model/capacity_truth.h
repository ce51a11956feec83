// What really fits: the question and the answer. truth(L): an empty pool, prefix cache and drafts off, the sequence limit not binding.
// Requests of L tokens, no two alike, come one after another, each alone in its steps: all but the last token in chunks of the step's
// budget, then one step of one token, in which bounded groups let go of what left their window; then it is idle. What fits is n requests
// whose every call succeeded and the longest further one, p < L tokens.
#pragma once

#include "model/cache/cache_setup.h"
#include "model/engine.h"
#include "model/refusal.h"
#include "model/units.h"

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// Of the setup the groups, the blocks, the lengths, the context parallelism and (for its refusals) the block sizes are used. What serves
// prefix caching, drafts, reserves and several batches in flight is off, whatever the setup says: see `experiment_setup`.
struct CapacityCase {
    CacheSetup setup;
    Tokens batched_max{8192};    // Of one step.
    Tokens encoder_tokens = {};  // Of each request, for cross-attention.
};

struct CapacityTruth {
    Tokens length = {};         // L
    std::int64_t requests = 0;  // n
    Tokens further = {};        // p
    // Where no group holds anything per token (states, cross-attention, rings) the truth is a number of requests, not of tokens.
    bool grows = true;
    Tokens tokens() const { return requests * length + further; }
    double concurrency() const {
        return static_cast<double>(requests) + static_cast<double>(further.value) / static_cast<double>(length.value);
    }
    // That one request of `length` holds in each group when it is idle, and the most that it held on the way; empty where none fits.
    std::vector<Blocks> idle_blocks = {};
    std::vector<Blocks> peak_blocks = {};
    Blocks free = {};  // Blocks of the pool that neither the requests nor the further one hold.
    friend bool operator==(const CapacityTruth&, const CapacityTruth&) = default;
};

// Kinds that hold nothing between steps have no truth, nor has a case that is too large to be worked out: `why` says which.
struct NoTruth {
    std::string_view why;
};

// A refusal: the engine's manager raised.
using CapacityOutcome = std::variant<CapacityTruth, NoTruth, Refusal>;

// The setup of the experiment: one batch in flight, and nothing kept or reserved for prefix hits, drafts or other requests. Blocks for
// drafts' states belong to the spec and stay.
CacheSetup experiment_setup(const CapacityCase& given);

// Ranks that share the tokens of a block of this group.
std::int64_t ranks_sharing(const Engine& engine, const KvSpec& spec, const CacheSetup& setup);

// Why a case has no truth whatever its length; empty: it has one, or the engine refuses it.
std::string_view no_truth_of(const Engine& engine, const CapacityCase& given);

}  // namespace kv
