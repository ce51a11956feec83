// What fits, as anyone would write it down from the definition: a set of live blocks a group, one call after another, every shorter
// length tried. Shares no line with the count and none with the cache manager.
#pragma once

#include "model/capacity_truth.h"

#include <cstdint>

namespace kv::testing {

enum class PlainVersion : std::uint8_t { vllm_0_18, vllm_0_32 };

struct PlainFit {
    std::int64_t requests = 0;
    std::int64_t further = 0;
    friend bool operator==(const PlainFit&, const PlainFit&) = default;
};

PlainFit plain_fit(PlainVersion version, const CapacityCase& given, std::int64_t length);

}  // namespace kv::testing
