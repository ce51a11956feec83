#include "scenarios/hub/model_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto old_classes = ModelClasses::vllm_0_18;
constexpr auto new_classes = ModelClasses::vllm_0_32;

ImportedModel imported(const Json& config, ModelClasses classes) {
    const JsonDocument document = std::get<JsonDocument>(read_json({.file = "config.json", .text = config.dump()}));
    return import_model(document.root(), classes);
}

ModelShape shape_of(const Json& config, ModelClasses classes) {
    ImportedModel model = imported(config, classes);
    if (const auto* wrong = std::get_if<Diagnostics>(&model)) ADD_FAILURE() << wrong->front().message;
    return std::get<ModelShape>(std::move(model));
}

std::vector<std::string> names_of(const std::vector<ShapedLayer>& layers) {
    std::vector<std::string> names;
    for (const ShapedLayer& layer : layers) names.push_back(layer.name);
    return names;
}

Json deepseek(std::string_view architecture, std::string_view type) {
    return {{"architectures", {architecture}},
            {"model_type", type},
            {"num_hidden_layers", 2},
            {"num_attention_heads", 16},
            {"hidden_size", 2048},
            {"kv_lora_rank", 512},
            {"qk_rope_head_dim", 64},
            {"qk_nope_head_dim", 128},
            {"v_head_dim", 128},
            {"num_nextn_predict_layers", 1},
            {"q_lora_rank", 1536},
            {"n_group", 8},
            {"topk_group", 4},
            {"max_position_embeddings", 4096}};
}

Json sparse_deepseek() {
    Json config = deepseek("DeepseekV32ForCausalLM", "deepseek_v32");
    config["index_topk"] = 2048;
    config["index_head_dim"] = 128;
    config["index_n_heads"] = 64;
    return config;
}

Json compressed_deepseek(const std::vector<int>& ratios) {
    return {{"architectures", {"DeepseekV4ForCausalLM"}},
            {"model_type", "deepseek_v4"},
            {"num_hidden_layers", 3},
            {"num_attention_heads", 64},
            {"num_key_value_heads", 1},
            {"head_dim", 512},
            {"index_head_dim", 128},
            {"sliding_window", 128},
            {"hidden_size", 4096},
            {"qk_rope_head_dim", 64},
            {"q_lora_rank", 1024},
            {"o_lora_rank", 1024},
            {"o_groups", 8},
            {"index_topk", 512},
            {"num_nextn_predict_layers", 1},
            {"compress_ratios", ratios}};
}

// By the config, or when the model is made.
Refusal refused(const ImportedModel& model) {
    const auto* shape = std::get_if<ModelShape>(&model);
    return shape != nullptr ? shape->refused_when_made.value_or(Refusal{}) : std::get<Refusal>(model);
}

TEST(HubLatent, ALayerOfDeepseekKeepsOneVectorForTheLatentAndTheRotatedPart) {
    const ModelShape model = shape_of(deepseek("DeepseekV3ForCausalLM", "deepseek_v3"), new_classes);
    EXPECT_THAT(names_of(model.layers), ElementsAre("model.layers.0.self_attn.attn", "model.layers.1.self_attn.attn"));
    const auto& latent = std::get<LatentShape>(model.layers[0].mixer);
    EXPECT_EQ(latent.latent, 512);
    EXPECT_EQ(latent.rotary, 64);
    EXPECT_FALSE(latent.sparse);
    EXPECT_EQ(model.head_size, 576);
    EXPECT_EQ(model.kv_heads, 1);
}

TEST(HubLatent, WhatDeepseekLeavesOutItsTypeFillsIn) {
    Json config = deepseek("DeepseekV2ForCausalLM", "deepseek_v2");
    for (const char* key : {"kv_lora_rank", "qk_rope_head_dim", "num_hidden_layers"}) config.erase(key);
    const ModelShape model = shape_of(config, old_classes);
    EXPECT_EQ(model.layers.size(), 32u);
    EXPECT_EQ(model.head_size, 576);
}

TEST(HubLatent, DeepseekWithoutPartsOfAHeadHasPlainAttention) {
    Json config = deepseek("DeepseekV2ForCausalLM", "deepseek_v2");
    config["qk_rope_head_dim"] = 0;
    EXPECT_TRUE(std::holds_alternative<LatentShape>(shape_of(config, new_classes).layers[0].mixer));
    config["qk_nope_head_dim"] = 0;
    const ModelShape model = shape_of(config, new_classes);
    EXPECT_EQ(std::get<AttentionShape>(model.layers[0].mixer).head_size, 2048 / 16);
}

TEST(HubLatent, TheFirstDeepseekIsReadOnlyByCodeOfItsOwn) {
    for (const ModelClasses classes : {old_classes, new_classes})
        EXPECT_EQ(std::get<Refusal>(imported(deepseek("DeepseekForCausalLM", "deepseek"), classes)).type, Raised::value_error);
    EXPECT_EQ(shape_of(deepseek("DeepseekForCausalLM", "deepseek_v2"), new_classes).layers.size(), 2u);
}

TEST(HubLatent, AnIndexerComesBeforeTheLayerThatItPicksFor) {
    const ModelShape model = shape_of(sparse_deepseek(), new_classes);
    EXPECT_THAT(names_of(model.layers), ElementsAre("model.layers.0.self_attn.indexer.k_cache", "model.layers.0.self_attn.attn",
                                                    "model.layers.1.self_attn.indexer.k_cache", "model.layers.1.self_attn.attn"));
    EXPECT_EQ(std::get<IndexerShape>(model.layers[0].mixer).head_size, 128 + 4);
    EXPECT_TRUE(std::get<LatentShape>(model.layers[1].mixer).has_indexer);
}

TEST(HubLatent, LayersWithoutAnIndexerUseThePicksOfOneBeforeThem) {
    Json config = sparse_deepseek();
    config["num_hidden_layers"] = 3;
    config["index_topk_pattern"] = "FSF";
    EXPECT_THAT(names_of(shape_of(config, new_classes).layers),
                ElementsAre("model.layers.0.self_attn.indexer.k_cache", "model.layers.0.self_attn.attn", "model.layers.1.self_attn.attn",
                            "model.layers.2.self_attn.indexer.k_cache", "model.layers.2.self_attn.attn"));
    EXPECT_EQ(shape_of(config, old_classes).layers.size(), 6u);  // 0.18.0 has one in every layer.
}

TEST(HubLatent, WithoutAPatternEveryNthLayerFromTheOffsetOnPicks) {
    Json config = sparse_deepseek();
    config["num_hidden_layers"] = 6;
    config["index_topk_freq"] = 2;
    const ModelShape model = shape_of(config, new_classes);
    std::vector<std::int64_t> picking;
    for (const ShapedLayer& layer : model.layers)
        if (std::holds_alternative<IndexerShape>(layer.mixer)) picking.push_back(layer.decoder_layer);
    EXPECT_THAT(picking, ElementsAre(0, 1, 3, 5));
}

TEST(HubLatent, ASparseModelWithoutItsIndexIsRefused) {
    Json config = sparse_deepseek();
    config.erase("index_topk");
    EXPECT_EQ(refused(imported(config, new_classes)).type, Raised::assertion_error);
    config["index_topk"] = nullptr;
    EXPECT_THAT(std::get<Diagnostics>(imported(config, new_classes)).front().message, HasSubstr("expected an integer"));
}

TEST(HubLatent, TheDrafterIsFoundByTheTypeOfTheModel) {
    const ModelShape model = shape_of(deepseek("DeepseekV3ForCausalLM", "deepseek_v3"), new_classes);
    ASSERT_TRUE(model.drafter);
    EXPECT_THAT(names_of(model.drafter->layers), ElementsAre("model.layers.2.self_attn.attn"));
    EXPECT_EQ(model.drafter->predicts, 1);
    EXPECT_FALSE(shape_of(deepseek("DeepseekV3ForCausalLM", "kimi_k2"), new_classes).drafter);
    EXPECT_FALSE(shape_of(deepseek("DeepseekV2ForCausalLM", "deepseek_v2"), new_classes).drafter);
}

TEST(HubLatent, ADrafterThatTheConfigDoesNotCountIsOneLayerIn032AndCannotBeMadeIn018) {
    Json config = deepseek("DeepseekV3ForCausalLM", "deepseek_v3");
    config.erase("num_nextn_predict_layers");
    EXPECT_EQ(shape_of(config, new_classes).drafter->layers.size(), 1u);
    EXPECT_EQ(shape_of(config, old_classes).drafter->raises, Raised::attribute_error);
}

TEST(HubLatent, TheDrafterOfASparseModelHasAnIndexerWhateverThePatternSays) {
    Json config = sparse_deepseek();
    config["index_topk_pattern"] = "SSS";
    EXPECT_THAT(names_of(shape_of(config, new_classes).drafter->layers),
                ElementsAre("model.layers.2.self_attn.indexer.k_cache", "model.layers.2.self_attn.attn"));
}

TEST(HubLatent, PositionsThatAreScaledAreScaledByTwoFigures) {
    Json config = deepseek("DeepseekV3ForCausalLM", "deepseek_v3");
    config["rope_scaling"] = {{"type", "linear"}, {"factor", 4}};
    EXPECT_EQ(shape_of(config, new_classes).refused_when_made->type, Raised::key_error);
    EXPECT_EQ(shape_of(config, old_classes).refused_when_made->type, Raised::key_error);
    config["rope_scaling"]["type"] = "yarn";  // One of which transformers 5 knows what it lacks.
    EXPECT_FALSE(shape_of(config, new_classes).refused_when_made);
    EXPECT_EQ(refused(imported(config, old_classes)).type, Raised::key_error);
    config["rope_scaling"] = {{"rope_type", "default"}};
    EXPECT_FALSE(shape_of(config, old_classes).refused_when_made);
}

TEST(HubLatent, ExpertsThatAreRoutedByGroupsNeedTheirNumber) {
    Json config = deepseek("DeepseekV2ForCausalLM", "deepseek_v2");
    config.erase("n_group");  // Which this type does not fill in.
    EXPECT_EQ(shape_of(config, old_classes).refused_after_backend->type, Raised::assertion_error);
    EXPECT_EQ(shape_of(config, new_classes).refused_after_backend->type, Raised::value_error);
    config["first_k_dense_replace"] = 1;
    EXPECT_TRUE(shape_of(config, new_classes).refused_after_backend);
    config["first_k_dense_replace"] = 2;  // No layer has experts.
    EXPECT_FALSE(shape_of(config, new_classes).refused_after_backend);
    Json later = deepseek("DeepseekV3ForCausalLM", "deepseek_v3");
    later["num_hidden_layers"] = 4;
    later.erase("n_group");
    EXPECT_FALSE(shape_of(later, new_classes).refused_after_backend);
    later["n_group"] = nullptr;
    EXPECT_TRUE(shape_of(later, new_classes).refused_after_backend);
}

TEST(HubLatent, LongcatHasTwoAttentionsALayerAndCountsOnFromThem) {
    const Json config{{"architectures", {"LongcatFlashForCausalLM"}}, {"model_type", "longcat_flash"}, {"num_layers", 2}};
    const ModelShape model = shape_of(config, new_classes);
    EXPECT_THAT(names_of(model.layers), ElementsAre("model.layers.0.self_attn.0.attn", "model.layers.0.self_attn.1.attn",
                                                    "model.layers.1.self_attn.0.attn", "model.layers.1.self_attn.1.attn"));
    EXPECT_THAT(names_of(model.drafter->layers), ElementsAre("model.layers.4.self_attn.attn"));
    const ModelShape earlier = shape_of(config, old_classes);  // It makes what its class says where the file names no number in all.
    EXPECT_EQ(earlier.layers.size(), 2u * 56u);
    EXPECT_THAT(names_of(earlier.drafter->layers), ElementsAre("model.layers.112.self_attn.attn"));
}

TEST(HubLatent, KimiVlKeepsLatentsBelowItsLanguageModelAndGlm4LiteAtTheTop) {
    const Json kimi{{"architectures", {"KimiVLForConditionalGeneration"}},
                    {"model_type", "kimi_vl"},
                    {"text_config", {{"model_type", "deepseek_v3"}, {"num_hidden_layers", 1}}}};
    EXPECT_THAT(names_of(shape_of(kimi, old_classes).layers), ElementsAre("language_model.model.layers.0.self_attn.attn"));
    const Json glm{{"architectures", {"Glm4MoeLiteForCausalLM"}}, {"model_type", "glm4_moe_lite"}, {"num_nextn_predict_layers", 1}};
    const ModelShape model = shape_of(glm, new_classes);
    EXPECT_EQ(model.layers.size(), 47u);
    EXPECT_EQ(std::get<LatentShape>(model.layers[0].mixer).head->value, 256);
    EXPECT_THAT(names_of(model.drafter->layers), ElementsAre("model.layers.47.self_attn.attn"));
}

TEST(HubLatent, MiniCpm3StoresWholeHeadsOfTwoParts) {
    const Json config{{"architectures", {"MiniCPM3ForCausalLM"}}, {"model_type", "minicpm3"}, {"num_hidden_layers", 1}};
    const ModelShape model = shape_of(config, new_classes);
    const auto& attention = std::get<AttentionShape>(model.layers[0].mixer);
    EXPECT_EQ(attention.head_size, 64 + 32);
    EXPECT_EQ(attention.kv_heads, 40);
}

TEST(HubLatent, KimiK25HasItsLayersBelowTheLanguageModel) {
    Json config{{"architectures", {"KimiK25ForConditionalGeneration"}}, {"model_type", "kimi_k25"}};
    config["text_config"] = {{"model_type", "kimi_k2"}, {"num_hidden_layers", 1}, {"num_attention_heads", 64}};
    const ModelShape model = shape_of(config, new_classes);
    EXPECT_THAT(names_of(model.layers), ElementsAre("language_model.model.layers.0.self_attn.attn"));
    EXPECT_FALSE(model.drafter);
}

TEST(HubLatent, ACompressedLayerHasAWindowAndWhatItIsCompressedWith) {
    const ModelShape model = shape_of(compressed_deepseek({0, 4, 128}), new_classes);
    EXPECT_THAT(names_of(model.layers),
                ElementsAre("model.layers.0.attn.swa_cache", "model.layers.0.attn", "model.layers.1.attn.indexer.k_cache",
                            "model.layers.1.attn.indexer.compressor.state_cache", "model.layers.1.attn.swa_cache", "model.layers.1.attn",
                            "model.layers.1.attn.compressor.state_cache", "model.layers.2.attn.swa_cache", "model.layers.2.attn",
                            "model.layers.2.attn.compressor.state_cache"));
    EXPECT_THAT(names_of(model.drafter->layers), ElementsAre("model.layers.3.attn.swa_cache", "model.layers.3.attn"));
}

TEST(HubLatent, CompressionIsBy4Or128) {
    EXPECT_EQ(refused(imported(compressed_deepseek({4, 128, 8}), new_classes)).type, Raised::assertion_error);
    EXPECT_EQ(refused(imported(compressed_deepseek({4, 128}), new_classes)).type, Raised::index_error);
    EXPECT_EQ(shape_of(compressed_deepseek({1, 0, -4, 7}), new_classes).layers.size(), 6u);  // A drafter's ratio is not read.
}

TEST(HubLatent, TheEarlierReleaseHasNeitherCompressedNorGlmModels) {
    EXPECT_EQ(std::get<Refusal>(imported(compressed_deepseek({4, 4, 4}), old_classes)).type, Raised::value_error);
    const Json glm{{"architectures", {"GlmMoeDsaForCausalLM"}}, {"model_type", "glm_moe_dsa"}};
    EXPECT_EQ(std::get<Refusal>(imported(glm, old_classes)).type, Raised::value_error);
    EXPECT_EQ(shape_of(glm, new_classes).layers.size(), 2u * 78u);
}

TEST(HubLatent, ANullIsRefusedOnlyByTheClassesThatCheckTheirFields) {
    Json config = deepseek("DeepseekV3ForCausalLM", "deepseek_v3");
    config["max_position_embeddings"] = nullptr;
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(imported(config, new_classes)));
    config["max_position_embeddings"] = 4096;
    config["num_nextn_predict_layers"] = nullptr;
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(imported(config, new_classes)));
    EXPECT_TRUE(std::holds_alternative<ModelShape>(imported(config, old_classes)));
}

}  // namespace
}  // namespace kv
