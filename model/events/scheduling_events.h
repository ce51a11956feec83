// What an engine does with requests and blocks, as it says it: the same facts whether a model, a live engine or a recording tells them.
// Spans and references live until the call returns.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/events/event_ids.h"
#include "model/units.h"

#include <cstdint>
#include <span>

namespace kv {

struct RequestArrived {
    RankId rank{};
    RequestId request{};
    Tokens prompt = {};
    Tokens outputs_max = {};
    bool wants_rows = false;  // Of the routed experts.
};

struct StepBegan {
    RankId rank{};
    StepId step{};
};

// A lookup in the prefix cache.
struct CacheHitFound {
    RankId rank{};
    RequestId request{};
    const CacheRequest& cache;
    const CacheHit& hit;
};

// Blocks were asked for: so many were needed as were handed out, or there were too few.
struct BlocksAsked {
    RankId rank{};
    RequestId request{};
    const CacheRequest& cache;  // As it is after the call.
    Tokens computed = {};       // Before it.
    const AllocateCall& call;
    bool granted = false;
    const NewBlocks& taken;
    Blocks free = {};  // Left in the pool.
};

// The prefix cache was told that the first `tokens` tokens are there.
struct BlocksCached {
    RankId rank{};
    RequestId request{};
    const CacheRequest& cache;
    Tokens tokens = {};
};

enum class FreedWhy : std::uint8_t { finished, preempted, aborted, load_failed };

// A request is about to give its blocks back.
struct RequestStops {
    RankId rank{};
    RequestId request{};
    FreedWhy why{};
    bool drops_output = false;  // What its steps in flight put out is for nobody.
    const CacheRequest& cache;
};

struct BlocksFreed {
    RankId rank{};
    RequestId request{};
    FreedWhy why{};
    Blocks free = {};
};

struct CacheReset {
    RankId rank{};
    bool done = false;  // False: blocks are in use, and nothing was forgotten.
    Blocks free = {};
};

struct BlocksZeroed {
    RankId rank{};
    std::span<const BlockId> blocks;
};

struct BlocksCopied {
    RankId rank{};
    std::span<const BlockCopy> copies;
    Blocks free = {};  // After the blocks that were held for it were given back.
};

// A part of a step: tokens of one request at consecutive positions.
struct ScheduledPart {
    RequestId request{};
    std::int64_t first = 0;  // Position of the first of them.
    std::int64_t tokens = 0;
    std::int64_t drafts = 0;  // Of these, guessed ones at the end.
    bool padded = false;      // The drafts are nobody's: they only give the step its shape.
    bool prefill = false;     // The step leaves the request without an output.
};

struct StepScheduled {
    RankId rank{};
    StepId step{};
    std::span<const ScheduledPart> parts;
    std::int64_t running = 0;
    std::int64_t waiting = 0;
};

struct StepSettled {
    RankId rank{};
    StepId step{};
};

// Of one request in a settled step.
struct OutputSettled {
    RankId rank{};
    RequestId request{};
    std::int64_t accepted = 0;  // Drafts,
    std::int64_t rejected = 0;
    std::int64_t outputs = 0;  // and the tokens that the request is longer by.
    bool dropped = false;      // Of a request that was reset meanwhile.
};

}  // namespace kv
