// What really fits, by construction: an empty pool is filled with requests of one length until the engine's own manager refuses.
// What is asked, and what the answer means, is in model/capacity_truth.h.
#pragma once

#include "model/capacity_count.h"
#include "model/capacity_truth.h"
#include "model/engine.h"
#include "model/units.h"

namespace kv {

// With the engine's manager and its block ids, call by call. Takes time and memory in proportion to the blocks that are handed out; a
// case that would take minutes has NoTruth here. `length` is at least 1 and at most the setup's model_len_max, `batched_max` at least 1.
CapacityOutcome construct_capacity(const Engine& engine, const CapacityCase& given, Tokens length);

// The same, only counted, is count_capacity in model/capacity_count.h.

}  // namespace kv
