// The host's store: a slot outside the rows is recorded instead of obeyed, so out of bounds is a fact to report, not undefined behaviour.
#pragma once

#include "kernels/capture_body.h"
#include "model/contract.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

template <ExpertElement Narrow>
struct RecordingStore {
    static constexpr std::size_t bad_slots_kept_max = 16;  // The first ones explain; all are counted.

    std::span<Narrow> rows;
    std::int64_t row_width;
    std::int64_t row_count;
    std::int64_t overflow_count = 0;
    std::int64_t bad_slot_count = 0;
    std::vector<std::int64_t> bad_slots = {};

    constexpr RecordingStore(std::span<Narrow> buffer, std::int64_t ids_a_row)
        : rows(buffer), row_width(ids_a_row), row_count(static_cast<std::int64_t>(buffer.size()) / ids_a_row) {
        require(row_offset(row_count, row_width) == static_cast<std::int64_t>(buffer.size()), "a side buffer holds whole rows");
    }

    // The slot is judged before an offset is made of it: a wild one cannot wrap back into the buffer.
    constexpr Narrow* row(std::int64_t slot) {
        if (0 <= slot && slot < row_count) return rows.data() + row_offset(slot, row_width);
        ++bad_slot_count;
        if (bad_slots.size() < bad_slots_kept_max) bad_slots.push_back(slot);
        return nullptr;
    }
};

}  // namespace kv
