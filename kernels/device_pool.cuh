// Where the parts of a step lie in a rank's memory: the same distances in the device's pool and in its pinned mirror, so that one copy
// brings a whole step there.
#pragma once

#include "kernels/device_kernels.cuh"
#include "kernels/device_marks.cuh"
#include "kernels/step.h"

#include <array>
#include <cstddef>
#include <vector>

namespace kv {

struct StepPlaces {
    struct Part {
        std::size_t offset = 0;
        std::size_t bytes = 0;
    };
    Part router, range, slots, plan, spans, prefix_count, prefix_slots, tally;  // Inputs, and the sum of what went wrong.
    Part step, side, delta, prefix;                                             // With their guard zones.
    std::size_t end = 0;

    explicit StepPlaces(const StepShape& shape) {
        const auto row = static_cast<std::size_t>(shape.row_width());
        const auto rows = [&](std::int64_t count, IdType type) {
            return static_cast<std::size_t>(count) * row * static_cast<std::size_t>(bytes_of(type));
        };
        const auto words = [](std::int64_t count) { return static_cast<std::size_t>(count) * sizeof(std::int64_t); };
        router = take(rows(shape.router_rows, shape.router_type));
        range = take(sizeof(RowRange));
        slots = take(words(shape.group_count * shape.step_rows));
        plan = take(sizeof(DeltaPlan));
        spans = take(static_cast<std::size_t>(shape.spans_max) * sizeof(RowSpan));
        prefix_count = take(sizeof(std::int64_t));
        prefix_slots = take(words(shape.prefix_rows));
        tally = take(sizeof(DeviceTally));
        step = take(rows(shape.step_rows, shape.step_type) + 2 * GuardedBytes::guard_bytes);
        side = take(rows(shape.side_rows, shape.side_type) + 2 * GuardedBytes::guard_bytes);
        delta = take(rows(shape.delta_rows, shape.step_type) + 2 * GuardedBytes::guard_bytes);
        prefix = take(rows(shape.prefix_rows, shape.side_type) + 2 * GuardedBytes::guard_bytes);
    }

    static Part payload(Part guarded) {
        return {.offset = guarded.offset + GuardedBytes::guard_bytes, .bytes = guarded.bytes - 2 * GuardedBytes::guard_bytes};
    }

    // What kernels may touch: inputs and rows, without guard zones and the gaps between.
    std::vector<PoolPart> parts_in_use(const std::byte* pool) const {
        std::vector<PoolPart> parts;
        for (const Part& part : {router, range, slots, plan, spans, prefix_count, prefix_slots, tally, payload(step), payload(side),
                                 payload(delta), payload(prefix)})
            parts.push_back({.begin = pool + part.offset, .bytes = part.bytes});
        return parts;
    }

private:
    Part take(std::size_t bytes) {
        constexpr std::size_t alignment = 256;
        const Part part{.offset = end, .bytes = bytes};
        end = (end + bytes + alignment - 1) / alignment * alignment;
        return part;
    }
};

}  // namespace kv
