// A random step of one rank among several: what the kernels are given, and what they must leave. Slots come from the model's addressing
// over random block tables; what is expected is spelled out from who routed which token, by plain loops that know no kernel.
#pragma once

#include "kernels/check/draw.h"
#include "kernels/step.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kv {

// What stays the same from step to step, so that a captured graph can be replayed.
struct StepFrame {
    StepShape shape;
    std::vector<std::int64_t> block_tokens;  // Of each group.
    std::int64_t blocks = 0;                 // Of the pool that all groups share.
    std::int64_t experts = 1;
    std::int64_t ranks = 1;
    std::int64_t rank = 0;
};

enum class FrameTypes : std::uint8_t {
    any,
    narrow  // Router int32, both buffers uint8: for what the device has twins of.
};
StepFrame random_frame(Draw& draw, FrameTypes types = FrameTypes::any);

struct CaseRequest {
    std::int64_t content = 0;  // Names its text.
    std::int64_t first = 0;    // The first position of this step.
    std::int64_t count = 0;
    std::vector<std::vector<std::int64_t>> blocks = {};  // Of each group, from position 0 on.
};

struct StepCase {
    StepInput input;
    StepBuffers before;  // Poisoned.
    StepBuffers expected;
    std::vector<CaseRequest> requests;
};
StepCase random_case(const StepFrame& frame, Draw& draw);

// Empty, or the first thing that is not as expected: a guard zone, a row that was written and should not be, a row with other ids.
std::string first_difference(const StepFrame& frame, const StepBuffers& expected, const StepBuffers& found);

}  // namespace kv
