// Rows from one buffer to another, as every kernel here moves them: which rows, the move says (from, to, rows, width); how the threads
// share them is said here. The host goes row by row; threads of a device share a tile of rows lane by lane, so that neighbours touch
// neighbouring ids and no thread waits for another's row.
#pragma once

#include "kernels/rows.h"

#include <cstdint>

namespace kv {

// One row, whole: one look at where it goes, then lanes of `count` ids and single ids for what is left.
template <int count, class Move>
constexpr void move_row(const Move& move, std::int64_t row, Tally& tally) {
    const RowTrip moved{.row = row, .index = move.index(row), .weight = 1};
    auto* const to = move.to(moved, tally);
    auto* const from = move.from(moved, tally);
    if (to == nullptr || from == nullptr) return;
    const std::int64_t width = move.width();
    std::int64_t id = 0;
    for (; id + count <= width; id += count) put<PlainAccess>(PlainAccess::load<count>(from + id), to + id, tally);
    for (; id < width; ++id) put<PlainAccess>(PlainAccess::load<1>(from + id), to + id, tally);
}

// Where a thread stands in a tile. It goes forward by the number of threads: a quotient and a remainder that are known before, so the
// walk divides once and not for every lane.
struct LaneWalk {
    std::int32_t row;
    std::int32_t lane;
    std::int32_t lanes_a_row;
    std::int32_t step_rows;
    std::int32_t step_lanes;

    constexpr LaneWalk(std::int32_t item, std::int32_t thread_count, std::int32_t lanes)
        : row(item / lanes), lane(item % lanes), lanes_a_row(lanes), step_rows(thread_count / lanes), step_lanes(thread_count % lanes) {}

    constexpr void step() {
        row += step_rows;
        lane += step_lanes;
        if (lane < lanes_a_row) return;
        lane -= lanes_a_row;
        ++row;
    }
};

struct TileThread {
    std::int64_t first_row;  // The tile's first.
    std::int32_t row_count;  // The tile's, fewer at the end of the rows: with their lanes a number of 32 bits.
    std::int32_t thread;
    std::int32_t thread_count;
};

// One thread's share of a tile. `in_flight` loads are begun before the first of them is stored. The width is a multiple of `count`, and
// with more than one id a lane both buffers and their rows begin at multiples of a lane.
template <class Access, int count, int in_flight, class Move>
constexpr void move_tile(const Move& move, TileThread tile, Tally& tally) {
    const auto lanes = static_cast<std::int32_t>(move.width() / count);
    const std::int32_t items = lanes * tile.row_count;
    LaneWalk at(tile.thread, tile.thread_count, lanes);
    for (std::int32_t item = tile.thread; item < items; item += in_flight * tile.thread_count) {
        RowTrip rows[in_flight];
        std::int32_t lane_of[in_flight];
        for (int i = 0; i < in_flight; ++i, at.step()) {
            rows[i] = {.row = tile.first_row + at.row, .weight = at.lane == 0 ? 1 : 0};
            lane_of[i] = at.lane;
            if (item + i * tile.thread_count < items) rows[i].index = move.index(rows[i].row);
        }
        decltype(move.from({}, tally)) from[in_flight] = {};
        decltype(Access::template load<count>(from[0])) held[in_flight];
        for (int i = 0; i < in_flight; ++i) {
            if (item + i * tile.thread_count < items) from[i] = move.from(rows[i], tally);
            if (from[i] != nullptr) held[i] = Access::template load<count>(from[i] + lane_of[i] * count);
        }
        for (int i = 0; i < in_flight; ++i) {
            if (item + i * tile.thread_count >= items) break;
            auto* const to = move.to(rows[i], tally);
            if (from[i] != nullptr && to != nullptr) put<Access>(held[i], to + lane_of[i] * count, tally);
        }
    }
}

}  // namespace kv
