#include "kernels/host.h"

#include "kernels/move_body.h"
#include "kernels/recording_rows.h"
#include "kernels/scatter_body.h"
#include "kernels/twins.h"
#include "tests/kernels/plain_scatter.h"
#include "tests/kernels/steps.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <ranges>
#include <vector>

namespace kv::test {
namespace {

template <class Narrow>
void agrees_with_plain_loop() {
    const auto row_count = *rc::gen::inRange<std::int64_t>(0, 5);
    const PlainStep step = any_step(row_count);
    auto expected = poisoned_rows<Narrow>(row_count, step.row_width);
    auto rows = flat(expected);

    const PlainResult said = plain_scatter(step, expected);
    const CaptureResult result = capture_on_host(as_step(step), std::span<Narrow>(rows));

    RC_ASSERT(rows == flat(expected));
    RC_ASSERT(result.overflow_count == said.overflow_count);
    RC_ASSERT(result.bad_slot_count == std::ssize(said.bad_slots));
    RC_ASSERT(result.bad_slots.size() == std::min(said.bad_slots.size(), BadRows::kept_max));
    RC_ASSERT(std::ranges::equal(result.bad_slots, said.bad_slots | std::views::take(result.bad_slots.size())));
}

RC_GTEST_PROP(HostCapture, AgreesWithAPlainLoopInUint8, ()) { agrees_with_plain_loop<std::uint8_t>(); }
RC_GTEST_PROP(HostCapture, AgreesWithAPlainLoopInUint16, ()) { agrees_with_plain_loop<std::uint16_t>(); }
RC_GTEST_PROP(HostCapture, AgreesWithAPlainLoopInInt32, ()) { agrees_with_plain_loop<std::int32_t>(); }

template <class Narrow>
struct OneId {
    std::array<Narrow, 3> rows{Narrow{poison}, Narrow{poison}, Narrow{poison}};
    CaptureResult result;
};

// One token of one id, to a buffer of three rows of width one.
template <class Narrow>
OneId<Narrow> capture_one(std::int64_t slot, std::int32_t expert) {
    OneId<Narrow> one;
    one.result = capture_on_host({.shape = {.token_count = 1, .row_width = 1}, .slot_of_token = {&slot, 1}, .expert_ids = {&expert, 1}},
                                 std::span<Narrow>(one.rows));
    return one;
}

TEST(HostCapture, WritesTheFirstAndTheLastRowAndRecordsTheirNeighbours) {
    EXPECT_EQ(capture_one<std::uint8_t>(0, 7).rows[0], 7);
    EXPECT_EQ(capture_one<std::uint8_t>(2, 7).rows[2], 7);
    for (const std::int64_t outside : {std::int64_t{-2}, std::int64_t{3}}) {
        const auto one = capture_one<std::uint8_t>(outside, 7);
        EXPECT_EQ(one.rows, OneId<std::uint8_t>{}.rows);
        EXPECT_EQ(one.result.bad_slot_count, 1);
        EXPECT_EQ(one.result.bad_slots, std::vector{outside});
    }
}

TEST(HostCapture, WritesNothingForPadAndDoesNotCallItBad) {
    const auto one = capture_one<std::uint8_t>(pad_slot, 7);
    EXPECT_EQ(one.rows, OneId<std::uint8_t>{}.rows);
    EXPECT_EQ(one.result.bad_slot_count, 0);
    EXPECT_EQ(one.result.overflow_count, 0);
}

TEST(HostCapture, KeepsTheLargestIdOfATypeAndCountsTheNext) {
    EXPECT_EQ(capture_one<std::uint8_t>(1, 255).rows[1], 255);
    EXPECT_EQ(capture_one<std::uint8_t>(1, 256).rows[1], poison);
    EXPECT_EQ(capture_one<std::uint8_t>(1, 256).result.overflow_count, 1);
    EXPECT_EQ(capture_one<std::uint16_t>(1, 65'535).rows[1], 65'535);
    EXPECT_EQ(capture_one<std::uint16_t>(1, 65'536).result.overflow_count, 1);
    EXPECT_EQ(capture_one<std::uint8_t>(1, 0).rows[1], 0);
    EXPECT_EQ(capture_one<std::uint8_t>(1, -1).result.overflow_count, 1);
    EXPECT_EQ(capture_one<std::int32_t>(1, -1).rows[1], -1);
    EXPECT_EQ(capture_one<std::int32_t>(1, std::numeric_limits<std::int32_t>::min()).result.overflow_count, 0);
}

TEST(HostCapture, DoesNotWrapAWildSlotBackIntoTheBuffer) {
    const std::int64_t slot = std::int64_t{1} << 61;  // x 8 ids a row x 1 is 2^64, which is 0 in 64 bits.
    const std::array<std::int32_t, 8> experts{1, 2, 3, 4, 5, 6, 7, 8};
    std::array<std::uint8_t, 8> rows{};
    const CaptureResult result = capture_on_host(
        {.shape = {.token_count = 1, .row_width = 8}, .slot_of_token = {&slot, 1}, .expert_ids = experts}, std::span<std::uint8_t>(rows));
    EXPECT_EQ(rows, (std::array<std::uint8_t, 8>{}));
    EXPECT_EQ(result.bad_slot_count, 1);
}

TEST(HostCapture, CountsEveryBadSlotAndKeepsTheFirst) {
    const std::vector<std::int64_t> slots(100, 5);
    const std::vector<std::int32_t> experts(100, 1);
    const CaptureResult result = capture_on_host(
        {.shape = {.token_count = 100, .row_width = 1}, .slot_of_token = slots, .expert_ids = experts}, std::span<std::uint8_t>());
    EXPECT_EQ(result.bad_slot_count, 100);
    EXPECT_EQ(result.bad_slots.size(), BadRows::kept_max);
}

TEST(RecordingRows, JudgeSlotsOnBothSidesOfTwoToThe31WithoutThatMuchMemory) {
    constexpr std::int64_t row_width = 8;
    constexpr std::int64_t first_past = (std::int64_t{1} << 31) / row_width;
    static_assert(row_offset(first_past - 1, row_width) == 2'147'483'640 && row_offset(first_past, row_width) == 2'147'483'648);
    std::array<std::uint8_t, 2 * row_width> rows{};
    const std::array<std::int64_t, 3> slots{first_past - 1, first_past, 2 * first_past};  // The last one is row 0 to 32 bits.
    const std::array<std::int32_t, 3 * row_width> experts{1, 2, 3};
    BadRows bad;
    Tally tally;
    const Scatter<std::int32_t, RecordingRows<std::uint8_t>> scatter{
        .shape = {.token_count = 3, .row_width = row_width, .side_row_count = 2},
        .slots = slots.data(),
        .step_rows = experts.data(),
        .side_rows = {.ids = rows, .width = row_width, .row_count = 2, .bad = &bad}};
    for (std::int64_t token = 0; token < std::ssize(slots); ++token) move_row<16>(scatter, token, tally);
    EXPECT_EQ(bad.first, std::vector(slots.begin(), slots.end()));
    EXPECT_EQ(bad.byte_end, 2 * first_past * row_width + row_width);
    EXPECT_EQ(tally.bad_row_count, 3);
    EXPECT_EQ(rows, (std::array<std::uint8_t, 2 * row_width>{}));
}

TEST(RecordingRows, RecordAnOffsetOutsideThatBelongsToARowInside) {
    std::array<std::uint8_t, 8> rows{};
    BadRows bad;
    Tally tally;
    const RecordingRows<std::uint8_t> recording{.ids = rows, .width = 4, .row_count = 2, .bad = &bad};
    EXPECT_NE(recording.row({.row = 1, .weight = 1}, tally, [](std::int64_t row) { return row * 4; }), nullptr);
    EXPECT_EQ(recording.row({.row = 1, .weight = 1}, tally, [](std::int64_t row) { return row * 5; }),
              nullptr);  // Ends one past the buffer.
    EXPECT_EQ(recording.row({.row = 1, .weight = 1}, tally, [](std::int64_t) { return std::int64_t{-1}; }), nullptr);
    EXPECT_EQ(bad.count, 2);
    EXPECT_EQ(bad.lowest_byte, -1);
    EXPECT_EQ(bad.byte_end, 9);
}

}  // namespace
}  // namespace kv::test
