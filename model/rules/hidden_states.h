// Hidden-state layers: stored through the cache, but never in another layer's group.
#pragma once

#include "model/planning.h"

namespace kv {

// Takes the hidden-state layers out of the layers to be planned.
std::vector<WorkerLayer> take_hidden_layers(Planning& planning);

// A group for each of them, with the page that the other groups share; their blocks grow where one token's state is larger than it.
void add_hidden_groups(Planning& planning, std::vector<Group>& groups, const std::vector<WorkerLayer>& hidden);

// The largest divisor of `value` that is not above `limit`.
std::int64_t largest_divisor_up_to(std::int64_t value, std::int64_t limit);

}  // namespace kv
