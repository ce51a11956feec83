#include "model/serving/serving.h"
#include "tests/model/build.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::testing {
namespace {

ModelShape model_of(AttentionShape layer, ModelTraits traits = {}) {
    ModelShape model{.architecture = "A", .model_type = "a", .traits = traits};
    model.layers = {{.name = "L0", .decoder_layer = 0, .mixer = layer}};
    model.heads = layer.heads;
    model.kv_heads = layer.kv_heads;
    model.head_size = layer.head_size;
    model.dtype = DType::bfloat16;
    model.length_max = Tokens{4096};
    return model;
}

constexpr AttentionShape usual{.heads = 8, .kv_heads = 2, .head_size = 128};

ServedModel served(const std::string& engine, const ModelShape& model, const ServingArguments& arguments = {}) {
    auto answer = serve(engine_of(engine), model, arguments);
    if (const auto* refusal = std::get_if<Refusal>(&answer)) {
        ADD_FAILURE() << refusal->message;
        return {};
    }
    return std::get<ServedModel>(std::move(answer));
}

Refusal refused(const std::string& engine, const ModelShape& model, const ServingArguments& arguments = {}) {
    const auto answer = serve(engine_of(engine), model, arguments);
    if (const auto* refusal = std::get_if<Refusal>(&answer)) return *refusal;
    ADD_FAILURE() << "it is served";
    return {};
}

const AttentionCache& cache_of(const ServedModel& model) { return *attention_of(model.layers.specs.front()); }

TEST(ServingAttention, ARankGetsItsShareOfHeadsAndAtLeastOne) {
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 2}})).kv_heads, 1);
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 4}})).kv_heads, 1);
}

TEST(ServingAttention, HeadsThatDoNotDivideAreRefusedWithTheirFigures) {
    const Refusal refusal = refused("vllm-0.18.0", model_of({.heads = 6, .kv_heads = 2, .head_size = 64}), {.parallel = {.tensor = 4}});
    EXPECT_EQ(refusal.type, Raised::value_error);
    EXPECT_EQ(refusal.figures, (std::vector<std::int64_t>{6, 4}));
    const Refusal uneven = refused("vllm-0.18.0", model_of({.heads = 8, .kv_heads = 3, .head_size = 64}));
    EXPECT_EQ(uneven.type, Raised::assertion_error);
    EXPECT_EQ(uneven.figures, (std::vector<std::int64_t>{8, 3}));
}

TEST(ServingAttention, AShareThatRoundsDownToNothingDividesByZero) {
    AttentionShape layer{.heads = 8, .kv_heads = 2, .head_size = 64};
    layer.share = HeadShare::rounded_down;
    EXPECT_EQ(refused("vllm-0.32.0", model_of(layer), {.parallel = {.tensor = 4}}).type, Raised::zero_division_error);
    layer.share = HeadShare::one_at_least;
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model_of(layer), {.parallel = {.tensor = 4}})).kv_heads, 1);
}

TEST(ServingAttention, OnlyTheEarlierReleaseHasABackendForBlocksThatSixteenDoesNotDivide) {
    const ServingArguments arguments{.block = TokensPerBlock{24}};
    EXPECT_EQ(cache_of(served("vllm-0.18.0", model_of(usual), arguments)).block, TokensPerBlock{24});
    const Refusal refusal = refused("vllm-0.32.0", model_of(usual), arguments);
    EXPECT_EQ(refusal.type, Raised::value_error);
    EXPECT_EQ(refusal.figures, (std::vector<std::int64_t>{128, 24}));
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model_of(usual), {.block = TokensPerBlock{48}})).block, TokensPerBlock{48});
}

TEST(ServingAttention, SinksHaveNoBackendForSuchBlocksAtAll) {
    AttentionShape layer = usual;
    layer.sinks = true;
    EXPECT_EQ(refused("vllm-0.18.0", model_of(layer), {.block = TokensPerBlock{24}}).type, Raised::value_error);
}

TEST(ServingAttention, AnFp8CacheOfHeadsOf512HasBlocksOf64InTheLaterRelease) {
    const ModelShape model = model_of({.heads = 8, .kv_heads = 2, .head_size = 512});
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model, {.cache_dtype = "fp8"})).block, TokensPerBlock{64});
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model, {.cache_dtype = "fp8"})).stride_alignment.kernel_block, Tokens{64});
    EXPECT_EQ(cache_of(served("vllm-0.32.0", model)).block, TokensPerBlock{16});
    const ModelShape narrow = model_of({.heads = 8, .kv_heads = 2, .head_size = 256});
    EXPECT_EQ(cache_of(served("vllm-0.32.0", narrow, {.cache_dtype = "fp8"})).block, TokensPerBlock{16});
}

TEST(ServingAttention, ScalesOfATokenAndHeadStandBesideItsEntries) {
    const AttentionCache cache = cache_of(served("vllm-0.32.0", model_of(usual), {.cache_dtype = "int8_per_token_head"}));
    EXPECT_EQ(cache.state_bytes, Bytes{128 + 128 + 8});
    EXPECT_EQ(cache.dtype, DType::int8);
    EXPECT_EQ(refused("vllm-0.18.0", model_of(usual), {.cache_dtype = "int8_per_token_head"}).raised_in, "CacheConfig");
}

TEST(ServingAttention, AFloat32CheckpointIsServedInHalfPrecisionUnlessAskedOtherwise) {
    ModelShape model = model_of(usual);
    model.dtype = DType::float32;
    EXPECT_EQ(served("vllm-0.32.0", model).resolved.dtype, DType::bfloat16);
    EXPECT_EQ(served("vllm-0.32.0", model, {.dtype = DType::float32}).resolved.dtype, DType::float32);
    model.traits.runner = Runner::pooling;
    EXPECT_EQ(served("vllm-0.32.0", model).resolved.dtype, DType::float16);
}

TEST(ServingAttention, AModelThatFloat16OverflowsIsNotServedInIt) {
    ModelShape model = model_of(usual);
    model.model_type = "gemma2";
    model.dtype = DType::float16;
    EXPECT_EQ(served("vllm-0.18.0", model).resolved.dtype, DType::bfloat16);
    EXPECT_EQ(refused("vllm-0.18.0", model, {.dtype = DType::float16}).type, Raised::value_error);
}

TEST(ServingAttention, AStepIsNotSmallerThanItsRequestsNorThanAPromptThatIsNotCut) {
    const Refusal requests = refused("vllm-0.32.0", model_of(usual), {.batched_max = Tokens{255}, .sequences_max = 256});
    EXPECT_EQ(requests.figures, (std::vector<std::int64_t>{255, 256}));
    EXPECT_EQ(served("vllm-0.32.0", model_of(usual), {.batched_max = Tokens{256}}).settings.sequences_max, 256);
    const ModelShape decoder = model_of(usual, {.encoder_decoder = true});
    const ServingArguments whole{.model_len_max = Tokens{16384}};
    EXPECT_EQ(served("vllm-0.32.0", decoder, whole).settings.batched_max, Tokens{16384});
    EXPECT_EQ(refused("vllm-0.32.0", decoder, {.model_len_max = Tokens{16384}, .batched_max = Tokens{8192}}).figures,
              (std::vector<std::int64_t>{8192, 16384}));
}

TEST(ServingAttention, AStepIsNotLargerThanAllItsRequestsTogether) {
    const ServingArguments arguments{.model_len_max = Tokens{256}, .sequences_max = 16};
    EXPECT_EQ(served("vllm-0.18.0", model_of(usual), arguments).settings.batched_max, Tokens{4096});
}

TEST(ServingAttention, ContextParallelRanksShareWhatWouldBeCopies) {
    EXPECT_EQ(refused("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 2, .decode_context = 2}}).type, Raised::value_error);
    EXPECT_EQ(refused("vllm-0.18.0", model_of(usual), {.parallel = {.tensor = 2, .decode_context = 2}}).type, Raised::assertion_error);
    EXPECT_EQ(refused("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 8, .decode_context = 8}}).figures,
              (std::vector<std::int64_t>{8, 2, 4, 8}));
    EXPECT_EQ(served("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 8, .decode_context = 4}}).settings.parallel.decode_context, 4);
    EXPECT_EQ(refused("vllm-0.32.0", model_of(usual), {.parallel = {.tensor = 4, .decode_context = 3}}).raised_in, "ParallelConfig");
}

TEST(ServingAttention, AnEncoderHasLayersWithoutACacheAndNoPrefixes) {
    AttentionShape layer = usual;
    layer.use = AttentionUse::encoder_only;
    const ServedModel model = served("vllm-0.32.0", model_of(layer, {.runner = Runner::pooling, .encoder_only = true}));
    EXPECT_EQ(model.uncached, std::vector<std::string>{"L0"});
    EXPECT_FALSE(model.settings.prefix_caching);
    EXPECT_FALSE(model.settings.async_scheduling);
}

}  // namespace
}  // namespace kv::testing
