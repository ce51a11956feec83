// Keys of the host's tier: what an engine says that it holds, and what the memory holds.
#include "model/given_groups.h"
#include "sim/plan_events.h"
#include "tests/model/build.h"

#include <optional>
#include <string>
#include <vector>

namespace kv::testing {
namespace {

struct TierSeen : EventSink {
    using EventSink::see;
    void see(const HostTierMade& event) override { made = event.keys; }
    void see(const HostTierFilled& event) override { filled = event; }
    std::optional<std::int64_t> made = {};
    HostTierFilled filled = {};
};

TierSeen tier_of(const std::string& engine, const Plan& plan, std::int64_t memory, std::int64_t tensor_ranks = 1) {
    TierSeen seen;
    tell_host_tier(engine_of(engine), plan, Bytes{memory}, tensor_ranks, seen);
    return seen;
}

std::string with_row(const std::string& rule) { return "reference,host-row=" + rule; }

// So many groups of full attention, 16 KiB a block each, and a ring that cannot be hit.
Plan plan_of_groups_and_ring(std::int64_t groups, std::int64_t block_of_last = 16) {
    std::vector<GivenGroup> given;
    for (std::int64_t group = 0; group < groups; ++group)
        given.push_back({.name = "g" + std::to_string(group),
                         .spec = full({.block = group + 1 == groups ? block_of_last : 16, .kv_heads = 1, .head_size = 64}),
                         .layers = 4});
    given.push_back(
        {.name = "ring", .spec = CircularBufferSpec{.cache = cache_of({.block = 8, .kv_heads = 1, .head_size = 8})}, .layers = 4});
    Settings settings;
    settings.blocks_override = Blocks{100};
    return std::get<Plan>(plan_of_groups(engine_of("reference"), given, settings));
}

TEST(HostTier, HoldsAKeyOfEachGroupInAsMuchAsItsGroupStores) {
    const Plan plan = plan_of_groups_and_ring(8);
    const TierSeen seen = tier_of(with_row("own-group"), plan, 16 * 16384);
    EXPECT_EQ(seen.made, 16);
    EXPECT_EQ(seen.filled.keys, 16);
    EXPECT_EQ(seen.filled.chunk_keys, 8);
    EXPECT_EQ(seen.filled.chunk, Tokens{16});
    EXPECT_EQ(tier_of(with_row("own-group"), plan, 16 * 16384 - 1).made, 15);
    EXPECT_EQ(tier_of(with_row("own-group"), plan, 16 * 16384, 2).made, 8) << "two ranks have a part each";
}

TEST(HostTier, HoldsFewerKeysThatAreWider) {
    const Plan plan = plan_of_groups_and_ring(8);
    EXPECT_EQ(tier_of(with_row("all-groups"), plan, 16 * 16384).made, 2);
    EXPECT_EQ(tier_of(with_row("all-groups"), plan, 16 * 16384).filled.keys, 16);
    EXPECT_EQ(tier_of(with_row("pool-block"), plan, 16 * 16384).made, 16) << "the widest group is as wide as each";
    EXPECT_EQ(tier_of(with_row("page-times-tensors"), plan, 16 * 16384).made, 16) << "so are its tensors";
}

TEST(HostTier, CountsAGroupOfSmallerBlocksSeveralTimesAChunk) {
    // 32 tokens are two keys of the first group, of 16 KiB, and one of the last, of 32.
    const Plan plan = plan_of_groups_and_ring(2, 32);
    const TierSeen seen = tier_of(with_row("own-group"), plan, (65536 + 16384) * 3);
    EXPECT_EQ(seen.filled.chunk, Tokens{32});
    EXPECT_EQ(seen.filled.chunk_keys, 3);
    EXPECT_EQ(seen.filled.keys, 3 * 3 + 2) << "three chunks, and two keys of the fourth";
}

TEST(HostTier, OfABundleCountsItsLayersTwiceIn018) {
    const ModelLayers model = model_of(repeated(30, {full({16, 8, 128}), full({16, 2, 256})}));
    const Plan plan = plan_of("vllm-0.18.0", model, Settings{}, {4 * gib});
    ASSERT_TRUE(plan.groups.at(0).bundle);
    const std::int64_t block = 30 * (65536 + 32768);
    EXPECT_EQ(tier_of("vllm-0.18.0", plan, 600 * block).made, 10);
    EXPECT_EQ(tier_of("vllm-0.18.0", plan, 600 * block).filled.keys, 600);
    EXPECT_EQ(tier_of("vllm-0.32.0", plan, 600 * block).made, 600);
}

TEST(HostTier, OfAModelThatCannotBeHitIsNotSpokenOf) { EXPECT_FALSE(tier_of("reference", plan_of_groups_and_ring(0), 1 << 20).made); }

}  // namespace
}  // namespace kv::testing
