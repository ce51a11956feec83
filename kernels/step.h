// One step of one rank as the kernels are given it: what is fixed while a CUDA graph lives, what every launch reads anew, and the buffers
// that it leaves. The same for host and device.
#pragma once

#include "kernels/delta_body.h"
#include "kernels/layer_capture_body.h"
#include "kernels/recording_rows.h"
#include "kernels/scatter_body.h"
#include "kernels/twins.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

enum class IdType : std::uint8_t { uint8, uint16, int32, int64 };  // A router answers int32 or int64; buffers hold the first three.

constexpr std::int64_t bytes_of(IdType type) {
    return type == IdType::uint8 ? 1 : type == IdType::uint16 ? 2 : type == IdType::int32 ? 4 : 8;
}

// Calls with a value of the type.
template <class Use>
constexpr void with_buffer_type(IdType type, Use use) {
    if (type == IdType::uint8) use(std::uint8_t{});
    else if (type == IdType::uint16) use(std::uint16_t{});
    else use(std::int32_t{});
}

// The scatter leaves ids as they are, or narrows int32.
constexpr bool can_scatter(IdType step, IdType side) { return step == side || (step == IdType::int32 && side != IdType::int64); }

struct StepShape {
    std::int64_t layer_count = 1;
    std::int64_t topk = 1;
    std::int64_t shared = 0;
    IdType router_type = IdType::int32;
    IdType step_type = IdType::int32;
    IdType side_type = IdType::uint8;
    std::int64_t router_rows = 0;  // Of every layer's output.
    std::int64_t step_rows = 0;    // Of the step buffer: the padded batch.
    std::int64_t side_rows = 0;
    std::int64_t group_count = 1;
    std::int64_t capture_group = 0;
    std::int64_t spans_max = 0;
    std::int64_t delta_rows = 0;
    std::int64_t cache_rows = 0;
    std::int64_t prefix_rows = 0;

    constexpr std::int64_t row_width() const { return layer_count * topk; }
    friend bool operator==(const StepShape&, const StepShape&) = default;
};

struct StepInput {
    std::vector<std::byte> router;  // Layer after layer, router_rows of topk ids each.
    RowRange range = {};
    std::vector<std::int64_t> slots;  // Group after group, step_rows each; PAD where nobody sent a token.
    DeltaPlan plan = {};
    std::vector<RowSpan> spans;    // spans_max of them, the plan's first.
    std::vector<std::byte> cache;  // cache_rows of the side buffer's type.
    std::int64_t prefix_count = 0;
    std::vector<std::int64_t> prefix_slots;  // prefix_rows of them.
};

// Bytes with a zone on each side that nobody may write.
class GuardedBytes {
public:
    static constexpr std::size_t guard_bytes = 4096;
    static constexpr std::byte guard{0xc3};
    static constexpr std::byte poison{0xfb};  // Of rows before a step: as an id 251, 64,507 or negative.

    GuardedBytes() = default;
    explicit GuardedBytes(std::int64_t payload_bytes) : bytes_(2 * guard_bytes + static_cast<std::size_t>(payload_bytes), guard) {
        for (std::byte& byte : payload()) byte = poison;
    }
    std::span<std::byte> payload() { return std::span(bytes_).subspan(guard_bytes, bytes_.size() - 2 * guard_bytes); }
    std::span<const std::byte> payload() const { return std::span(bytes_).subspan(guard_bytes, bytes_.size() - 2 * guard_bytes); }
    std::span<std::byte> all() { return bytes_; }
    std::span<const std::byte> all() const { return bytes_; }
    friend bool operator==(const GuardedBytes&, const GuardedBytes&) = default;

private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(2 * guard_bytes, guard);
};

struct StepBuffers {
    GuardedBytes step, side, delta, prefix;
    std::vector<std::byte> delivered = {};  // The delta as it arrived on the host.
    Tally tally = {};                       // Of all kernels together.
    friend bool operator==(const StepBuffers& a, const StepBuffers& b) {
        return a.step == b.step && a.side == b.side && a.delta == b.delta && a.prefix == b.prefix && a.delivered == b.delivered &&
               a.tally.overflow_count == b.tally.overflow_count && a.tally.bad_row_count == b.tally.bad_row_count;
    }
};

StepBuffers poisoned_buffers(const StepShape& shape);

// Stops the program unless every part has the size that the shape says.
void require_whole(const StepShape& shape, const StepInput& input);

}  // namespace kv
