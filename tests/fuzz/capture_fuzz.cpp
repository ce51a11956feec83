// Any slots and ids: nothing is written outside the rows (AddressSanitizer watches), PAD writes nothing, and every token is accounted for.
#include "kernels/host.h"
#include "model/contract.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

// Takes values off the input's front; zeros once it is empty.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

    template <class Value>
    Value take() {
        Value value{};
        const std::size_t bytes = std::min(sizeof value, left_);
        std::memcpy(&value, data_, bytes);
        data_ += bytes;
        left_ -= bytes;
        return value;
    }
    bool empty() const { return left_ == 0; }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

// One byte for a slot near the rows, or nine for any slot at all.
std::int64_t take_slot(Input& input) {
    const auto near = input.take<std::int8_t>();
    return near == 127 ? input.take<std::int64_t>() : near;
}

template <class Narrow>
void capture(Input input) {
    const std::int64_t row_width = input.take<std::uint8_t>() % 9 + 1;
    const std::int64_t row_count = input.take<std::uint8_t>() % 65;
    std::vector<std::int64_t> slots;
    std::vector<std::int32_t> experts;
    while (!input.empty()) {
        slots.push_back(take_slot(input));
        for (std::int64_t column = 0; column < row_width; ++column) experts.push_back(input.take<std::int32_t>());
    }
    std::vector<Narrow> rows(static_cast<std::size_t>(row_count * row_width), Narrow{77});
    const kv::CaptureResult result = kv::capture_on_host(
        {.shape = {.token_count = std::ssize(slots), .row_width = row_width}, .slot_of_token = slots, .expert_ids = experts},
        std::span<Narrow>(rows));

    const auto inside = [&](std::int64_t slot) { return 0 <= slot && slot < row_count; };
    const auto bad = std::ranges::count_if(slots, [&](std::int64_t slot) { return slot != kv::pad_slot && !inside(slot); });
    kv::require(result.bad_slot_count == bad, "every slot is PAD, of the rows, or recorded");
    kv::require(result.overflow_count <= std::ranges::count_if(slots, inside) * row_width, "only ids that were to be stored overflow");
    for (std::int64_t row = 0; row < row_count; ++row) {
        if (std::ranges::find(slots, row) != slots.end()) continue;
        for (std::int64_t column = 0; column < row_width; ++column)
            kv::require(rows[static_cast<std::size_t>(row * row_width + column)] == Narrow{77},
                        "a row that no slot names keeps what it held");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    switch (input.take<std::uint8_t>() % 3) {
        case 0:
            capture<std::uint8_t>(input);
            break;
        case 1:
            capture<std::uint16_t>(input);
            break;
        default:
            capture<std::int32_t>(input);
    }
    return 0;
}
