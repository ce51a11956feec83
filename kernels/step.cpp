#include "kernels/step.h"

#include "model/contract.h"
#include "model/units.h"

namespace kv {

StepBuffers poisoned_buffers(const StepShape& shape) {
    const auto bytes = [&](std::int64_t rows, IdType type) {
        return GuardedBytes(checked_mul(checked_mul(rows, shape.row_width()), bytes_of(type)));
    };
    return {.step = bytes(shape.step_rows, shape.step_type),
            .side = bytes(shape.side_rows, shape.side_type),
            .delta = bytes(shape.delta_rows, shape.step_type),
            .prefix = bytes(shape.prefix_rows, shape.side_type)};
}

void require_whole(const StepShape& shape, const StepInput& input) {
    require(shape.row_width() > 0, "a row holds at least one id");
    require(can_scatter(shape.step_type, shape.side_type), "the scatter keeps a type or narrows int32");
    const std::int64_t router_bytes = checked_mul(checked_mul(shape.router_rows, shape.row_width()), bytes_of(shape.router_type));
    require(std::ssize(input.router) == router_bytes, "every layer has its output");
    require(std::ssize(input.slots) == checked_mul(shape.group_count, shape.step_rows), "every token has a slot or PAD in every group");
    require(0 <= shape.capture_group && shape.capture_group < shape.group_count, "the capture group is one of the groups");
    require(std::ssize(input.spans) == shape.spans_max && input.plan.span_count <= shape.spans_max, "the plan's spans are there");
    require(std::ssize(input.cache) == checked_mul(checked_mul(shape.cache_rows, shape.row_width()), bytes_of(shape.side_type)),
            "the cache holds whole rows");
    require(std::ssize(input.prefix_slots) == shape.prefix_rows && input.prefix_count <= shape.prefix_rows,
            "every row of a prefix has a slot or PAD");
}

}  // namespace kv
