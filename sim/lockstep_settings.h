// How the data-parallel ranks of an engine go in step: the sizes that their batches are padded to, and the parts that they compute them in.
#pragma once

#include "model/working.h"

#include <cstdint>
#include <vector>

namespace kv {

struct LockstepSettings {
    std::vector<std::int64_t> graph_sizes = {};  // Batches that graphs were captured for, rising; a smaller batch is padded to the next.
    bool pads_ranks = false;                     // All ranks pad to the largest, also without a graph.
    std::int64_t micro_batches = 1;
    std::int64_t expert_chunk = 0;  // Tokens that the experts are given at a time; 0: all at once.
    BatchAgreement agreement = BatchAgreement::agreed;
};

}  // namespace kv
