// The tiles of a device, walked by the host: whatever the number of threads, the lanes and their number in flight, every lane of every
// row is moved once, and a row that is not there counts once.
#include "kernels/delta_body.h"
#include "kernels/move_body.h"
#include "kernels/scatter_body.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

namespace kv::test {
namespace {

template <int count, int in_flight, class Move>
Tally move_in_tiles(const Move& move, std::int32_t rows_a_tile, std::int32_t threads) {
    Tally tally;
    for (std::int64_t first = 0; first < move.rows(); first += rows_a_tile)
        for (std::int32_t thread = 0; thread < threads; ++thread)
            move_tile<PlainAccess, count, in_flight>(
                move,
                {.first_row = first,
                 .row_count = static_cast<std::int32_t>(std::min<std::int64_t>(rows_a_tile, move.rows() - first)),
                 .thread = thread,
                 .thread_count = threads},
                tally);
    return tally;
}

template <int count, int in_flight>
void tiles_agree_with_rows() {
    const auto rows = *rc::gen::inRange<std::int64_t>(0, 40);
    const auto width = count * *rc::gen::inRange<std::int64_t>(1, 12);
    const auto pool_rows = *rc::gen::inRange<std::int64_t>(1, 60);
    std::vector<std::int64_t> slots(static_cast<std::size_t>(std::max(rows, pool_rows)));
    std::iota(slots.begin(), slots.end(), std::int64_t{-1});  // PAD, rows, and rows that are not there.
    std::ranges::rotate(slots, slots.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(slots)));
    const auto ids =
        *rc::gen::container<std::vector<std::int32_t>>(static_cast<std::size_t>(rows * width), rc::gen::inRange<std::int32_t>(-2, 300));
    std::vector<std::uint8_t> by_row(static_cast<std::size_t>(pool_rows * width), 7), by_tile = by_row;

    const auto scatter_to = [&](std::vector<std::uint8_t>& pool) {
        return Scatter<std::int32_t, CheckedRows<std::uint8_t>>{
            .shape = {.token_count = rows, .row_width = width, .side_row_count = pool_rows},
            .slots = slots.data(),
            .step_rows = ids.data(),
            .side_rows = {.ids = pool.data(), .row_count = pool_rows}};
    };
    Tally of_rows;
    const auto in_rows = scatter_to(by_row);
    for (std::int64_t row = 0; row < rows; ++row) move_row<3>(in_rows, row, of_rows);
    const Tally of_tiles = move_in_tiles<count, in_flight>(scatter_to(by_tile), *rc::gen::inRange<std::int32_t>(1, 50),
                                                           *rc::gen::inRange<std::int32_t>(1, 70));
    RC_ASSERT(by_tile == by_row);
    RC_ASSERT(of_tiles.bad_row_count == of_rows.bad_row_count);
    RC_ASSERT(of_tiles.overflow_count == of_rows.overflow_count);
}

RC_GTEST_PROP(MoveTile, AgreesWithRowsForOneIdALane, ()) { tiles_agree_with_rows<1, 4>(); }
RC_GTEST_PROP(MoveTile, AgreesWithRowsForFourIdsALane, ()) { tiles_agree_with_rows<4, 4>(); }
RC_GTEST_PROP(MoveTile, AgreesWithRowsForOneLaneInFlight, ()) { tiles_agree_with_rows<2, 1>(); }

TEST(LaneWalk, StepsOverRowsAsAQuotientAndARemainderSay) {
    for (const std::int32_t lanes : {1, 24, 32, 97})
        for (const std::int32_t threads : {1, 24, 256}) {
            LaneWalk walk(5, threads, lanes);
            for (std::int32_t item = 5; item < 2000; item += threads, walk.step()) {
                ASSERT_EQ(walk.row, item / lanes);
                ASSERT_EQ(walk.lane, item % lanes);
            }
        }
}

TEST(SpanOf, FindsTheSpanOfEveryRowAmongEmptyOnes) {
    const std::vector<RowSpan> spans{{.first_row = 9, .row_count = 0, .delta_row = 0},
                                     {.first_row = 4, .row_count = 2, .delta_row = 0},
                                     {.first_row = 1, .row_count = 0, .delta_row = 2},
                                     {.first_row = 7, .row_count = 1, .delta_row = 2}};
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < 3; ++row) rows.push_back(span_of(spans.data(), 4, row).first_row);
    EXPECT_EQ(rows, (std::vector<std::int64_t>{4, 4, 7}));
}

// The bodies run in a constant expression too: a wrong line in them would not compile.
template <class MoveAll>
consteval std::array<std::uint8_t, 4> scattered_when_compiling(MoveAll move_all) {
    std::array<std::uint8_t, 4> rows{9, 9, 9, 9};
    const std::array<std::int64_t, 3> slots{1, pad_slot, 2};  // There is no row 2.
    const std::array<std::int32_t, 6> ids{3, 256, 5, 6, 7, 8};
    Tally tally;
    move_all(Scatter<std::int32_t, CheckedRows<std::uint8_t>>{.shape = {.token_count = 3, .row_width = 2, .side_row_count = 2},
                                                              .slots = slots.data(),
                                                              .step_rows = ids.data(),
                                                              .side_rows = {.ids = rows.data(), .row_count = 2}},
             tally);
    return tally.overflow_count == 1 && tally.bad_row_count == 1 ? rows : std::array<std::uint8_t, 4>{};
}
constexpr auto by_rows = [](const auto& move, Tally& tally) {
    for (std::int64_t row = 0; row < move.rows(); ++row) move_row<2>(move, row, tally);
};
constexpr auto by_tiles = [](const auto& move, Tally& tally) {
    for (std::int32_t thread = 0; thread < 4; ++thread)
        move_tile<PlainAccess, 1, 3>(move, {.first_row = 0, .row_count = 3, .thread = thread, .thread_count = 4}, tally);
};
static_assert(scattered_when_compiling(by_rows) == std::array<std::uint8_t, 4>{9, 9, 3, 9});
static_assert(scattered_when_compiling(by_tiles) == std::array<std::uint8_t, 4>{9, 9, 3, 9});

}  // namespace
}  // namespace kv::test
