// The device files of kernels/ over an emulated runtime: the same sources, checks and cases as on a GPU.
#include "kernels/device.h"

#include "kernels/check/check_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kv::test {
namespace {

TEST(EmulatedDevice, StandsInForADeviceInThisProgram) {
    EXPECT_TRUE(device_available().available);
    EXPECT_EQ(device_facts().name, "emulated");
    EXPECT_EQ(device_facts().runtime, "13.0");
}

TEST(EmulatedDevice, PassesEveryCheckOfADeviceButThatOfTheLargePool) {
    const std::vector<KernelCheck> checks = device_checks({.cases = 200, .seed = 4});
    EXPECT_EQ(checks.size(), 4 + kernel_twins.size());
    for (const KernelCheck& check : checks) {
        const bool large = check.id.find("2-31") != std::string::npos || check.id.find("32-bits") != std::string::npos;
        EXPECT_EQ(check.end, large ? CheckEnd::skipped : CheckEnd::passed) << check.id << ": " << check.detail;
    }
}

TEST(EmulatedDevice, CapturesAGraphOnceAShapeAndLeavesOtherRowsWithEveryReplay) {
    DeviceRank rank;
    SeededCase random(3, 1);
    for (int replay = 0; replay < 5; ++replay) {
        const StepCase step = random_case(random.frame, random.draw);
        StepBuffers found = step.before;
        rank.begin_graph(random.frame.shape, step.input, step.before);
        rank.finish(found);
        EXPECT_EQ(first_difference(random.frame, step.expected, found), "");
    }
    EXPECT_EQ(rank.graphs_captured(), 1);
    const SeededCase other(3, 2);
    rank.begin_graph(other.frame.shape, other.step.input, other.step.before);
    EXPECT_EQ(rank.graphs_captured(), 2);
}

TEST(EmulatedDevice, CountsARowThatIsNotThereOnceAndObeysItNot) {
    SeededCase random(1, 0);
    std::int64_t bad = 0;
    for (std::int64_t number = 1; bad == 0; ++number) {  // The first case with a PAD.
        random = SeededCase(1, number);
        const StepShape& shape = random.frame.shape;
        for (std::int64_t token = 0; token < shape.step_rows; ++token) {
            std::int64_t& slot = random.step.input.slots[static_cast<std::size_t>(shape.capture_group * shape.step_rows + token)];
            if (slot != pad_slot) continue;
            slot = shape.side_rows + token;
            ++bad;
        }
    }
    random.step.expected.tally.bad_row_count = bad;
    DeviceRank rank;
    StepBuffers found = random.step.before;
    rank.begin(random.frame.shape, random.step.input, random.step.before, {.checks = RowChecks::checked});
    rank.finish(found);
    EXPECT_EQ(first_difference(random.frame, random.step.expected, found), "");
}

TEST(EmulatedDevice, IsPlantedAWriteThatACheckerOfMemoryCanSee) { EXPECT_NO_THROW(plant_bad_write_on_device(1)); }

}  // namespace
}  // namespace kv::test
