// What really fits, by construction: an empty pool is filled with requests of one length until the engine's own manager refuses.
// truth(L): prefix cache and drafts off, the sequence limit not binding. Requests of L tokens, no two alike, come one after another, each
// alone in its steps: all but the last token in chunks of the step's budget, then one step of one token, in which bounded groups let go of
// what left their window; then it is idle. What fits is n requests whose every call succeeded and the longest further one, p < L tokens.
#pragma once

#include "model/cache/cache_setup.h"
#include "model/engine.h"
#include "model/refusal.h"
#include "model/units.h"

#include <optional>
#include <variant>
#include <vector>

namespace kv {

struct CapacityCase {
    CacheSetup setup;         // Its prefix caching and drafts are not used.
    Tokens batched_max{8192};  // Of one step.
};

struct CapacityTruth {
    Tokens length = {};        // L
    std::int64_t requests = 0;  // n
    Tokens further = {};       // p
    // Requests of `length` that hold nothing more for more tokens: their truth is a number of requests, not of tokens.
    bool grows = true;
    Tokens tokens() const { return requests * length + further; }
    double concurrency() const { return static_cast<double>(requests) + static_cast<double>(further.value) / static_cast<double>(length.value); }
    std::vector<Blocks> idle_blocks = {};  // That one request of `length` holds in each group when it is idle, and ...
    std::vector<Blocks> peak_blocks = {};  // ... the most that it held on the way.
    Blocks free = {};                      // Blocks of the pool that neither the requests nor the further one hold.
};

// Kinds that hold nothing per token have no truth: `no_truth` says why. A refusal: the engine's manager raised.
struct NoTruth {
    std::string_view why;
};
using CapacityOutcome = std::variant<CapacityTruth, NoTruth, Refusal>;

// With the engine's manager and its block ids, call by call.
CapacityOutcome construct_capacity(const Engine& engine, const CapacityCase& given, Tokens length);

// The same, only counted: no ids are handed out. Tests show that both agree.
CapacityOutcome count_capacity(const Engine& engine, const CapacityCase& given, Tokens length);

}  // namespace kv
