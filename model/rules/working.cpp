#include "model/rules/working.h"

#include <algorithm>

namespace kv {

std::int64_t rows_of_batch_budget(const StepBufferDemand& demand) { return demand.batched_max; }

std::int64_t rows_of_chunk_or_running(const StepBufferDemand& demand) {
    return std::max(checked_mul(demand.chunk_max, demand.ranks), demand.running_max);
}

std::int64_t rows_of_chunk_or_running_of_ranks(const StepBufferDemand& demand) {
    return checked_mul(std::max(demand.chunk_max, demand.running_max), demand.ranks);
}

std::int64_t rows_of_largest_batch(const StepBufferDemand& demand) {
    return checked_mul(std::max(demand.batched_max, demand.graph_max), demand.ranks_offered);
}

}  // namespace kv
