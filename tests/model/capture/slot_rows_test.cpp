#include "model/capture/slot_rows.h"

#include "model/refusal.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

std::vector<RowTag> tags(std::initializer_list<std::uint64_t> numbers) {
    std::vector<RowTag> made;
    for (const std::uint64_t number : numbers) made.push_back(RowTag{number});
    return made;
}

std::vector<RowTag> loaded(const SlotRows& rows, const std::vector<std::int64_t>& slots, std::size_t columns = 1) {
    std::vector<RowTag> found(slots.size() * columns);
    rows.load(slots, found);
    return found;
}

TEST(SlotRows, TheLastOfSeveralRowsForOneSlotStays) {
    SlotRows rows(4, 1, PadRows::negative_wraps);
    rows.store(std::vector<std::int64_t>{2, 1, 2, -2}, tags({10, 11, 12, 13}));
    EXPECT_EQ(loaded(rows, {0, 1, 2, 3}), tags({0, 11, 13, 0})) << "-2 of 4 rows is row 2";
}

TEST(SlotRows, ANegativeSlotWrapsSilentlyOrIsInert) {
    SlotRows wraps(4, 1, PadRows::negative_wraps), inert(4, 1, PadRows::inert);
    for (SlotRows* rows : {&wraps, &inert}) rows->store(std::vector<std::int64_t>{3, 0, -1, -4}, tags({10, 11, 12, 13}));
    EXPECT_EQ(loaded(wraps, {0, 1, 2, 3}), tags({13, 0, 0, 12}));
    EXPECT_EQ(loaded(inert, {0, 1, 2, 3}), tags({11, 0, 0, 10}));
    EXPECT_EQ(loaded(wraps, {-1, -4}), tags({12, 13}));
    EXPECT_THAT(loaded(inert, {-1, std::numeric_limits<std::int64_t>::min()}), ElementsAre(missing_tag, missing_tag));
}

TEST(SlotRows, AreUnchangedByACallWithOneBadSlotAndNameTheFirst) {
    SlotRows rows(4, 1, PadRows::negative_wraps);
    rows.store(std::vector<std::int64_t>{3, -4}, tags({10, 11}));
    for (const auto& [slots, bad] : std::vector<std::pair<std::vector<std::int64_t>, std::int64_t>>{{{0, 4, -5}, 4}, {{1, -5, 9}, -5}}) {
        const auto refusal = refusal_of([&] { rows.store(slots, tags({20, 21, 22})); });
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->type, Raised::index_error);
        EXPECT_EQ(refusal->message, "index " + std::to_string(bad) + " is out of bounds for axis 0 with size 4");
        EXPECT_EQ(loaded(rows, {0, 1, 2, 3}), tags({11, 0, 0, 10}));
    }
    SlotRows none(0, 1, PadRows::inert);
    EXPECT_TRUE(refusal_of([&] { none.store(std::vector<std::int64_t>{0}, tags({1})); }));
    none.store(std::vector<std::int64_t>{-1}, tags({1}));
}

TEST(SlotRows, OfSeveralColumnsKeepThemTogether) {
    SlotRows rows(3, 2, PadRows::negative_wraps, missing_tag);
    rows.store(std::vector<std::int64_t>{1, -1}, tags({10, 11, 12, 13}));
    EXPECT_EQ(loaded(rows, {2, 1, 0}, 2), tags({12, 13, 10, 11, 1, 1}));
    rows.mark(std::vector<std::int64_t>{1}, never_written_tag);
    EXPECT_EQ(loaded(rows, {1}, 2), tags({0, 0}));
}

TEST(SlotRows, AReaderOfFewerRowsIsRefusedWhatTheWriterWrote) {
    SlotRows rows(8, 1, PadRows::negative_wraps);
    rows.store(std::vector<std::int64_t>{3, 4}, tags({10, 11}));
    std::vector<RowTag> found(1);
    rows.load(std::vector<std::int64_t>{-1}, found, 4);
    EXPECT_EQ(found, tags({10})) << "and what it counts from its own end is another row";
    const auto refusal = refusal_of([&] { rows.load(std::vector<std::int64_t>{4}, found, 4); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->message, "index 4 is out of bounds for axis 0 with size 4");
}

RC_GTEST_PROP(SlotRows, HoldWhatAMapHolds, ()) {
    const auto size = *rc::gen::inRange<std::int64_t>(1, 12);
    const bool wrapping = *rc::gen::arbitrary<bool>();
    SlotRows rows(size, 1, wrapping ? PadRows::negative_wraps : PadRows::inert);
    std::map<std::int64_t, std::uint64_t> plain;
    std::uint64_t next = 1;
    for (int call = 0; call < 6; ++call) {
        const auto slots = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-size - 2, size + 2));
        std::vector<RowTag> given;
        for (std::size_t i = 0; i < slots.size(); ++i) given.push_back(RowTag{next++});
        const bool fits = std::ranges::all_of(slots, [&](std::int64_t slot) { return slot < size && (slot >= -size || !wrapping); });
        RC_ASSERT(refusal_of([&] { rows.store(slots, given); }).has_value() != fits);
        for (std::size_t i = 0; fits && i < slots.size(); ++i) {
            if (slots[i] >= 0) plain[slots[i]] = static_cast<std::uint64_t>(given[i]);
            else if (wrapping) plain[size + slots[i]] = static_cast<std::uint64_t>(given[i]);
        }
    }
    for (std::int64_t row = 0; row < size; ++row) RC_ASSERT(loaded(rows, {row}) == tags({plain[row]}));
}

}  // namespace
}  // namespace kv::testing
