#include "scenarios/hub/model_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kv {
namespace {

constexpr ModelClasses earlier = ModelClasses::vllm_0_18, later = ModelClasses::vllm_0_32;

ImportedModel imported(const std::string& config, ModelClasses classes) {
    const auto document = std::get<JsonDocument>(read_json({.file = "config.json", .text = config}));
    return import_model(document.root(), classes);
}

ModelShape shape_of(const std::string& config, ModelClasses classes = later) {
    ImportedModel model = imported(config, classes);
    if (const auto* wrong = std::get_if<Diagnostics>(&model)) ADD_FAILURE() << to_text(wrong->front());
    if (const auto* refusal = std::get_if<Refusal>(&model)) ADD_FAILURE() << refusal->message;
    return std::holds_alternative<ModelShape>(model) ? std::get<ModelShape>(std::move(model)) : ModelShape{};
}

std::string told(const std::string& config, ModelClasses classes = later) {
    const ImportedModel model = imported(config, classes);
    if (const auto* wrong = std::get_if<Diagnostics>(&model)) return wrong->front().message;
    const auto* shape = std::get_if<ModelShape>(&model);
    if (shape != nullptr && !shape->refused_when_made) return "";
    return std::string(name_of(shape != nullptr ? shape->refused_when_made->type : std::get<Refusal>(model).type));
}

const AttentionShape& attention(const ModelShape& shape, std::size_t layer) {
    return std::get<AttentionShape>(shape.layers.at(layer).mixer);
}

// A letter a layer: full, window, chunk.
std::string kinds_of(const ModelShape& shape) {
    std::string kinds;
    for (std::size_t i = 0; i < shape.layers.size(); ++i) kinds += attention(shape, i).chunk ? 'c' : attention(shape, i).window ? 'w' : 'f';
    return kinds;
}

// Config of a class and a type with `rest` after them; small, and whole in both releases.
std::string config(std::string_view architecture, std::string_view type, std::string_view rest) {
    return fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "hidden_size": 256, "num_attention_heads": 4{}{}}})", architecture,
                       type, rest.empty() ? "" : ", ", rest);
}

TEST(HubAttention, ALlamaHasItsHeadsAndWhatItDoesNotSayItsTypeFillsIn) {
    const ModelShape shape = shape_of(config("LlamaForCausalLM", "llama", R"("num_key_value_heads": 2)"));
    EXPECT_EQ(shape.layers.size(), 32U);
    EXPECT_EQ(shape.layers.back().name, "model.layers.31.self_attn.attn");
    EXPECT_EQ(attention(shape, 0).kv_heads, 2);
    EXPECT_EQ(attention(shape, 0).head_size, 64);
    EXPECT_EQ(shape.length_max, Tokens{2048});
}

TEST(HubAttention, AHeadSizeThatIsMissingIsTheTypesOwnAndANullOneDividesTheWidth) {
    EXPECT_EQ(attention(shape_of(config("Qwen3ForCausalLM", "qwen3", "")), 0).head_size, 128);
    EXPECT_EQ(attention(shape_of(config("Qwen3ForCausalLM", "qwen3", R"("head_dim": null)"), earlier), 0).head_size, 64);
    EXPECT_EQ(told(config("Qwen3ForCausalLM", "qwen3", R"("head_dim": null)")),
              "head_dim: the config class of this model type takes no null here");
}

TEST(HubAttention, AMistralWindowReachesEveryLayer) {
    const std::string text = config("MistralForCausalLM", "mistral", R"("num_hidden_layers": 3, "num_key_value_heads": 2)");
    EXPECT_EQ(kinds_of(shape_of(text)), "www");
    EXPECT_EQ(attention(shape_of(text), 0).window, Tokens{4096});
    const std::string none = config("MistralForCausalLM", "mistral", R"("num_hidden_layers": 3, "sliding_window": null)");
    EXPECT_EQ(kinds_of(shape_of(none)), "fff");
}

TEST(HubAttention, AWindowOfNoneIsAWindowOnlyInTheEarlierRelease) {
    const std::string text = config("MixtralForCausalLM", "mixtral", R"("num_hidden_layers": 2, "sliding_window": 0)");
    EXPECT_EQ(kinds_of(shape_of(text, earlier)), "ww");
    EXPECT_EQ(kinds_of(shape_of(text, later)), "ff");
}

TEST(HubAttention, AQwenWindowIsUsedOnlyWhereTheConfigSaysSo) {
    const auto text = [](std::string_view used, int from) {
        return config("Qwen3ForCausalLM", "qwen3",
                      fmt::format(R"("num_hidden_layers": 4, "use_sliding_window": {}, "max_window_layers": {})", used, from));
    };
    EXPECT_EQ(kinds_of(shape_of(text("false", 0))), "ffff");
    EXPECT_EQ(kinds_of(shape_of(text("true", 0))), "wwww");
    // With all layers below the mark the list says full throughout: one type, which the earlier release gives the window.
    EXPECT_EQ(kinds_of(shape_of(text("true", 4), later)), "ffff");
    EXPECT_EQ(kinds_of(shape_of(text("true", 4), earlier)), "wwww");
    EXPECT_EQ(told(text("true", 3)), "AssertionError");
}

TEST(HubAttention, LayersFollowTheirListedTypesAndElseTheirTypesPattern) {
    const auto gemma3 = [](std::string_view rest) { return config("Gemma3ForCausalLM", "gemma3_text", rest); };
    EXPECT_EQ(kinds_of(shape_of(gemma3(R"("num_hidden_layers": 7)"))), "wwwwwfw");
    EXPECT_EQ(kinds_of(shape_of(gemma3(R"("num_hidden_layers": 4, "sliding_window_pattern": 2)"))), "wfwf");
    EXPECT_EQ(kinds_of(shape_of(gemma3(R"("num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"])"))), "fw");
    EXPECT_EQ(kinds_of(shape_of(config("Gemma2ForCausalLM", "gemma2", R"("num_hidden_layers": 3)"))), "wfw");
    EXPECT_EQ(kinds_of(shape_of(config("Olmo3ForCausalLM", "olmo3", R"("num_hidden_layers": 5)"))), "wwwfw");
}

TEST(HubAttention, AListThatDoesNotNameEveryLayerIsRefused) {
    const std::string text = config("Gemma2ForCausalLM", "gemma2", R"("num_hidden_layers": 3, "layer_types": ["full_attention"])");
    EXPECT_EQ(told(text, earlier), "ValueError");
    EXPECT_EQ(told(text, later), "ValueError");
}

TEST(HubAttention, LayersOfOneFullTypeGetTheModelsWindowInTheEarlierReleaseOnly) {
    const std::string text =
        config("Gemma2ForCausalLM", "gemma2", R"("num_hidden_layers": 2, "layer_types": ["full_attention", "full_attention"])");
    EXPECT_EQ(kinds_of(shape_of(text, earlier)), "ww");
    EXPECT_EQ(kinds_of(shape_of(text, later)), "ff");
}

TEST(HubAttention, ACommandRWindowCountsTheTokenItselfInTheLaterRelease) {
    const std::string text = config("Cohere2ForCausalLM", "cohere2", R"("num_hidden_layers": 4)");
    EXPECT_EQ(attention(shape_of(text, earlier), 0).window, Tokens{4096});
    EXPECT_EQ(attention(shape_of(text, later), 0).window, Tokens{4097});
    EXPECT_EQ(kinds_of(shape_of(text)), "wwwf");
}

TEST(HubAttention, AGptOssAlternatesWhateverItsListSays) {
    const std::string text =
        config("GptOssForCausalLM", "gpt_oss", R"("num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"])");
    const ModelShape shape = shape_of(text);
    EXPECT_EQ(kinds_of(shape), "wf");
    EXPECT_TRUE(attention(shape, 1).sinks);
    EXPECT_EQ(shape.layers[0].name, "model.layers.0.attn.attn");
}

TEST(HubAttention, TheLastLayersOfGemma3nReadTheLastOnesThatKeepACache) {
    const ModelShape shape = shape_of(
        config("Gemma3nForCausalLM", "gemma3n_text", R"("num_hidden_layers": 10, "num_kv_shared_layers": 5, "num_key_value_heads": 2)"));
    EXPECT_EQ(kinds_of(shape), "wwwwfwwwwf");
    EXPECT_FALSE(shape.layers[4].shares);
    EXPECT_EQ(shape.layers[5].shares, "model.layers.3.self_attn.attn");
    EXPECT_EQ(shape.layers[9].shares, "model.layers.4.self_attn.attn");
}

TEST(HubAttention, FullLayersOfGemma4HaveHeadsOfTheirOwnAndTheLastLayerIsFull) {
    const auto text = [](int shared) {
        return config("Gemma4ForCausalLM", "gemma4_text",
                      fmt::format(R"("num_hidden_layers": 7, "head_dim": 256, "global_head_dim": 512, "attention_k_eq_v": true,
                                     "num_key_value_heads": 4, "num_global_key_value_heads": 2, "num_kv_shared_layers": {})",
                                  shared));
    };
    const ModelShape shape = shape_of(text(1));
    EXPECT_EQ(kinds_of(shape), "wwwwwff");
    EXPECT_EQ(attention(shape, 0).head_size, 256);
    EXPECT_EQ(attention(shape, 6).head_size, 512);
    EXPECT_EQ(attention(shape, 6).kv_heads, 2);
    EXPECT_EQ(shape.head_size, 512);
    EXPECT_EQ(shape.layers[6].shares, "model.layers.5.self_attn.attn");
    EXPECT_EQ(told(text(2)), "ValueError");  // Of five layers before the shared ones none is full.
}

TEST(HubAttention, ChunksOfLlama4AreLayersWithARope) {
    const auto text = [](std::string_view rest) {
        return config("Llama4ForCausalLM", "llama4_text", fmt::format(R"("num_hidden_layers": 5{})", rest));
    };
    EXPECT_EQ(kinds_of(shape_of(text(""))), "cccfc");
    EXPECT_EQ(kinds_of(shape_of(text(R"(, "no_rope_layers": [0, 1, 0, 1, 1])"))), "fcfcc");
    EXPECT_EQ(kinds_of(shape_of(text(R"(, "attention_chunk_size": null)"))), "fffff");
    EXPECT_EQ(told(text(R"(, "no_rope_layers": [0, 1, 0, 1])")), "ValueError");
}

TEST(HubAttention, MimoLayersWithAWindowHaveHeadsOfTheirOwnAndItsDrafterIsOneOfThem) {
    const ModelShape shape = shape_of(config("MiMoV2FlashForCausalLM", "mimo_v2_flash",
                                             R"("num_hidden_layers": 3, "num_key_value_heads": 1, "hybrid_layer_pattern": [0, 1, 1],
                                                "swa_num_attention_heads": 4, "swa_num_key_value_heads": 2, "swa_head_dim": 192,
                                                "swa_v_head_dim": 128, "sliding_window_size": 128)"));
    EXPECT_EQ(kinds_of(shape), "fww");
    EXPECT_EQ(attention(shape, 0).kv_heads, 1);
    EXPECT_EQ(attention(shape, 1).kv_heads, 2);
    EXPECT_EQ(attention(shape, 0).head_size_v, 128);
    ASSERT_TRUE(shape.drafter);
    ASSERT_EQ(shape.drafter->layers.size(), 1U);
    EXPECT_EQ(shape.drafter->layers[0].name, "model.mtp.layers.0.self_attn.attn");
}

TEST(HubAttention, TextSettingsOfAVisionModelAreAtItsTopOrNested) {
    const std::string flat =
        config("Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl", R"("num_hidden_layers": 2, "num_key_value_heads": 2)");
    const std::string nested = R"({"architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", "text_config":
        {"hidden_size": 256, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2}})";
    for (const std::string& text : {flat, nested}) {
        const ModelShape shape = shape_of(text);
        ASSERT_EQ(shape.layers.size(), 2U);
        EXPECT_EQ(shape.layers[1].name, "language_model.model.layers.1.self_attn.attn");
        EXPECT_EQ(attention(shape, 0).head_size, 64);
    }
}

TEST(HubAttention, AWhisperLayerAttendsToItselfAndToTheEncoder) {
    const ModelShape shape = shape_of(R"({"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": 64,
        "decoder_layers": 2, "decoder_attention_heads": 2, "encoder_attention_heads": 2})");
    ASSERT_EQ(shape.layers.size(), 4U);
    EXPECT_EQ(attention(shape, 0).use, AttentionUse::decoder);
    EXPECT_EQ(attention(shape, 1).use, AttentionUse::cross);
    EXPECT_EQ(shape.layers[3].name, ".decoder.layers.1.layers.encoder_attn.attn");
    EXPECT_EQ(shape.length_max, Tokens{448});
}

TEST(HubAttention, AnEncoderKeepsNothing) {
    const ModelShape shape = shape_of(config("BertModel", "bert", R"("num_hidden_layers": 2)"));
    EXPECT_EQ(shape.traits.runner, Runner::pooling);
    EXPECT_EQ(attention(shape, 1).use, AttentionUse::encoder_only);
}

TEST(HubAttention, AHiddenSizeThatHeadsDoNotFillIsRefusedFromTransformers5On) {
    const std::string odd =
        R"({"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "hidden_size": 257, "num_attention_heads": 4, "num_hidden_layers": 2})";
    EXPECT_EQ(told(odd, earlier), "");
    EXPECT_EQ(told(odd, later), "ValueError");
}

TEST(HubAttention, ALengthIsStretchedByItsRopeAndYarnStartsFromTheOriginalInTheEarlierRelease) {
    const auto length = [](std::string_view rope, ModelClasses classes) {
        return shape_of(config("LlamaForCausalLM", "llama", fmt::format(R"("max_position_embeddings": 8192, "rope_scaling": {})", rope)),
                        classes)
            .length_max;
    };
    EXPECT_EQ(length("null", earlier), Tokens{8192});
    EXPECT_EQ(length(R"({"type": "linear", "factor": 2.5})", earlier), Tokens{20480});
    EXPECT_EQ(length(R"({"rope_type": "linear", "factor": 2.5})", later), Tokens{20480});
    EXPECT_EQ(length(R"({"rope_type": "llama3", "factor": 8, "original_max_position_embeddings": 4096})", later), Tokens{8192});
    constexpr std::string_view yarn = R"({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 4096})";
    EXPECT_EQ(length(yarn, earlier), Tokens{16384});
    EXPECT_EQ(length(yarn, later), Tokens{8192});
}

TEST(HubAttention, ANameOfNoReleaseIsNotGuessedAndOneOfTheOtherReleaseIsRefused) {
    EXPECT_TRUE(std::holds_alternative<UnknownArchitecture>(imported(config("LlamaForCausalLm", "llama", ""), later)));
    EXPECT_EQ(told(config("Gemma4ForCausalLM", "gemma4_text", ""), earlier), "ValueError");
}

}  // namespace
}  // namespace kv
