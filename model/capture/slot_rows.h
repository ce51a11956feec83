// A buffer of rows that are found by slot, as NumPy indexes one: all slots of a call are checked before any row is touched, and a
// negative one counts from the end, unless it is inert.
#pragma once

#include "model/capture/provenance.h"
#include "model/rules/capture_delivery.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kv {

class SlotRows {
public:
    static constexpr std::int64_t tags_max = std::int64_t{1} << 28;

    // A row is `columns` tags. No more than tags_max of them.
    SlotRows(std::int64_t rows, std::int64_t columns, PadRows pad, RowTag unwritten = never_written_tag);

    std::int64_t rows() const { return rows_; }
    std::span<const RowTag> tags() const { return tags_; }  // Row after row.

    // One row for each slot, in order: of several rows for one slot the last stays. Throws RefusedByEngine (IndexError) and changes
    // nothing where a slot has no row.
    void store(std::span<const std::int64_t> slots, std::span<const RowTag> rows);
    void mark(std::span<const std::int64_t> slots, RowTag tag);
    // The row of each slot; missing_tag where it is inert.
    void load(std::span<const std::int64_t> slots, std::span<RowTag> rows) const { load(slots, rows, rows_); }
    // The same by a reader that takes the buffer for one of fewer rows.
    void load(std::span<const std::int64_t> slots, std::span<RowTag> rows, std::int64_t reader_rows) const;

private:
    void check(std::span<const std::int64_t> slots, std::int64_t rows, std::string_view raised_in) const;
    // Negative: no row.
    std::int64_t row_of(std::int64_t slot, std::int64_t rows) const { return slot < 0 && wraps_ ? slot + rows : slot; }

    std::int64_t rows_;
    std::int64_t columns_;
    bool wraps_;
    std::vector<RowTag> tags_;
};

}  // namespace kv
