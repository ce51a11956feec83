#include "kernels/capture.h"

#include "model/contract.h"
#include "model/units.h"

namespace kv {

void require_whole(const CaptureStep& step) {
    require(step.shape.token_count >= 0, "a step has no fewer than 0 tokens");
    require(step.shape.row_width > 0, "a row holds at least one id");
    require(std::ssize(step.slot_of_token) == step.shape.token_count, "every token has a slot or PAD");
    require(std::ssize(step.expert_ids) == checked_mul(step.shape.token_count, step.shape.row_width), "every token has a whole row of ids");
}

}  // namespace kv
