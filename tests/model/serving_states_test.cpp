#include "model/serving/serving.h"
#include "tests/model/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view earlier = "vllm-0.18.0", later = "vllm-0.32.0";
constexpr Mamba2Shape mamba{.inner = 1024, .groups = 1, .heads = 16, .head_size = 64, .state = 128, .kernel = 4};
constexpr AttentionShape attending{.heads = 8, .kv_heads = 2, .head_size = 64};

ModelShape model_with(const std::vector<MixerShape>& mixers, ModelTraits traits = {.hybrid = true, .states_at_every_block = true}) {
    ModelShape model{.architecture = "Test", .model_type = "test", .traits = traits, .layers = {}};
    for (const MixerShape& mixer : mixers) {
        const auto layer = static_cast<std::int64_t>(model.layers.size());
        model.layers.push_back({.name = "layers." + std::to_string(layer), .decoder_layer = layer, .mixer = mixer});
        if (const auto* state = std::get_if<StateShape>(&mixer)) model.state = *state;
    }
    model.decoder_layers = std::ssize(model.layers);
    model.heads = attending.heads;
    model.kv_heads = attending.kv_heads;
    model.head_size = attending.head_size;
    model.dtype = DType::bfloat16;
    model.length_max = Tokens{4096};
    return model;
}

ServedModel served(std::string_view engine, const ModelShape& model, const ServingArguments& arguments = {}) {
    auto out = serve(engine_of(engine), model, arguments);
    if (const auto* refusal = std::get_if<Refusal>(&out)) ADD_FAILURE() << refusal->message;
    return std::holds_alternative<ServedModel>(out) ? std::get<ServedModel>(std::move(out)) : ServedModel{};
}

Refusal refused(std::string_view engine, const ModelShape& model, const ServingArguments& arguments) {
    const auto out = serve(engine_of(engine), model, arguments);
    if (std::holds_alternative<ServedModel>(out)) ADD_FAILURE() << "it is served";
    return std::get<Refusal>(out);
}

const KvSpec& spec_of_layer(const ServedModel& model, std::size_t worker, std::size_t place) {
    return model.layers.specs.at(index(model.layers.workers.at(worker).at(place).spec));
}
MambaSpec state_spec(const ServedModel& model, std::size_t worker = 0, std::size_t place = 0) {
    return std::get<MambaSpec>(spec_of_layer(model, worker, place));
}

const ModelShape hybrid = model_with({StateShape{mamba}, attending});

TEST(ServingStates, StatesOfMambaHaveTheConvolutionsInputsAndAMatrixAHead) {
    const MambaSpec spec = state_spec(served(earlier, hybrid));
    ASSERT_EQ(spec.states.size(), 2U);
    EXPECT_THAT(spec.states[0].shape, ElementsAre(3, 1280));  // 1024 + 2 x 1 x 128.
    EXPECT_THAT(spec.states[1].shape, ElementsAre(16, 64, 128));
    EXPECT_EQ(spec.type, "mamba2");
    EXPECT_EQ(state_spec(served(later, hybrid)).type, "MAMBA2");
}

TEST(ServingStates, ASingleGroupIsOneForEachRankAndSeveralMustDivideEvenly) {
    const ServingArguments two{.parallel = {.tensor = 2}};
    EXPECT_THAT(state_spec(served(earlier, hybrid, two)).states[0].shape, ElementsAre(3, 768));  // (1024 + 2 x 2 x 128) / 2.
    Mamba2Shape three_groups = mamba;
    three_groups.groups = 3;
    EXPECT_EQ(refused(later, model_with({StateShape{three_groups}, attending}), two).type, Raised::assertion_error);
}

TEST(ServingStates, ADimensionThatDoesNotDivideIsRefusedWithItsFigures) {
    const ModelShape model = model_with({StateShape{Mamba1Shape{.inner = 1023, .state = 16, .kernel = 4}}, attending});
    EXPECT_EQ(refused(earlier, model, {.parallel = {.tensor = 2}}).figures, (std::vector<std::int64_t>{1023, 2}));
}

TEST(ServingStates, PagesOfAttentionGrowUntilTheyHoldAStateWhichIsPaddedToThem) {
    // A state: (3 x 1280 + 16 x 64 x 128) x 2 = 269,824 bytes; a token: 2 x 2 x 64 x 2 = 512: 527 tokens, so 528.
    for (const std::string_view engine : {earlier, later}) {
        const ServedModel model = served(engine, hybrid);
        EXPECT_EQ(model.resolved.state_page_padded, Bytes{528 * 512}) << engine;
        EXPECT_EQ(state_spec(model).page_padded, Bytes{528 * 512}) << engine;
    }
    EXPECT_EQ(served(earlier, hybrid).settings.block, TokensPerBlock{16});  // Set back, as nobody asked.
    EXPECT_EQ(served(later, hybrid).settings.block, TokensPerBlock{528});
}

TEST(ServingStates, ABlockThatIsAskedForIsTheUnitOfTheLaterReleaseAndTheLeastOfTheEarlier) {
    const ServingArguments asked{.block = TokensPerBlock{64}};
    EXPECT_EQ(served(earlier, hybrid, asked).settings.block, TokensPerBlock{528});
    EXPECT_EQ(served(later, hybrid, asked).settings.block, TokensPerBlock{576});
    EXPECT_EQ(served(later, hybrid, {.block = TokensPerBlock{1024}}).settings.block, TokensPerBlock{1024});
}

TEST(ServingStates, PrefixesAreSharedUnaskedInTheLaterReleaseOnlyAndInModeAlign) {
    const ServedModel older = served(earlier, hybrid), newer = served(later, hybrid);
    EXPECT_FALSE(older.settings.prefix_caching);
    EXPECT_EQ(older.settings.mamba_mode, MambaMode::none);
    EXPECT_EQ(older.resolved.state_block, TokensPerBlock{4096});  // The longest request.
    EXPECT_TRUE(newer.settings.prefix_caching);
    EXPECT_EQ(newer.settings.mamba_mode, MambaMode::align);
    EXPECT_EQ(newer.resolved.state_block, TokensPerBlock{528});
}

TEST(ServingStates, TheEarlierReleaseKeepsAStateAtEveryBlockWhereTheModelCanInWholeChunks) {
    ModelShape model = hybrid;
    model.state_chunk = 256;
    const ServedModel all = served(earlier, model, {.prefix_caching = true});
    EXPECT_EQ(all.settings.mamba_mode, MambaMode::all);
    EXPECT_EQ(all.resolved.state_block, TokensPerBlock{768});  // 527 tokens in chunks of 256.
    model.traits.states_at_every_block = false;
    EXPECT_EQ(served(earlier, model, {.prefix_caching = true, .mamba_mode = MambaMode::all}).settings.mamba_mode, MambaMode::align);
    EXPECT_EQ(refused(later, model, {.mamba_mode = MambaMode::all}).type, Raised::value_error);
}

TEST(ServingStates, ABlockOfStatesCanBeAskedForOnlyWherePrefixesAreShared) {
    const ServingArguments asked{.prefix_caching = false, .state_block = TokensPerBlock{64}};
    EXPECT_EQ(refused(later, hybrid, asked).type, Raised::value_error);
    ServingArguments shared = asked;
    shared.prefix_caching = true;
    EXPECT_EQ(served(later, hybrid, shared).resolved.state_block, TokensPerBlock{528});  // Mode align takes the aligned one all the same.
}

TEST(ServingStates, TypesOfStatesAreAskedForThenTheConfigsThenTheConvolutions) {
    EXPECT_EQ(state_spec(served(later, hybrid, {.conv_dtype = DType::float32})).states[1].dtype, DType::float32);
    ModelShape stated = hybrid;
    stated.state_dtype = DType::float16;
    EXPECT_EQ(state_spec(served(later, stated)).states[1].dtype, DType::float16);
    EXPECT_EQ(state_spec(served(later, stated, {.state_dtype = DType::float32})).states[1].dtype, DType::float32);
    EXPECT_EQ(refused(earlier, stated, {.state_dtype = DType::bfloat16}).type, Raised::value_error);
    EXPECT_EQ(state_spec(served(later, stated, {.state_dtype = DType::bfloat16})).states[1].dtype, DType::bfloat16);
}

TEST(ServingStates, DraftsLengthenTheConvolutionAndAddBlocks) {
    const ServingArguments drafting{.drafting = {.method = "ngram", .tokens = 3}};
    const MambaSpec spec = state_spec(served(later, hybrid, drafting));
    EXPECT_EQ(spec.states[0].shape[0], 6);
    EXPECT_EQ(spec.speculative_blocks, 3);
    EXPECT_EQ(state_spec(served(later, hybrid)).states[0].shape[0], 3);
}

TEST(ServingStates, AStageWithoutAttentionIsNotAlignedInTheLaterRelease) {
    const ModelShape model = model_with({StateShape{mamba}, StateShape{mamba}, StateShape{mamba}, attending});
    const ServedModel out = served(later, model, {.parallel = {.pipeline = 2}});
    EXPECT_EQ(state_spec(out, 0).page_padded, std::nullopt);
    EXPECT_EQ(state_spec(out, 0).block, TokensPerBlock{16});
    EXPECT_EQ(state_spec(out, 1).page_padded, Bytes{528 * 512});
    const ServedModel older = served(earlier, model, {.parallel = {.pipeline = 2}});
    EXPECT_EQ(state_spec(older, 0).page_padded, Bytes{528 * 512});
}

TEST(ServingStates, StatesAloneAreNeitherAlignedNorDividedByHeadsThatTheyDoNotHave) {
    ModelShape alone = model_with({StateShape{mamba}}, {.attention_free = true, .pipeline = false});
    alone.heads = alone.kv_heads = alone.head_size = 0;
    const ServedModel out = served(later, alone, {.parallel = {.tensor = 2}});
    EXPECT_EQ(out.settings.block, TokensPerBlock{16});
    EXPECT_EQ(out.resolved.state_page_padded, std::nullopt);
    EXPECT_FALSE(out.settings.prefix_caching);
    EXPECT_EQ(refused(later, alone, {.parallel = {.tensor = 2, .decode_context = 2}}).type, Raised::zero_division_error);
}

TEST(ServingStates, OnlySomeKernelsHandOutAStateInsideOfAPrefill) {
    const auto checkpoint = [](const StateShape& shape) {
        return state_spec(served(later, model_with({shape, attending}))).prefill_checkpoint_alignment;
    };
    EXPECT_EQ(checkpoint(mamba), Tokens{1});
    EXPECT_EQ(checkpoint(DeltaNetShape{.key_heads = 2, .value_heads = 4, .key_size = 64, .value_size = 64, .kernel = 4}), std::nullopt);
    KimiDeltaShape kimi{.heads = 8, .head_size = 128, .kernel = 4, .full_rank_gate = true, .bounded_gate = true};
    EXPECT_EQ(checkpoint(kimi), Tokens{16});
    kimi.bounded_gate = false;
    EXPECT_EQ(checkpoint(kimi), std::nullopt);
}

TEST(ServingStates, KimisStatesAreFourInTheEarlierReleaseAndTwoInTheLater) {
    const ModelShape model = model_with({StateShape{KimiDeltaShape{.heads = 8, .head_size = 64, .kernel = 4}}, attending});
    EXPECT_EQ(state_spec(served(earlier, model)).states.size(), 4U);
    const MambaSpec spec = state_spec(served(later, model));
    ASSERT_EQ(spec.states.size(), 2U);
    EXPECT_THAT(spec.states[0].shape, ElementsAre(3, 1536));
    EXPECT_EQ(spec.states[1].dtype, DType::float32);
}

TEST(ServingStates, LinearAttentionInFullPrecisionIsRefusedInTheEarlierRelease) {
    const ModelShape model = model_with({StateShape{LinearAttentionShape{.heads = 8, .head_size = 64}}, attending});
    EXPECT_EQ(refused(earlier, model, {.conv_dtype = DType::float32}).type, Raised::value_error);
    EXPECT_EQ(state_spec(served(later, model, {.conv_dtype = DType::float32})).states[0].dtype, DType::float32);
}

TEST(ServingStates, EveryStageHasALayerWithExpertsOrTheModelsClassRaises) {
    ModelShape model = model_with({StateShape{mamba}, attending, StateShape{mamba}, attending});
    model.expert_layers = {3};
    EXPECT_EQ(served(later, model).layers.workers.size(), 1U);
    EXPECT_EQ(refused(later, model, {.parallel = {.pipeline = 2}}).type, Raised::runtime_error);
    model.expert_layers = {0, 2};
    EXPECT_EQ(served(later, model, {.parallel = {.pipeline = 2}}).layers.workers.size(), 2U);
}

TEST(ServingStates, AHeadThatFollowsFromARanksHeadsGrowsWithTheRanks) {
    AttentionShape of_rank = attending;
    of_rank.rank_width = 512;
    const auto head_size = [&](std::int64_t ranks) {
        const ServedModel out = served(earlier, model_with({of_rank, StateShape{mamba}}), {.parallel = {.tensor = ranks}});
        return attention_of(spec_of_layer(out, 0, 0))->head_size;
    };
    EXPECT_EQ(head_size(1), 64);
    EXPECT_EQ(head_size(2), 128);
}

}  // namespace
}  // namespace kv::testing
