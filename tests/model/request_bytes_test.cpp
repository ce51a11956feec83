// How many blocks one request can hold in a layer of each kind.
#include "tests/model/build.h"

#include <string>

namespace kv::testing {
namespace {

struct Held {
    std::int64_t len_max = 131072;
    std::int64_t batched_max = 8192;
    std::int64_t context_ranks = 1;
    MambaMode mode = MambaMode::none;
    bool async = false;
    std::int64_t encoder_tokens = 1500;
};

std::variant<Blocks, Refusal> answer(std::string_view engine, const KvSpec& spec, Held held) {
    Settings settings;
    settings.model_len_max = Tokens{held.len_max};
    settings.batched_max = Tokens{held.batched_max};
    settings.parallel.decode_context = held.context_ranks;
    settings.mamba_mode = held.mode;
    settings.async_scheduling = held.async;
    settings.encoder_tokens_max = Tokens{held.encoder_tokens};
    return blocks_held_max(engine_of(engine), spec, settings);
}

std::int64_t blocks(std::string_view engine, const KvSpec& spec, Held held = {}) {
    const auto given = answer(engine, spec, held);
    if (const auto* refusal = std::get_if<Refusal>(&given)) {
        ADD_FAILURE() << refusal->message;
        return -1;
    }
    return std::get<Blocks>(given).value;
}

TEST(BlocksHeld, ByFullAttentionCoverTheWholeRequest) {
    EXPECT_EQ(blocks("vllm-0.18.0", full({16}), {.len_max = 32}), 2);
    EXPECT_EQ(blocks("vllm-0.18.0", full({16}), {.len_max = 33}), 3);
    EXPECT_EQ(blocks("vllm-0.32.0", full({16}), {.len_max = 33, .context_ranks = 2}), 2);  // 17 tokens a rank.
}

TEST(BlocksHeld, ByAWindowCountTheBlockItStartsIn) {
    EXPECT_EQ(blocks("vllm-0.18.0", window({16}, 1024), {.batched_max = 8192}), 577);
    EXPECT_EQ(blocks("vllm-0.18.0", window({4}, 1), {.batched_max = 4}), 2);  // 0 before, 4 now: one block and the start's.
    EXPECT_EQ(blocks("vllm-0.18.0", window({4}, 2), {.batched_max = 4}), 3);
    EXPECT_EQ(blocks("vllm-0.18.0", window({4}, 4096), {.len_max = 8}), 3);  // Never more than the request, and the start's.
}

TEST(BlocksHeld, ByAWindowGrowWithBatchesInFlightSince032) {
    EXPECT_EQ(blocks("vllm-0.32.0", window({16}, 1024), {.batched_max = 8192}), 577);
    EXPECT_EQ(blocks("vllm-0.32.0", window({16}, 1024), {.batched_max = 8192, .async = true}), 577 + 512);
    EXPECT_EQ(blocks("vllm-0.18.0", window({16}, 1024), {.batched_max = 8192, .async = true}), 577);
}

TEST(BlocksHeld, ByAChunkAreThatChunkAndWhatIsScheduled) {
    EXPECT_EQ(blocks("vllm-0.18.0", chunked({16}, 2048), {.batched_max = 2048}), 256);
    EXPECT_EQ(blocks("vllm-0.18.0", chunked({16}, 2049), {.batched_max = 2048}), 257);
    EXPECT_EQ(blocks("vllm-0.18.0", chunked({16}, 8192), {.len_max = 100}), 7);
}

TEST(BlocksHeld, ByStatesDependOnTheCacheModeAndItsDrafts) {
    MambaSpec spec = std::get<MambaSpec>(mamba(16, 1024));
    spec.speculative_blocks = 3;
    EXPECT_EQ(blocks("vllm-0.18.0", spec, {.mode = MambaMode::none}), 4);
    EXPECT_EQ(blocks("vllm-0.18.0", spec, {.mode = MambaMode::align}), 5);
    EXPECT_EQ(blocks("vllm-0.18.0", spec, {.len_max = 160, .mode = MambaMode::all}), 10);
    EXPECT_EQ(blocks("vllm-0.32.0", spec, {.len_max = 160, .mode = MambaMode::all}), 4);  // Not a mode of its sizing any more.
    spec.prefill_checkpoint_blocks = 2;
    EXPECT_EQ(blocks("vllm-0.32.0", spec, {.mode = MambaMode::align}), 7);
}

TEST(BlocksHeld, ByEncoderKindsDoNotDependOnTheRequest) {
    EXPECT_EQ(blocks("vllm-0.18.0", EncoderOnlySpec{cache_of({16})}), 0);
    EXPECT_EQ(blocks("vllm-0.18.0", CrossSpec{cache_of({16})}, {.len_max = 448}), 94);
    EXPECT_EQ(blocks("vllm-0.32.0", CircularBufferSpec{cache_of({8})}, {.len_max = 1 << 20}), 1);
}

TEST(BlocksHeld, ByACustomKindFollowItsWindowOrTheRequest) {
    const CustomSpec whole{"ring", TokensPerBlock{16}, BytesPerBlock{4096}, std::nullopt};
    const CustomSpec bounded{"ring", TokensPerBlock{16}, BytesPerBlock{4096}, Tokens{1024}};
    EXPECT_EQ(blocks("vllm-0.32.0", whole, {.len_max = 33}), 3);
    EXPECT_EQ(blocks("vllm-0.32.0", bounded), 577);
}

TEST(BlocksHeld, OfAWindowUnderContextParallelismAreRefusedByBothEngines) {
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        EXPECT_TRUE(std::holds_alternative<Refusal>(answer(engine, window({16}, 1024), {.context_ranks = 2}))) << engine;
        EXPECT_TRUE(std::holds_alternative<Blocks>(answer(engine, window({16}, 1024), {.context_ranks = 1}))) << engine;
    }
    KvSpec replicated = window({16}, 1024);
    attention_of(replicated)->sharding = ContextSharding::replicated;
    EXPECT_EQ(blocks("vllm-0.32.0", replicated, {.context_ranks = 2}), 577);
}

}  // namespace
}  // namespace kv::testing
