// Hydration: the rows of a prefix that was computed before, out of a host cache that is indexed by slot, into the rows of a request.
#pragma once

#include "kernels/row_offset.h"
#include "kernels/rows.h"
#include "model/addressing/pad_slot.h"

#include <cstdint>

namespace kv {

template <class CacheRows, class RequestRows>
struct Hydration {
    std::int64_t row_width;
    const std::int64_t* row_count;    // Read from device memory.
    const std::int64_t* slot_of_row;  // PAD where the cache holds nothing for the position: the row keeps what it held.
    CacheRows cache_rows;
    RequestRows request_rows;

    constexpr std::int64_t rows() const { return *row_count; }
    constexpr std::int64_t width() const { return row_width; }
    constexpr std::int64_t index(std::int64_t row) const { return slot_of_row[row]; }
    constexpr auto* from(RowTrip row, Tally& tally) const {
        const auto place = [this](std::int64_t at) { return row_offset(at, row_width); };
        using Row = decltype(cache_rows.row({}, tally, place));
        if (row.index == pad_slot) return Row{nullptr};
        return cache_rows.row({.row = row.index, .weight = row.weight}, tally, place);
    }
    constexpr auto* to(RowTrip row, Tally& tally) const {
        return request_rows.row({.row = row.row, .weight = row.weight}, tally,
                                [this](std::int64_t at) { return row_offset(at, row_width); });
    }
};

}  // namespace kv
