// The host's rows: one outside the buffer is recorded instead of obeyed, so out of bounds is a fact to report, not undefined behaviour.
#pragma once

#include "kernels/rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace kv {

struct BadRows {
    static constexpr std::size_t kept_max = 16;  // The first ones explain; all are counted.

    std::int64_t count = 0;
    std::vector<std::int64_t> first = {};
    std::int64_t lowest_byte = 0;  // How far before the buffer and behind its end obeying would have reached,
    std::int64_t byte_end = 0;     // counted from the buffer's begin.

    constexpr void note(std::int64_t row) {
        ++count;
        if (first.size() < kept_max) first.push_back(row);
    }
};

template <class Id>
struct RecordingRows {
    std::span<Id> ids;
    std::int64_t width;  // Ids that one row takes from its offset on.
    std::int64_t row_count;
    BadRows* bad;

    template <class Place>
    constexpr Id* row(AskedRow asked, Tally& tally, Place place) const {
        const bool named = 0 <= asked.row && asked.row < row_count;
        // Of a wild row no offset is made: its product could wrap back into the buffer.
        const bool wild = asked.row < -wild_row || wild_row < asked.row;
        const std::int64_t offset = wild ? 0 : place(asked.row);
        const bool inside = 0 <= offset && offset + width <= static_cast<std::int64_t>(ids.size());
        if (named && inside) return ids.data() + offset;
        tally.bad_row_count += asked.weight;
        bad->note(asked.row);
        constexpr auto bytes = static_cast<std::int64_t>(sizeof(Id));
        constexpr std::int64_t anywhere = std::numeric_limits<std::int64_t>::max();
        bad->lowest_byte = std::min(bad->lowest_byte, wild ? -anywhere : offset * bytes);
        bad->byte_end = std::max(bad->byte_end, wild ? anywhere : (offset + width) * bytes);
        return nullptr;
    }

    static constexpr std::int64_t wild_row = std::int64_t{1} << 40;
};

}  // namespace kv
