// What each kind of layer becomes.
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

AttentionCache heads(std::int64_t kv_heads, std::int64_t head_size, std::int64_t head_size_v) {
    return {.kv_heads = kv_heads, .head_size = head_size, .head_size_v = head_size_v};
}

TEST(Layer, OfSlidingWindowKeepsItsWindow) {
    EXPECT_EQ(spec_of("id = \"w\"\nkind = \"sliding_window\"\nwindow = \"128 tokens\"\nextra_retained = \"3 tokens\"\nkv_heads = "
                      "8\nhead_size = 64\nblock = \"32 tokens\""),
              KvSpec(SlidingWindowSpec{.cache = {.block = TokensPerBlock{32}, .kv_heads = 8, .head_size = 64, .head_size_v = 64},
                                       .window = Tokens{128},
                                       .extra_retained = Tokens{3}}));
}

TEST(Layer, OfLatentAttentionHasNoValueHead) {
    EXPECT_EQ(spec_of("id = \"l\"\nkind = \"mla\"\nhead_size = 576"), KvSpec(MlaSpec{.full = {.cache = heads(1, 576, 0)}}));
    EXPECT_EQ(spec_of("id = \"l\"\nkind = \"mla\"\nhead_size = 576\nhead_size_v = 576"),
              KvSpec(MlaSpec{.full = {.cache = heads(1, 576, 576)}}));
    EXPECT_EQ(spec_of("id = \"r\"\nkind = \"circular_buffer\"\nhead_size = 128"), KvSpec(CircularBufferSpec{.cache = heads(1, 128, 0)}));
    EXPECT_EQ(spec_of("id = \"h\"\nkind = \"hidden_state\"\nkv_heads = 4\nhead_size = 2048"),
              KvSpec(HiddenStateSpec{.mla = {.full = {.cache = heads(4, 2048, 0)}}}));
}

TEST(Layer, PadsItsPageToItsAlignment) {
    // 64 tokens of 584 bytes are 37,376; the next multiple of 576 is 37,440, as recorded for deepseek-v4-flash.
    const KvSpec spec = spec_of(
        "id = \"l\"\nkind = \"sliding_window_mla\"\nblock = \"64 tokens\"\nhead_size = 512\nwindow = \"128 tokens\"\ncache = "
        "\"fp8_ds_mla\"\nalignment = \"576 bytes\"");
    EXPECT_EQ(padded_page_of(spec), Bytes{37440});
}

TEST(Layer, OfMambaWithoutPrefixStatesHasOneBlockForTheWholeRequest) {
    const KvSpec spec = spec_of("id = \"s\"\nkind = \"mamba\"\nstates = [{ shape = [3, 8448], dtype = \"bfloat16\" }, { shape = [2] }]");
    const auto& mamba = std::get<MambaSpec>(spec);
    EXPECT_EQ(mamba.block, TokensPerBlock{8192});
    EXPECT_EQ(mamba.states, (std::vector<MambaState>{{{3, 8448}, DType::bfloat16}, {{2}, DType::float32}}));
    EXPECT_EQ(mamba.mode, MambaMode::none);
}

TEST(Layer, OfMambaTakesModeAndDraftsFromTheSettings) {
    const ModelFile model =
        model_of(with_layer("id = \"s\"\nkind = \"mamba\"\nstates = [{ shape = [2] }]") +
                 "[scheduler]\ndraft = { method = \"mtp\", tokens = 3 }\n[cache]\nmamba_mode = \"align\"\nblock = \"528 tokens\"\n");
    const auto& mamba = std::get<MambaSpec>(model.layers.specs[0]);
    EXPECT_EQ(mamba.mode, MambaMode::align);
    EXPECT_EQ(mamba.block, TokensPerBlock{528});
    EXPECT_EQ(mamba.speculative_blocks, 3);
}

TEST(Layer, OfFractionalStatesSaysHowManyTokensShareOne) {
    const KvSpec four = spec_of("id = \"l\"\nkind = \"mla\"\nhead_size = 576\ntokens_per_state = 4");
    EXPECT_EQ(attention_of(four)->tokens_per_state, (Fraction{4, 1}));
    const KvSpec quarter = spec_of("id = \"l\"\nkind = \"mla\"\nhead_size = 576\ntokens_per_state = \"1/4\"");
    EXPECT_EQ(attention_of(quarter)->tokens_per_state, (Fraction{1, 4}));
}

TEST(Layer, AlignsItsBlocksInBytesOrKernelBlocks) {
    const KvSpec bytes = spec_of("id = \"l\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\nstride_alignment = \"576 bytes\"");
    EXPECT_EQ(stride_alignment_of(bytes), (StrideAlignment{.bytes = Bytes{576}}));
    const KvSpec tokens = spec_of("id = \"l\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\nstride_alignment = \"64 tokens\"");
    EXPECT_EQ(stride_alignment_of(tokens), (StrideAlignment{.kernel_block = Tokens{64}}));
}

TEST(Layer, OfACustomKindIsOnlyNumbers) {
    EXPECT_EQ(spec_of("id = \"ring\"\nkind = \"custom\"\npage = \"12 KiB\"\nwindow = \"64 tokens\""),
              KvSpec(CustomSpec{.name = "ring", .block = TokensPerBlock{16}, .page = BytesPerBlock{12288}, .window = Tokens{64}}));
}

struct Packed {
    std::string_view form;
    std::int64_t head_size;
    DType dtype;
    QuantMode quant;
    std::optional<std::int64_t> state_bytes;  // As recorded from vllm 0.32.0.
};

TEST(Layer, OfAPackedCacheHasTheBytesThatTheEngineRecorded) {
    for (const Packed& packed : {Packed{"fp8", 128, DType::uint8, QuantMode::fp8_per_tensor, std::nullopt},
                                 Packed{"fp8_per_token_head", 128, DType::float8_e4m3fn, QuantMode::fp8_per_token_head, 264},
                                 Packed{"fp8_per_token_head", 64, DType::float8_e4m3fn, QuantMode::fp8_per_token_head, 136},
                                 Packed{"int8_per_token_head", 256, DType::int8, QuantMode::int8_per_token_head, 520},
                                 Packed{"int4_per_token_head", 64, DType::uint8, QuantMode::int4_per_token_head, 72},
                                 Packed{"nvfp4", 256, DType::uint8, QuantMode::nvfp4, 144},
                                 Packed{"turboquant_4bit_nc", 128, DType::uint8, QuantMode::turboquant_4bit_nc, 144},
                                 Packed{"turboquant_4bit_nc", 64, DType::uint8, QuantMode::turboquant_4bit_nc, 80}}) {
        const KvSpec spec = spec_of("id = \"l\"\nkind = \"full\"\nkv_heads = 4\nhead_size = " + std::to_string(packed.head_size) +
                                    "\ncache = \"" + std::string(packed.form) + "\"");
        const AttentionCache& cache = *attention_of(spec);
        EXPECT_EQ(cache.dtype, packed.dtype) << packed.form;
        EXPECT_EQ(cache.quant, packed.quant) << packed.form;
        EXPECT_EQ(cache.state_bytes ? std::optional(cache.state_bytes->value) : std::nullopt, packed.state_bytes) << packed.form;
        EXPECT_EQ(cache.head_slots, packed.form == "nvfp4" ? std::optional<std::int64_t>{8} : std::nullopt) << packed.form;
    }
}

TEST(Layer, OfAPackedLatentCacheHasTheBytesThatTheEngineRecorded) {
    const auto state_bytes = [](std::string_view lines) {
        return attention_of(spec_of("id = \"l\"\nkind = \"mla\"\n" + std::string(lines)))->state_bytes;
    };
    EXPECT_EQ(state_bytes("head_size = 576\ncache = \"fp8_ds_mla\""), Bytes{656});
    EXPECT_EQ(state_bytes("head_size = 512\ncache = \"fp8_ds_mla\""), Bytes{584});
    EXPECT_EQ(state_bytes("head_size = 576\ncache = \"int8_per_token_head\""), Bytes{584});
    const KvSpec named = spec_of("id = \"l\"\nkind = \"mla\"\nhead_size = 576\ncache = \"auto\"");
    EXPECT_EQ(mla_of(named)->cache_dtype, "auto");
}

}  // namespace
}  // namespace kv::testing
