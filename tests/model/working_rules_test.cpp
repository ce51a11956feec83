// How large a step buffer is: the threads' figures, and what can be offered.
#include "model/rules/working.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

// sgl-project/sglang#26123: chunks of 256, 2,048 running requests, four ranks whose graphs have 1,024 rows.
TEST(StepBufferRows, OfOneRanksRunningRequestsAreTooFewForFourRanks) {
    const StepBufferDemand demand{
        .batched_max = 8192, .chunk_max = 256, .running_max = 2048, .graph_max = 1024, .ranks = 4, .ranks_offered = 4};
    EXPECT_EQ(rows_of_chunk_or_running(demand), 2048);
    EXPECT_EQ(rows_of_chunk_or_running_of_ranks(demand), 8192);
    EXPECT_EQ(rows_of_largest_batch(demand), 4 * 8192);
    EXPECT_EQ(rows_of_batch_budget(demand), 8192);
}

// sgl-project/sglang#26860: a prompt of 8,192 tokens comes in one piece.
TEST(StepBufferRows, ForgetPromptsThatAreNotCut) {
    const StepBufferDemand demand{.batched_max = 16384, .chunk_max = 0, .running_max = 2048};
    EXPECT_EQ(rows_of_chunk_or_running(demand), 2048);
    EXPECT_EQ(rows_of_chunk_or_running_of_ranks(demand), 2048);
    EXPECT_EQ(rows_of_largest_batch(demand), 16384);
}

TEST(StepBufferRows, HaveRoomForAGraphLargerThanTheBudget) {
    EXPECT_EQ(rows_of_largest_batch({.batched_max = 64, .graph_max = 128}), 128);
    EXPECT_EQ(rows_of_batch_budget({.batched_max = 64, .graph_max = 128}), 64);
}

}  // namespace
}  // namespace kv::testing
