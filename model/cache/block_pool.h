// The blocks of one pool: which are free and in what order, how often each is held, and which prefix each holds for others to hit.
// Block 0 is the null block: it is never free, and holding it means nothing.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

inline constexpr BlockId null_block{0};

class BlockPool;  // Its members follow.

}  // namespace kv
