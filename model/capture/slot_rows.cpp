#include "model/capture/slot_rows.h"

#include "model/refusal.h"

#include <algorithm>
#include <limits>
#include <string>

namespace kv {

SlotRows::SlotRows(std::int64_t rows, std::int64_t columns, PadRows pad, RowTag unwritten)
    : rows_(rows), columns_(columns), wraps_(pad == PadRows::negative_wraps) {
    require(rows >= 0 && columns > 0 && rows <= tags_max / columns, "a buffer of rows fits memory");
    tags_.assign(static_cast<std::size_t>(rows * columns), unwritten);
}

void SlotRows::check(std::span<const std::int64_t> slots, std::int64_t rows, std::string_view raised_in) const {
    const std::int64_t least = wraps_ ? -rows : std::numeric_limits<std::int64_t>::min();
    const auto bad = std::ranges::find_if(slots, [&](std::int64_t slot) { return slot < least || slot >= rows; });
    if (bad == slots.end()) return;
    refuse({.type = Raised::index_error,
            .raised_in = raised_in,
            .message = "index " + std::to_string(*bad) + " is out of bounds for axis 0 with size " + std::to_string(rows),
            .figures = {*bad, 0, rows}});
}

void SlotRows::store(std::span<const std::int64_t> slots, std::span<const RowTag> rows) {
    require(std::ssize(rows) == std::ssize(slots) * columns_, "there is a row for each slot");
    check(slots, rows_, "save_captured_experts");
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const std::int64_t row = row_of(slots[i], rows_);
        if (row < 0) continue;
        for (std::int64_t column = 0; column < columns_; ++column)
            tags_[static_cast<std::size_t>(row * columns_ + column)] =
                rows[i * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column)];
    }
}

void SlotRows::mark(std::span<const std::int64_t> slots, RowTag tag) {
    check(slots, rows_, "save_captured_experts");
    for (const std::int64_t slot : slots)
        if (const std::int64_t row = row_of(slot, rows_); row >= 0) std::fill_n(tags_.begin() + row * columns_, columns_, tag);
}

void SlotRows::load(std::span<const std::int64_t> slots, std::span<RowTag> rows, std::int64_t reader_rows) const {
    require(0 <= reader_rows && reader_rows <= rows_, "a reader sees no more rows than there are");
    require(std::ssize(rows) == std::ssize(slots) * columns_, "there is room for a row of each slot");
    check(slots, reader_rows, "get_routed_experts");
    auto out = rows.begin();
    for (const std::int64_t slot : slots) {
        const std::int64_t row = row_of(slot, reader_rows);
        if (row < 0) std::fill_n(out, columns_, missing_tag);
        else std::copy_n(tags_.begin() + row * columns_, columns_, out);
        out += columns_;
    }
}

}  // namespace kv
