#include "model/serving/serving.h"
#include "tests/model/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

constexpr LatentShape dense{.heads = 128, .latent = 512, .rotary = 64, .head = LatentShape::Head{.plain = 128, .value = 128}};
constexpr LatentShape sparse{.heads = 128, .latent = 512, .rotary = 64, .sparse = true, .has_indexer = true};

ModelShape model_with(std::vector<MixerShape> mixers) {
    ModelShape model{.architecture = "Test", .model_type = "test", .traits = {.latent = true}};
    for (const MixerShape& mixer : mixers) {
        const auto layer = static_cast<std::int64_t>(model.layers.size());
        model.layers.push_back({.name = "layers." + std::to_string(layer), .decoder_layer = layer, .mixer = mixer});
    }
    model.decoder_layers = std::ssize(model.layers);
    model.heads = 128;
    model.dtype = DType::bfloat16;
    return model;
}

std::variant<ServedModel, Refusal> served(std::string_view engine, const ModelShape& model, const ServingArguments& arguments) {
    return serve(engine_of(engine), model, arguments);
}

MlaSpec only_spec(std::string_view engine, const LatentShape& shape, const ServingArguments& arguments = {}) {
    const auto out = served(engine, model_with({shape}), arguments);
    if (const auto* refusal = std::get_if<Refusal>(&out)) ADD_FAILURE() << refusal->message;
    return std::get<MlaSpec>(std::get<ServedModel>(out).layers.specs.front());
}

Raised refused(std::string_view engine, const ModelShape& model, const ServingArguments& arguments) {
    const auto out = served(engine, model, arguments);
    if (std::holds_alternative<ServedModel>(out)) ADD_FAILURE() << "it is served";
    return std::get<Refusal>(out).type;
}

ServingArguments cached_as(std::string dtype) { return {.cache_dtype = std::move(dtype)}; }

TEST(ServingLatent, AnFp8CacheTakesBlocksOf64WhichStartAtMultiplesOfThem) {
    const MlaSpec plain = only_spec("vllm-0.32.0", dense);
    EXPECT_EQ(plain.full.cache.block, TokensPerBlock{16});
    EXPECT_EQ(plain.full.cache.stride_alignment, StrideAlignment{});
    const MlaSpec fp8 = only_spec("vllm-0.32.0", dense, cached_as("fp8"));
    EXPECT_EQ(fp8.full.cache.block, TokensPerBlock{64});
    EXPECT_EQ(fp8.full.cache.stride_alignment.kernel_block, Tokens{64});
    EXPECT_EQ(fp8.full.cache.quant, QuantMode::fp8_per_tensor);
}

TEST(ServingLatent, ABlockThatTheFp8BackendDoesNotTakeGoesToTheNext) {
    ServingArguments arguments = cached_as("fp8");
    arguments.block = TokensPerBlock{48};
    EXPECT_EQ(only_spec("vllm-0.32.0", dense, arguments).full.cache.stride_alignment, StrideAlignment{});
    arguments.block = TokensPerBlock{8};
    EXPECT_EQ(refused("vllm-0.32.0", model_with({dense}), arguments), Raised::value_error);
}

TEST(ServingLatent, TheEarlierReleaseHasAsManyValuesAsKeysAndSaysNothingElse) {
    const MlaSpec spec = only_spec("vllm-0.18.0", dense, cached_as("fp8"));
    EXPECT_EQ(spec.full.cache.head_size_v, 576);
    EXPECT_EQ(spec.full.cache.quant, QuantMode::none);
    EXPECT_EQ(spec.full.cache.tp_shards_max, std::nullopt);
    EXPECT_EQ(only_spec("vllm-0.32.0", dense).full.cache.head_size_v, 0);
}

TEST(ServingLatent, ASparseCacheInFp8IsPacked) {
    const MlaSpec packed = only_spec("vllm-0.32.0", sparse, cached_as("fp8"));
    EXPECT_EQ(packed.cache_dtype, "fp8_ds_mla");
    EXPECT_EQ(packed.full.cache.state_bytes, Bytes{656});
    EXPECT_EQ(packed.full.cache.stride_alignment.kernel_block, Tokens{64});
    const MlaSpec rows = only_spec("vllm-0.32.0", sparse);
    EXPECT_EQ(rows.full.cache.stride_alignment.bytes, Bytes{2 * 576});
    EXPECT_TRUE(rows.index_group_leader);
}

TEST(ServingLatent, ASparseCacheTakesNoOtherKindOfFp8) {
    for (const std::string_view engine : {"vllm-0.18.0", "vllm-0.32.0"})
        EXPECT_EQ(refused(engine, model_with({sparse}), cached_as("fp8_e4m3")), Raised::value_error) << engine;
}

TEST(ServingLatent, OnlyAPackedSparseCacheIsSharded) {
    ServingArguments arguments{.parallel = {.tensor = 8, .decode_context = 8}};
    EXPECT_EQ(refused("vllm-0.32.0", model_with({sparse}), arguments), Raised::not_implemented_error);
    EXPECT_EQ(only_spec("vllm-0.18.0", sparse, arguments).full.cache.head_size, 576);  // Nobody asks.
    arguments.cache_dtype = "fp8";
    EXPECT_EQ(only_spec("vllm-0.32.0", sparse, arguments).cache_dtype, "fp8_ds_mla");
}

TEST(ServingLatent, PromptsOfDenseModelsNeedAKernelForTheirHeads) {
    LatentShape shape = dense;
    shape.head->value = 96;
    EXPECT_EQ(refused("vllm-0.32.0", model_with({shape}), {}), Raised::value_error);
    EXPECT_EQ(only_spec("vllm-0.18.0", shape).full.cache.head_size, 576);
    shape = sparse;
    shape.head = LatentShape::Head{.plain = 128, .value = 96};
    EXPECT_EQ(only_spec("vllm-0.32.0", shape).full.cache.head_size, 576);
}

TEST(ServingLatent, AHeadOf512IsTakenFrom032OnAndAnyOtherSizeByTheLastBackend) {
    LatentShape shape = dense;
    shape.latent = 448;
    EXPECT_EQ(only_spec("vllm-0.32.0", shape, cached_as("fp8")).full.cache.block, TokensPerBlock{64});
    EXPECT_EQ(only_spec("vllm-0.18.0", shape, cached_as("fp8")).full.cache.block, TokensPerBlock{16});
    shape.latent = 100;
    EXPECT_EQ(only_spec("vllm-0.32.0", shape, cached_as("fp8")).full.cache.block, TokensPerBlock{16});
}

TEST(ServingLatent, Float32HasNoBackendAndFloat16NoSparseOneIn018) {
    ServingArguments arguments{.dtype = DType::float32};
    EXPECT_EQ(refused("vllm-0.32.0", model_with({dense}), arguments), Raised::value_error);
    arguments.dtype = DType::float16;
    EXPECT_EQ(refused("vllm-0.18.0", model_with({sparse}), arguments), Raised::value_error);
    EXPECT_EQ(only_spec("vllm-0.32.0", sparse, arguments).full.cache.dtype, DType::float16);
}

ModelShape compressed_model() {
    return model_with({CompressedShape{CompressedIndexerShape{.head_size = 132, .ratio = 4}},
                       CompressedShape{LatentWindowShape{.head_size = 512, .window = Tokens{128}}},
                       CompressedShape{CompressedLatentShape{.heads = 64, .head_size = 512, .ratio = 4}},
                       CompressedShape{CompressorShape{.head_size = 2048, .ratio = 4}},
                       CompressedShape{CompressedLatentShape{.heads = 64, .head_size = 512, .ratio = 1}}});
}

TEST(ServingLatent, CompressedCachesAreFp8AndLieWithinBlocksOf256) {
    const auto out = std::get<ServedModel>(served("vllm-0.32.0", compressed_model(), {}));
    EXPECT_EQ(out.resolved.cache_dtype, "fp8_ds_mla");
    EXPECT_EQ(out.settings.block, TokensPerBlock{256});
    EXPECT_EQ(out.settings.layout, CacheLayout::BLHNC);
    EXPECT_THAT(out.uncached, ElementsAre("layers.4"));
    ASSERT_EQ(out.layers.specs.size(), 4u);
    EXPECT_EQ(padded_page_of(out.layers.specs[2]), Bytes{65 * 576});  // 64 vectors of 584 bytes, up to a multiple of 576.
    EXPECT_EQ(sliding_of(out.layers.specs[3])->window, Tokens{8});    // Two runs of four tokens overlap.
    EXPECT_EQ(refused("vllm-0.32.0", compressed_model(), cached_as("bfloat16")), Raised::value_error);
}

TEST(ServingLatent, StagesThatLayTheirBlocksOutDifferentlyAreRefused) {
    const ServingArguments arguments{.parallel = {.pipeline = 5}};
    EXPECT_EQ(refused("vllm-0.32.0", compressed_model(), arguments), Raised::assertion_error);
}

ModelShape drafting_model(std::optional<std::int64_t> layers) {
    ModelShape model = model_with({dense});
    model.drafter = DrafterShape{.predicts = layers};
    for (std::int64_t i = 0; i < layers.value_or(0); ++i)
        model.drafter->layers.push_back({.name = "drafts." + std::to_string(i), .decoder_layer = 1 + i, .mixer = dense});
    return model;
}

ServingArguments drafting(std::string method, std::int64_t tokens) { return {.drafting = {.method = std::move(method), .tokens = tokens}}; }

TEST(Drafting, ADrafterRunsAWholeNumberOfTimes) {
    const auto out = std::get<ServedModel>(served("vllm-0.32.0", drafting_model(2), drafting("mtp", 4)));
    EXPECT_THAT(out.layers.names, ElementsAre("layers.0", "drafts.0", "drafts.1"));
    EXPECT_EQ(refused("vllm-0.32.0", drafting_model(2), drafting("mtp", 3)), Raised::value_error);
    EXPECT_TRUE(std::holds_alternative<ServedModel>(served("vllm-0.32.0", drafting_model(2), drafting("mtp", 1))));
}

TEST(Drafting, ADrafterThatIsNotThereIsRefusedByKindOfAbsence) {
    EXPECT_EQ(refused("vllm-0.32.0", model_with({dense}), drafting("mtp", 1)), Raised::not_implemented_error);
    EXPECT_EQ(refused("vllm-0.32.0", drafting_model(0), drafting("mtp", 1)), Raised::zero_division_error);
    ModelShape model = drafting_model(std::nullopt);
    model.drafter->raises = Raised::attribute_error;
    EXPECT_EQ(refused("vllm-0.18.0", model, drafting("mtp", 1)), Raised::attribute_error);
}

TEST(Drafting, TheEarlierReleaseCutsTheDrafterAsItCutsTheModel) {
    ServingArguments arguments = drafting("mtp", 1);
    arguments.parallel.pipeline = 2;
    EXPECT_EQ(refused("vllm-0.18.0", drafting_model(1), arguments), Raised::not_implemented_error);
    const auto out = std::get<ServedModel>(served("vllm-0.32.0", drafting_model(1), arguments));
    EXPECT_EQ(out.layers.workers[1].back().layer, static_cast<LayerId>(out.layers.names.size() - 1));  // On the last stage.
}

TEST(Drafting, OlderNamesMeanTheShippedDrafterAndLookupsNeedNone) {
    EXPECT_EQ(std::get<ServedModel>(served("vllm-0.32.0", drafting_model(1), drafting("deepseek_mtp", 1))).settings.drafting.method, "mtp");
    EXPECT_TRUE(std::holds_alternative<ServedModel>(served("vllm-0.18.0", model_with({dense}), drafting("ngram", 3))));
    for (const char* method : {"eagle", "eagle3", "medusa", "draft_model", "no_such_method"})
        EXPECT_EQ(refused("vllm-0.32.0", drafting_model(1), drafting(method, 1)), Raised::value_error) << method;
    EXPECT_EQ(refused("vllm-0.32.0", drafting_model(1), drafting("suffix", 1)), Raised::import_error);
    EXPECT_EQ(refused("vllm-0.32.0", drafting_model(1), drafting("mtp", 0)), Raised::value_error);
}

}  // namespace
}  // namespace kv::testing
