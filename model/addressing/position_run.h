// Tokens of one request in a batch: consecutive positions, whose block table is a row.
#pragma once

#include <cstdint>

namespace kv {

struct PositionRun {  // Not negative; positions are below `position_end`.
    std::int32_t row = 0;
    std::int32_t count = 0;
    std::int64_t first = 0;
};

}  // namespace kv
