// What a scatter alone is given and what it answers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

struct CaptureShape {
    std::int64_t token_count;
    std::int64_t row_width;  // Ids a token: captured layers x topk. A row is written whole, all layers of a token together.
};

struct CaptureStep {
    CaptureShape shape;
    std::span<const std::int64_t> slot_of_token;  // token_count of them; pad_slot where nobody sent a token.
    std::span<const std::int32_t> expert_ids;     // token_count rows of row_width.
};

struct CaptureResult {
    std::int64_t overflow_count = 0;           // Ids that the rows' type cannot hold; their elements keep what they held.
    std::int64_t bad_slot_count = 0;           // Tokens with a slot outside the rows, for which nothing was written.
    std::vector<std::int64_t> bad_slots = {};  // The first of these, in the order of the step.
};

// Stops the program unless the spans have the sizes that the shape says.
void require_whole(const CaptureStep& step);

}  // namespace kv
