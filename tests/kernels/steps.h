// Random capture steps: small, so that every slot, PAD, both ends of the rows and both ends of the narrow types come up often.
#pragma once

#include "kernels/capture.h"
#include "tests/kernels/plain_scatter.h"

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace kv::test {

inline constexpr int poison = 0x5a;  // What rows hold before a step; every row type can.

inline CaptureStep as_step(const PlainStep& step) {
    return {.shape = {.token_count = std::ssize(step.slot_of_token), .row_width = step.row_width},
            .slot_of_token = step.slot_of_token,
            .expert_ids = step.expert_ids};
}

inline rc::Gen<std::int32_t> any_expert() {
    return rc::gen::oneOf(
        rc::gen::inRange<std::int32_t>(0, 128),
        rc::gen::element<std::int32_t>(-1, 0, 254, 255, 256, 65'534, 65'535, 65'536, std::numeric_limits<std::int32_t>::max(),
                                       std::numeric_limits<std::int32_t>::min()));
}

inline PlainStep with_ids(std::int64_t row_width, std::vector<std::int64_t> slot_of_token) {
    const std::size_t id_count = slot_of_token.size() * static_cast<std::size_t>(row_width);
    return {.row_width = row_width,
            .slot_of_token = std::move(slot_of_token),
            .expert_ids = *rc::gen::container<std::vector<std::int32_t>>(id_count, any_expert())};
}

// Slots from before the first row to after the last one, and a few that no buffer has.
inline PlainStep any_step(std::int64_t row_count) {
    const auto slot =
        rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-2, row_count + 2),
                       rc::gen::element<std::int64_t>(std::int64_t{1} << 31, (std::int64_t{1} << 61) + 1,
                                                      std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()));
    return with_ids(*rc::gen::inRange<std::int64_t>(1, 6), *rc::gen::container<std::vector<std::int64_t>>(slot));
}

// What a sound engine offers: slots of the rows, each at most once, and PAD.
inline PlainStep sound_step(std::int64_t row_count) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(row_count));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::vector<std::int64_t> slots;
    for (const std::int64_t slot : order)
        if (*rc::gen::arbitrary<bool>()) slots.push_back(*rc::gen::arbitrary<bool>() ? slot : pad_slot);
    if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(slots);
    return with_ids(*rc::gen::inRange<std::int64_t>(1, 70), std::move(slots));
}

template <class Narrow>
std::vector<std::vector<Narrow>> poisoned_rows(std::int64_t row_count, std::int64_t row_width) {
    return std::vector(static_cast<std::size_t>(row_count), std::vector<Narrow>(static_cast<std::size_t>(row_width), Narrow{poison}));
}

template <class Narrow>
std::vector<Narrow> flat(const std::vector<std::vector<Narrow>>& rows) {
    std::vector<Narrow> all;
    for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
    return all;
}

}  // namespace kv::test
