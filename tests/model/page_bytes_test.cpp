#include "tests/model/build.h"

#include <string>
#include <vector>

namespace kv::testing {
namespace {

Bytes page(std::string_view engine, const KvSpec& spec) {
    const auto answer = page_bytes(engine_of(engine), spec);
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
        ADD_FAILURE() << refusal->message;
        return Bytes{0};
    }
    return std::get<Bytes>(answer);
}

const std::vector<std::string> both{"vllm-0.18.0", "vllm-0.32.0"};

TEST(PageBytes, OfFullAttentionAreKeysAndValuesOfEveryHead) {
    for (const std::string& engine : both) EXPECT_EQ(page(engine, full({16, 8, 64})), Bytes{16 * 8 * 2 * 64 * 2}) << engine;
}

TEST(PageBytes, OfNarrowerValuesAreSmallerWhereTheEngineLooksAtThem) {
    KvSpec spec = full({16, 4, 192});
    attention_of(spec)->head_size_v = 128;
    for (const std::string& engine : both) EXPECT_EQ(page(engine, spec), Bytes{16 * 4 * (192 + 128) * 2}) << engine;
    KvSpec windowed = window({16, 4, 192}, 1024);
    attention_of(windowed)->head_size_v = 128;
    EXPECT_EQ(page("vllm-0.18.0", windowed), Bytes{16 * 4 * 2 * 192 * 2});  // Only full attention had a value size.
    EXPECT_EQ(page("vllm-0.32.0", windowed), Bytes{16 * 4 * (192 + 128) * 2});
}

MlaSpec latent(DType dtype, std::int64_t head_size) {
    MlaSpec spec;
    spec.full.cache = {.block = TokensPerBlock{64}, .kv_heads = 1, .head_size = head_size, .head_size_v = 0, .dtype = dtype};
    return spec;
}

TEST(PageBytes, OfALatentCacheAreOneVectorAToken) {
    for (const std::string& engine : both) EXPECT_EQ(page(engine, latent(DType::bfloat16, 576)), Bytes{64 * 576 * 2}) << engine;
}

TEST(PageBytes, OfFp8DsMlaAre656AToken) {
    MlaSpec spec = latent(DType::uint8, 576);
    spec.cache_dtype = "fp8_ds_mla";
    spec.full.cache.state_bytes = Bytes{656};
    for (const std::string& engine : both) EXPECT_EQ(page(engine, spec), Bytes{64 * 656}) << engine;
}

TEST(PageBytes, OfPackedHeadsCountSlotsNotHeads) {
    KvSpec spec = full({16, 8, 128, DType::uint8});
    attention_of(spec)->head_slots = 16;
    attention_of(spec)->state_bytes = Bytes{128 / 2 + 128 / 16};
    EXPECT_EQ(page("vllm-0.32.0", spec), Bytes{16 * 16 * 72});
}

TEST(PageBytes, OfPerTokenHeadScalesBreakTheOneToTwoOfWindowAndFull) {
    // B29: 520 against 1,032 bytes a token and head, where the plain cache has 512 against 1,024.
    KvSpec narrow = full({16, 1, 256, DType::uint8}), wide = full({16, 1, 512, DType::uint8});
    attention_of(narrow)->state_bytes = Bytes{2 * 256 + 8};
    attention_of(wide)->state_bytes = Bytes{2 * 512 + 8};
    EXPECT_NE(page("vllm-0.32.0", wide).value % page("vllm-0.32.0", narrow).value, 0);
}

TEST(PageBytes, OfCompressedStatesShrinkWithTokensPerStateAndGrowWithStatesPerToken) {
    MlaSpec compressed = latent(DType::bfloat16, 512);
    compressed.full.cache.tokens_per_state = {4, 1};
    EXPECT_EQ(page("vllm-0.32.0", compressed), Bytes{16 * 512 * 2});
    KvSpec pooled = full({16, 20, 64});
    attention_of(pooled)->tokens_per_state = {1, 4};
    EXPECT_EQ(page("vllm-0.32.0", pooled), Bytes{64 * 20 * 128 * 2});
}

TEST(PageBytes, OfMambaAreItsStatesWhateverTheBlock) {
    MambaSpec spec;
    spec.states = {{{3, 8192}, DType::bfloat16}, {{32, 128, 128}, DType::float32}};
    for (const std::int64_t block : {1, 16, 262144}) {
        spec.block = TokensPerBlock{block};
        for (const std::string& engine : both) EXPECT_EQ(page(engine, spec), Bytes{3 * 8192 * 2 + 32 * 128 * 128 * 4}) << engine << block;
    }
}

TEST(PageBytes, ArePaddedUpToAndNotBelowWhatThePageHolds) {
    KvSpec spec = full({16, 8, 64});
    for (const std::string& name : both) {
        const Engine engine = engine_of(name);
        attention_of(spec)->page_padded = Bytes{32768};
        EXPECT_EQ(std::get<Bytes>(page_bytes(engine, spec)), Bytes{32768});
        attention_of(spec)->page_padded = Bytes{32769};
        EXPECT_EQ(std::get<Bytes>(page_bytes(engine, spec)), Bytes{32769});
        attention_of(spec)->page_padded = Bytes{32767};
        const auto refused = page_bytes(engine, spec);
        ASSERT_TRUE(std::holds_alternative<Refusal>(refused));
        EXPECT_EQ(std::get<Refusal>(refused).type, Raised::assertion_error);
    }
}

TEST(PageBytes, OfAnAlignedLatentCacheAreRoundedUpAgainWhenItsBlockChanges) {
    MlaSpec spec = latent(DType::uint8, 132);
    spec.alignment = Bytes{512};
    const KvSpec aligned = realigned(spec);
    EXPECT_EQ(page("vllm-0.32.0", aligned), Bytes{8704});  // 64 * 132 = 8448, and 17 * 512 = 8704.
    EXPECT_EQ(page("vllm-0.32.0", with_block(aligned, TokensPerBlock{32})), Bytes{4608});
}

TEST(PageBytes, ThatDoNotFit64BitsAreAnOverflowAndNoPage) {
    EXPECT_THROW(static_cast<void>(page_bytes(engine_of("vllm-0.32.0"), full({std::int64_t{1} << 40, std::int64_t{1} << 20, 128}))),
                 SizeOverflow);
}

}  // namespace
}  // namespace kv::testing
