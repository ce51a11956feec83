// The scatter: rows of the step buffer go to the side buffer's rows that the slot mapping names, whole tokens at a time.
#pragma once

#include "kernels/row_offset.h"
#include "kernels/rows.h"
#include "model/addressing/pad_slot.h"

#include <cstdint>

namespace kv {

struct ScatterShape {
    std::int64_t token_count;
    std::int64_t row_width;  // Ids a token: captured layers x topk.
    std::int64_t side_row_count;
    std::int64_t capture_group = 0;  // Slot mappings of all groups lie one after another; the side buffer was made for this one.
};

struct ScatterRule {
    static constexpr std::int64_t offset(std::int64_t slot, std::int64_t row_width) { return row_offset(slot, row_width); }
    static constexpr bool skips(std::int64_t slot) { return slot == pad_slot; }
    static constexpr std::int64_t row(std::int64_t slot, std::int64_t) { return slot; }
    static constexpr std::int64_t group(std::int64_t capture_group) { return capture_group; }
};

template <class Id, class SideRows, class Rule = ScatterRule>
struct Scatter {
    ScatterShape shape;
    const std::int64_t* slots;
    const Id* step_rows;
    SideRows side_rows;

    constexpr std::int64_t rows() const { return shape.token_count; }
    constexpr std::int64_t width() const { return shape.row_width; }
    constexpr std::int64_t index(std::int64_t token) const { return slots[Rule::group(shape.capture_group) * shape.token_count + token]; }
    constexpr const Id* from(RowTrip token, Tally&) const { return step_rows + row_offset(token.row, shape.row_width); }
    constexpr auto* to(RowTrip token, Tally& tally) const {
        const auto place = [this](std::int64_t row) { return Rule::offset(row, shape.row_width); };
        using Row = decltype(side_rows.row({}, tally, place));
        if (Rule::skips(token.index)) return Row{nullptr};
        return side_rows.row({.row = Rule::row(token.index, shape.side_row_count), .weight = token.weight}, tally, place);
    }
};

}  // namespace kv
