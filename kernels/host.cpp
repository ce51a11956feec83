#include "kernels/host.h"

#include "kernels/recording_store.h"

#include <utility>

namespace kv {

template <ExpertElement Narrow>
CaptureResult capture_on_host(const CaptureStep& step, std::span<Narrow> rows) {
    require_whole(step);
    RecordingStore<Narrow> store(rows, step.shape.row_width);
    for (std::int64_t token = 0; token < step.shape.token_count; ++token)
        capture_lane<Narrow>({.token = token, .lane = 0, .lane_count = 1}, step.shape, step.slot_of_token.data(), step.expert_ids.data(),
                             store);
    return {.overflow_count = store.overflow_count, .bad_slot_count = store.bad_slot_count, .bad_slots = std::move(store.bad_slots)};
}

template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint8_t>);
template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint16_t>);
template CaptureResult capture_on_host(const CaptureStep&, std::span<std::int32_t>);

}  // namespace kv
