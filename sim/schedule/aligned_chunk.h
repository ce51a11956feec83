// How many tokens of a request a step may take where states are kept at block boundaries only: a chunk ends where one can be left.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/engine.h"
#include "sim/schedule/scheduler_settings.h"

#include <cstdint>
#include <optional>

namespace kv {

struct ChunkAlignment {
    StateChunks rule = StateChunks::checkpoints;
    std::int64_t state_block = 1;
    std::int64_t scheduler_block = 1;
    std::int64_t hash_block = 1;
    bool drops_block = false;   // A drafter has the last block of a hit computed again.
    bool partial_hits = false;  // A hit may end inside a block.
    bool checkpoints = false;   // A prefill can leave a state inside it,
    std::optional<std::int64_t> checkpoint_alignment = {};
    bool shared_prefix_checkpoint = false;
    std::int64_t prefill_max = 0;  // Tokens of a prefill in one step.
};

ChunkAlignment chunk_alignment(const Engine& engine, const CacheManager& manager, const SchedulerSettings& settings);

// Of `tokens` that would follow the first `start` ones.
std::int64_t aligned_chunk(const ChunkAlignment& alignment, const CacheRequest& request, std::int64_t start, std::int64_t tokens);

}  // namespace kv
