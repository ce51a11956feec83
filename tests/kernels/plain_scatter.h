// The capture scatter as anyone would write it down: the reference that the kernels are compared with. Shares no line with them.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace kv::test {

struct PlainStep {
    std::int64_t row_width;
    std::vector<std::int64_t> slot_of_token;
    std::vector<std::int32_t> expert_ids;
};

struct PlainResult {
    std::int64_t overflow_count = 0;
    std::vector<std::int64_t> bad_slots = {};  // In the order of the step.
};

template <class Narrow>
PlainResult plain_scatter(const PlainStep& step, std::vector<std::vector<Narrow>>& rows) {
    PlainResult result;
    auto next_id = step.expert_ids.begin();
    for (const std::int64_t slot : step.slot_of_token) {
        const bool bad = slot < -1 || slot >= static_cast<std::int64_t>(rows.size());
        if (bad) result.bad_slots.push_back(slot);
        for (std::int64_t column = 0; column < step.row_width; ++column) {
            const std::int64_t id = *next_id++;
            if (slot == -1 || bad) continue;
            if (id < std::int64_t{std::numeric_limits<Narrow>::min()} || id > std::int64_t{std::numeric_limits<Narrow>::max()}) {
                ++result.overflow_count;
            } else {
                rows[static_cast<std::size_t>(slot)][static_cast<std::size_t>(column)] = static_cast<Narrow>(id);
            }
        }
    }
    return result;
}

}  // namespace kv::test
