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

std::string config(std::string_view architecture, std::string_view type, std::string_view rest) {
    return fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", {}}})", architecture, type, rest);
}

std::string kinds_of(const ModelShape& shape) {
    std::string kinds;
    for (const ShapedLayer& layer : shape.layers)
        kinds += std::holds_alternative<StateShape>(layer.mixer) ? 's' : std::holds_alternative<LatentShape>(layer.mixer) ? 'l' : 'a';
    return kinds;
}

template <class Shape>
Shape states(const ModelShape& shape, std::size_t layer) {
    return std::get<Shape>(std::get<StateShape>(shape.layers.at(layer).mixer));
}

TEST(HubDelta, AQwen3NextAttendsAtEveryFourthLayerOrAtTheIntervalThatTheLaterReleaseReads) {
    const std::string by_four = config("Qwen3NextForCausalLM", "qwen3_next", R"("num_hidden_layers": 5)");
    EXPECT_EQ(kinds_of(shape_of(by_four)), "sssas");
    const std::string by_two = config("Qwen3NextForCausalLM", "qwen3_next", R"("num_hidden_layers": 5, "full_attention_interval": 2)");
    EXPECT_EQ(kinds_of(shape_of(by_two, later)), "sasas");
    EXPECT_EQ(kinds_of(shape_of(by_two, earlier)), "sssas");
    EXPECT_EQ(states<DeltaNetShape>(shape_of(by_four), 0).value_heads, 32);  // As its type says.
    EXPECT_EQ(shape_of(by_four).layers[3].name, "model.layers.3.self_attn.attn");
}

TEST(HubDelta, AQwen3NextOfAttentionOnlyIsNoHybridInTheLaterRelease) {
    const std::string full = config("Qwen3NextForCausalLM", "qwen3_next", R"("num_hidden_layers": 1, "layer_types": ["full_attention"])");
    EXPECT_FALSE(shape_of(full, later).traits.hybrid);
    EXPECT_TRUE(shape_of(full, earlier).traits.hybrid);
}

TEST(HubDelta, ANullHeadSizeDividesTheWidthByARanksHeadsInTheEarlierReleaseAndIsWrongInTheLater) {
    const std::string null = config("Qwen3NextForCausalLM", "qwen3_next", R"("num_hidden_layers": 4, "head_dim": null)");
    EXPECT_EQ(std::get<AttentionShape>(shape_of(null, earlier).layers[3].mixer).rank_width, 2048);
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(imported(null, later)));
}

TEST(HubDelta, AQwen35HasItsDecoderInATextConfigWhichNamesTheTypeOfItsStates) {
    const std::string nested = config("Qwen3_5ForConditionalGeneration", "qwen3_5",
                                      R"("text_config": {"num_hidden_layers": 4, "mamba_ssm_dtype": "float32", "dtype": "bfloat16"})");
    const ModelShape shape = shape_of(nested);
    EXPECT_EQ(kinds_of(shape), "sssa");
    EXPECT_EQ(shape.layers[0].name, "language_model.model.layers.0.linear_attn");
    EXPECT_EQ(shape.state_dtype, DType::float32);
    EXPECT_EQ(shape.dtype, DType::bfloat16);
    ASSERT_TRUE(shape.drafter);
    EXPECT_EQ(shape.drafter->layers.at(0).name, "mtp.layers.0.self_attn.attn");
}

TEST(HubDelta, SectionsOfARotaryHeadAreAllThatIsRotated) {
    const auto qwen = [](int head_size, std::string_view type = "default") {
        return config("Qwen3_5ForConditionalGeneration", "qwen3_5",
                      fmt::format(R"("text_config": {{"num_hidden_layers": 4, "head_dim": {},
            "rope_parameters": {{"rope_type": "{}", "rope_theta": 10000, "mrope_section": [11, 11, 10], "partial_rotary_factor": 0.25}}}})",
                                  head_size, type));
    };
    EXPECT_FALSE(shape_of(qwen(256)).refused_when_made);
    EXPECT_FALSE(shape_of(qwen(128, "dynamic")).refused_when_made);  // Has no sections.
    const ModelShape other = shape_of(qwen(128));
    ASSERT_TRUE(other.refused_when_made);
    EXPECT_EQ(other.refused_when_made->type, Raised::assertion_error);
}

TEST(HubDelta, TheTextModelOfQwen35IsTheLaterReleasesOnly) {
    const std::string text = config("Qwen3_5ForCausalLM", "qwen3_5_text", R"("num_hidden_layers": 4)");
    EXPECT_EQ(shape_of(text).layers[0].name, "model.layers.0.linear_attn");
    EXPECT_TRUE(std::holds_alternative<Refusal>(imported(text, earlier)));
}

TEST(HubDelta, AMiniMaxListsAttentionByNumberOrByWordAndHasOneStageOnly) {
    const std::string sizes = R"("num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 256, "head_dim": 64)";
    const ModelShape by_number =
        shape_of(config("MiniMaxText01ForCausalLM", "minimax", sizes + R"(, "attn_type_list": [0, 0, 1])"), earlier);
    EXPECT_EQ(kinds_of(by_number), "ssa");
    EXPECT_EQ(by_number.layers[0].name, "model.layers.0");
    EXPECT_FALSE(by_number.traits.pipeline);
    EXPECT_EQ(kinds_of(shape_of(config("MiniMaxForCausalLM", "minimax", sizes), earlier)), "asa");
    const ModelShape through = shape_of(config("MiniMaxForCausalLM", "minimax", sizes), later);
    ASSERT_TRUE(through.refused_when_made);
    EXPECT_EQ(through.refused_when_made->figures, std::vector<std::int64_t>{1});
}

TEST(HubDelta, AnLfm2NamesItsConvolutionsByRelease) {
    const std::string lfm = config("Lfm2ForCausalLM", "lfm2", R"("num_hidden_layers": 3, "conv_dim": 512, "full_attn_idxs": [1])");
    const ModelShape older = shape_of(lfm, earlier), newer = shape_of(lfm, later);
    EXPECT_EQ(kinds_of(older), "sas");
    EXPECT_EQ(older.layers[0].name, "model.layers.0.conv");
    EXPECT_EQ(newer.layers[0].name, "model.layers.0.short_conv");
    EXPECT_EQ(states<ShortConvShape>(newer, 0).width, 512);
    EXPECT_TRUE(states<ShortConvShape>(newer, 0).counts_drafts);
    EXPECT_FALSE(states<ShortConvShape>(older, 0).counts_drafts);
}

TEST(HubDelta, AnLfm2ThatSaysNothingIsAttentionOnly) {
    const std::string silent = config("Lfm2ForCausalLM", "lfm2", R"("num_hidden_layers": 2, "conv_dim": 512)");
    EXPECT_EQ(kinds_of(shape_of(silent, earlier)), "aa");
    EXPECT_TRUE(shape_of(silent, earlier).traits.hybrid);
    EXPECT_FALSE(shape_of(silent, later).traits.hybrid);
}

constexpr std::string_view kimi = R"("num_hidden_layers": 3, "kv_lora_rank": 64, "qk_rope_head_dim": 16, "qk_nope_head_dim": 32,
    "v_head_dim": 32, "mla_use_nope": true, "linear_attn_config": {"kda_layers": [1, 3], "full_attn_layers": [2], "num_heads": 4,
    "head_dim": 128, "short_conv_kernel_size": 4, "use_full_rank_gate": true, "gate_lower_bound": -5.0})";

TEST(HubDelta, KimiCountsItsDeltaLayersFromOneAndTheOthersAreLatent) {
    const ModelShape linear = shape_of(config("KimiLinearForCausalLM", "kimi_linear", kimi));
    EXPECT_EQ(kinds_of(linear), "sls");
    EXPECT_EQ(linear.head_size, 80);
    EXPECT_TRUE(linear.traits.latent && linear.traits.hybrid);
    EXPECT_TRUE(states<KimiDeltaShape>(linear, 0).bounded_gate);
    const std::string nested = fmt::format(R"("text_config": {{"model_type": "kimi_linear", {}}})", kimi);
    const ModelShape k3 = shape_of(config("KimiK3ForConditionalGeneration", "kimi_k3", nested));
    EXPECT_EQ(k3.layers[1].name, "language_model.model.layers.1.self_attn");
    EXPECT_EQ(shape_of(config("KimiLinearForCausalLM", "kimi_linear", kimi), earlier).layers[1].name, "model.layers.1.self_attn.attn");
}

TEST(HubDelta, KimisLatentAttentionWithRotaryPositionsIsRefusedWhenMade) {
    std::string rotary(kimi);
    rotary.replace(rotary.find("true"), 4, "null");
    const ModelShape shape = shape_of(config("KimiLinearForCausalLM", "kimi_linear", rotary));
    ASSERT_TRUE(shape.refused_when_made);
    EXPECT_EQ(shape.refused_when_made->type, Raised::assertion_error);
}

TEST(HubDelta, AnOlmoHybridFillsInItsDeltaNetFromItsHeadsAndHasBothKinds) {
    const std::string sizes = R"("hidden_size": 256, "num_attention_heads": 4, "num_hidden_layers": )";
    const ModelShape shape = shape_of(config("OlmoHybridForCausalLM", "olmo_hybrid", sizes + "2"));
    EXPECT_EQ(kinds_of(shape), "sa");  // The last attends where no fourth does.
    EXPECT_EQ(states<DeltaNetShape>(shape, 0).key_size, 48);
    EXPECT_EQ(states<DeltaNetShape>(shape, 0).value_size, 96);
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(imported(config("OlmoHybridForCausalLM", "olmo_hybrid", sizes + "1"), later)));
}

}  // namespace
}  // namespace kv
