// A request whose captured rows are to be read: the blocks that the scheduler says it holds in the capture group.
#pragma once

#include "model/addressing/slot_address.h"
#include "model/units.h"

#include <span>

namespace kv {

struct RowRead {
    std::span<const BlockId> blocks = {};  // The manager's.
    Tokens tokens = {};                    // The first so many positions.
    SlotAddress address;                   // The writer's, of the same group.
};

}  // namespace kv
