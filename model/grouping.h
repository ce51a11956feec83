// From the layers of a whole model to groups that share a block table each.
#pragma once

#include "model/planning.h"

namespace kv {

// Changes the specs of the layers in planning as the engine changes its specs on the way (promotion, page unification).
std::vector<Group> group_layers(Planning& planning);

}  // namespace kv
