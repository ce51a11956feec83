// How large the ranks' batches of one step are: each pads its own, then they exchange their sizes and agree.
#pragma once

#include "sim/lockstep_settings.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

struct BatchSize {
    std::int64_t tokens = 0;  // Of requests.
    std::int64_t rows = 0;    // With padding.
    std::int64_t graph = 0;   // The size of the graph that is replayed; 0: none.
    std::int64_t micro_batches = 1;
    std::int64_t iterations = 1;  // Chunks in which the experts are given them.
    bool dummy = false;           // The rank has nothing to compute, and keeps its peers company.

    // The micro-batch's rows are [start, start + length).
    std::int64_t start(std::int64_t part) const { return rows / micro_batches * part; }
    std::int64_t length(std::int64_t part) const { return (part + 1 == micro_batches ? rows : start(part + 1)) - start(part); }
    friend bool operator==(const BatchSize&, const BatchSize&) = default;
};

// Of each rank's tokens, in a step in which at least one rank has some; else all are empty. A rank's dummy batch has `dummy_tokens`.
void size_batches(const LockstepSettings& settings, std::span<const std::int64_t> tokens, std::int64_t dummy_tokens,
                  std::vector<BatchSize>& sizes);

}  // namespace kv
