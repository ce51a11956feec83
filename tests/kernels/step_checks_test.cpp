// The harness of the kernels itself: cases are what they say, and each thing that can be wrong with a buffer is told.
#include "kernels/check/check_parts.h"
#include "kernels/host.h"
#include "model/addressing/block_table.h"
#include "model/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace kv::test {
namespace {

const Engine reference = std::get<Engine>(engine_spelled("reference"));

// The slots of one group as the model's block table maps them; PAD where the case has nobody.
std::vector<std::int64_t> mapped_by_block_table(const SeededCase& random, std::int64_t group) {
    const StepShape& shape = random.frame.shape;
    std::vector<std::int64_t> slots(static_cast<std::size_t>(shape.step_rows), pad_slot);
    const TokensPerBlock block{random.frame.block_tokens[static_cast<std::size_t>(group)]};
    std::int64_t row = random.step.input.range.buffer_row;
    for (const CaseRequest& request : random.step.requests) {
        BlockTable table(reference, {.block = block, .kernel_block = block, .row_blocks_max = Blocks{random.frame.blocks}}, {});
        std::vector<BlockId> ids;
        for (const std::int64_t id : request.blocks[static_cast<std::size_t>(group)]) ids.push_back(static_cast<BlockId>(id));
        table.add(0, ids);
        const std::vector<PositionRun> runs{{.row = 0, .count = static_cast<std::int32_t>(request.count), .first = request.first}};
        std::vector<std::int64_t> batch(static_cast<std::size_t>(request.count));
        for (const std::int64_t slot : table.map(runs, batch)) slots[static_cast<std::size_t>(row++)] = slot;
    }
    return slots;
}

TEST(KernelCase, MapsItsTokensAsTheModelsBlockTableDoes) {
    std::int64_t tokens = 0, left_out = 0;
    for (std::int64_t number = 0; number < 500; ++number) {
        const SeededCase random(3, number);
        const std::int64_t rows = random.frame.shape.step_rows;
        for (std::int64_t group = 0; group < random.frame.shape.group_count; ++group) {
            const auto modelled = mapped_by_block_table(random, group);
            for (std::int64_t row = 0; row < rows; ++row) {
                const std::int64_t slot = random.step.input.slots[static_cast<std::size_t>(group * rows + row)];
                const std::int64_t wanted = modelled[static_cast<std::size_t>(row)];
                ++tokens;
                if (slot == pad_slot && wanted != pad_slot) ++left_out;  // Another context-parallel rank's.
                else ASSERT_EQ(slot, wanted) << "case " << number << ", group " << group << ", row " << row;
            }
        }
    }
    EXPECT_GT(tokens, 5000);
    EXPECT_LT(left_out, tokens / 4);
}

TEST(KernelCase, ReachesEverythingThatAStepCanHold) {
    std::set<IdType> routers, steps, sides;
    std::int64_t pads = 0, several_requests = 0, padded_gathers = 0, overflows = 0, deltas = 0, prefixes = 0, whole_lanes = 0, mid_rows = 0;
    for (std::int64_t number = 0; number < 500; ++number) {
        const SeededCase random(1, number);
        const StepShape& shape = random.frame.shape;
        const StepInput& input = random.step.input;
        routers.insert(shape.router_type), steps.insert(shape.step_type), sides.insert(shape.side_type);
        pads += std::ranges::count(input.slots, pad_slot) > 0 ? 1 : 0;
        several_requests += random.step.requests.size() > 1 ? 1 : 0;
        padded_gathers += input.range.first != input.range.counted_before && input.range.first != 0 ? 1 : 0;
        overflows += random.step.expected.tally.overflow_count > 0 ? 1 : 0;
        deltas += input.plan.row_count > 0 ? 1 : 0;
        prefixes += input.prefix_count > 0 ? 1 : 0;
        (shape.row_width() * bytes_of(shape.side_type) % 16 == 0 ? whole_lanes : mid_rows) += 1;
    }
    EXPECT_EQ(routers.size(), 2U);
    EXPECT_EQ(steps.size(), 3U);
    EXPECT_EQ(sides.size(), 3U);
    for (const std::int64_t often : {pads, several_requests, padded_gathers, overflows, deltas, prefixes, whole_lanes, mid_rows})
        EXPECT_GT(often, 20);
}

TEST(KernelCase, IsTheSameForTheSameSeedAndNumber) {
    const SeededCase once(7, 11), again(7, 11), other(8, 11);
    EXPECT_EQ(once.step.input.slots, again.step.input.slots);
    EXPECT_EQ(once.step.expected, again.step.expected);
    EXPECT_FALSE(once.frame.shape == other.frame.shape && once.step.input.slots == other.step.input.slots);
}

// A case with rows in every buffer, and what the right kernels leave.
struct RightStep {
    RightStep() {
        while (random.step.input.plan.row_count == 0 || random.step.input.prefix_count == 0 || random.frame.shape.side_rows < 8)
            random = SeededCase(1, ++number);
        found = random.step.before;
        step_on_host(random.frame.shape, random.step.input, found);
    }
    std::string difference() const { return first_difference(random.frame, random.step.expected, found); }
    std::int64_t number = 0;
    SeededCase random{1, 0};
    StepBuffers found;
};

TEST(FirstDifference, IsEmptyForTheRightStep) { EXPECT_EQ(RightStep().difference(), ""); }

TEST(FirstDifference, TellsOfOneByteInEveryGuardZone) {
    for (GuardedBytes StepBuffers::*buffer : {&StepBuffers::step, &StepBuffers::side, &StepBuffers::delta, &StepBuffers::prefix}) {
        RightStep first, last;
        (first.found.*buffer).all().front() = std::byte{0};
        EXPECT_NE(first.difference().find("guard zone before"), std::string::npos) << first.difference();
        (last.found.*buffer).all().back() = std::byte{0};
        EXPECT_NE(last.difference().find("guard zone behind"), std::string::npos) << last.difference();
    }
}

TEST(FirstDifference, TellsARowThatWasNeverWrittenFromOneThatNobodyMayWrite) {
    const RightStep right;
    const auto row_bytes = static_cast<std::size_t>(right.random.frame.shape.row_width() * bytes_of(right.random.frame.shape.side_type));
    bool written = false, untouched = false;
    for (std::size_t begin = 0; begin < right.found.side.payload().size(); begin += row_bytes) {
        RightStep wrong;
        const auto row = wrong.found.side.payload().subspan(begin, row_bytes);
        const bool was_poison = std::ranges::all_of(row, [](std::byte byte) { return byte == GuardedBytes::poison; });
        std::ranges::fill(row, was_poison ? std::byte{1} : GuardedBytes::poison);
        EXPECT_NE(wrong.difference().find(was_poison ? "was written, and nobody's" : "was never written"), std::string::npos)
            << wrong.difference();
        (was_poison ? untouched : written) = true;
        if (written && untouched) break;
    }
    EXPECT_TRUE(written && untouched);
}

TEST(FirstDifference, TellsOfCountsAndOfWhatArrived) {
    RightStep counts, arrived;
    ++counts.found.tally.overflow_count;
    EXPECT_NE(counts.difference().find("too large"), std::string::npos);
    counts.found.tally = {.overflow_count = counts.random.step.expected.tally.overflow_count, .bad_row_count = 1};
    EXPECT_NE(counts.difference().find("outside a buffer"), std::string::npos);
    arrived.found.delivered.front() ^= std::byte{1};
    EXPECT_NE(arrived.difference().find("delivered"), std::string::npos);
}

TEST(HostChecks, PassForTheRightKernelsAndFindEveryTwin) {
    const std::vector<KernelCheck> checks = host_checks({.cases = 300, .seed = 5});
    EXPECT_EQ(checks.size(), 3 + kernel_twins.size());
    for (const KernelCheck& check : checks) {
        EXPECT_NE(check.end, CheckEnd::failed) << check.id << ": " << check.detail;
        EXPECT_EQ(check.cases > 0, check.end != CheckEnd::skipped) << check.id;
    }
}

TEST(HostChecks, FailWhereATwinIsNotFound) {
    const KernelCheck check = found_in({.id = "twin", .what = "", .cases = 9}, 0, "");
    EXPECT_EQ(check.end, CheckEnd::failed);
    EXPECT_EQ(found_in(check, 1, "a row").end, CheckEnd::failed) << "what has failed stays so";
}

TEST(DeviceChecks, AreSkippedWithTheReasonEachByItsName) {
    const std::vector<KernelCheck> checks = skipped_device_checks("no GPU here");
    std::set<std::string> ids;
    for (const KernelCheck& check : checks) {
        ids.insert(check.id);
        EXPECT_EQ(check.end, CheckEnd::skipped);
        EXPECT_EQ(check.detail, "no GPU here");
    }
    EXPECT_EQ(ids.size(), 4 + kernel_twins.size());
}

}  // namespace
}  // namespace kv::test
