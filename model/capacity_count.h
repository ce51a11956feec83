// What really fits, by counting: no pool is filled and no block ids are handed out. sim/construct_capacity does the same with the
// engine's manager, and tests show that both agree.
#pragma once

#include "model/capacity_truth.h"
#include "model/engine.h"

namespace kv {

// `length` is at least 1 and at most the setup's model_len_max, `batched_max` at least 1.
CapacityOutcome count_capacity(const Engine& engine, const CapacityCase& given, Tokens length);

// The same for groups that are known to be planned: whether a manager can be made for them is not asked, and sinks are taken from the
// pool where the engine's manager cannot be made for them.
CapacityOutcome count_planned_capacity(const Engine& engine, const CapacityCase& given, Tokens length);

// The tokens of a block of the largest group that holds every token of a request; of the bounded groups where there is none. Where no
// group holds tokens, all but one of `length`: less than a request.
Tokens capacity_grain(const Engine& engine, const CapacityCase& given, Tokens length);

}  // namespace kv
