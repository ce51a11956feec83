#include "model/capture/provenance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace kv::test {
namespace {

RowOrigin any_origin() {
    const auto upto = [](std::int64_t max) {
        return *rc::gen::oneOf(rc::gen::element<std::int64_t>(0, 1, max - 1, max), rc::gen::inRange<std::int64_t>(0, max));
    };
    return {.producer = upto(RowOrigin::producer_max), .content = upto(RowOrigin::content_max), .position = upto(RowOrigin::position_max)};
}

RC_GTEST_PROP(Provenance, SurvivesTheTag, ()) {
    const RowOrigin origin = any_origin();
    RC_ASSERT(tag_of(origin) != never_written_tag);
    RC_ASSERT(origin_of(tag_of(origin)) == origin);
}

RC_GTEST_PROP(Provenance, OnlyTheSameRowIsFresh, ()) {
    const RowOrigin wanted = any_origin();
    const RowOrigin found = any_origin();
    RC_ASSERT((kinship(tag_of(found), wanted) == RowKinship::fresh) == (found == wanted));
}

TEST(Provenance, TellsTheFourWaysToBeWrongApart) {
    const RowOrigin wanted{.producer = 2, .content = 9, .position = 100};
    EXPECT_EQ(kinship(never_written_tag, wanted), RowKinship::never_written);
    EXPECT_EQ(kinship(tag_of({.producer = 2, .content = 8, .position = 100}), wanted), RowKinship::stale);
    EXPECT_EQ(kinship(tag_of({.producer = 2, .content = 9, .position = 99}), wanted), RowKinship::shifted);
    EXPECT_EQ(kinship(tag_of({.producer = 3, .content = 9, .position = 100}), wanted), RowKinship::foreign);
    EXPECT_EQ(kinship(tag_of(wanted), wanted), RowKinship::fresh);
}

TEST(Provenance, RefusesAnOriginThatItsBitsCannotHold) {
    EXPECT_NE(tag_of({.producer = 0, .content = 0, .position = RowOrigin::position_max}), never_written_tag);
    EXPECT_DEATH(static_cast<void>(tag_of({.producer = 0, .content = 0, .position = RowOrigin::position_max + 1})), "27 bits");
    EXPECT_DEATH(static_cast<void>(tag_of({.producer = RowOrigin::producer_max + 1})), "8 bits");
    EXPECT_DEATH(static_cast<void>(tag_of({.content = -1})), "28 bits");
}

RC_GTEST_PROP(Provenance, SpellsARowOfDifferentExperts, ()) {
    const auto experts = *rc::gen::inRange<std::int64_t>(1, 513);
    const auto topk = *rc::gen::inRange<std::int64_t>(1, std::min<std::int64_t>(experts, 32) + 1);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto layer = *rc::gen::inRange<std::int64_t>(0, 200);
    const RowTag tag = tag_of(any_origin());
    std::set<std::int32_t> chosen;
    for (std::int64_t k = 0; k < topk; ++k) {
        const std::int32_t expert = expert_of(seed, tag, layer, k, {.experts = experts, .topk = topk});
        RC_ASSERT(0 <= expert && expert < experts);
        chosen.insert(expert);
    }
    RC_ASSERT(std::ssize(chosen) == topk);
}

TEST(Provenance, SpellsNeighboursDifferently) {
    // 4 layers of 8 of 128 experts: no two of 2,000 neighbouring positions read alike.
    constexpr RouterShape shape{.experts = 128, .topk = 8};
    std::set<std::vector<std::int32_t>> rows;
    for (std::int64_t position = 0; position < 2000; ++position) {
        std::vector<std::int32_t> row;
        for (std::int64_t layer = 0; layer < 4; ++layer) {
            const LayerChoice choice = layer_choice(5, tag_of({.producer = 0, .content = 3, .position = position}), layer, shape);
            for (std::int64_t k = 0; k < shape.topk; ++k) row.push_back(choice.expert(k));
        }
        rows.insert(row);
    }
    EXPECT_EQ(rows.size(), 2000);
}

}  // namespace
}  // namespace kv::test
