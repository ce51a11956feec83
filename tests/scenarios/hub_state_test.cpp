#include "scenarios/hub/model_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kv {
namespace {

constexpr ModelClasses earlier = ModelClasses::vllm_0_18, later = ModelClasses::vllm_0_32;

ImportedModel imported(const std::string& config, ModelClasses classes) {
    const auto document = std::get<JsonDocument>(read_json({.file = "config.json", .text = config, .non_finite = true}));
    return import_model(document.root(), classes);
}

ModelShape shape_of(const std::string& config, ModelClasses classes = later) {
    ImportedModel model = imported(config, classes);
    if (const auto* wrong = std::get_if<Diagnostics>(&model)) ADD_FAILURE() << to_text(wrong->front());
    if (const auto* refusal = std::get_if<Refusal>(&model)) ADD_FAILURE() << refusal->message;
    return std::holds_alternative<ModelShape>(model) ? std::get<ModelShape>(std::move(model)) : ModelShape{};
}

// The place and words of the first thing that is wrong; empty where nothing is.
std::string wrong_in(const std::string& config, ModelClasses classes = later) {
    const ImportedModel model = imported(config, classes);
    const auto* wrong = std::get_if<Diagnostics>(&model);
    return wrong == nullptr ? "" : wrong->front().message;
}

std::string config(std::string_view architecture, std::string_view type, std::string_view rest) {
    return fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "hidden_size": 256, {}}})", architecture, type, rest);
}

// A letter a layer: attention, states, latent attention.
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

const AttentionShape& attention(const ModelShape& shape, std::size_t layer) {
    return std::get<AttentionShape>(shape.layers.at(layer).mixer);
}

constexpr std::string_view falcon = R"("num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "mamba_n_heads": 8,
    "mamba_d_ssm": 384, "mamba_d_head": 48)";

TEST(HubState, AFalconH1HasAttentionAndStatesInEveryLayerTheStatesNamedAfterAllLayers) {
    const ModelShape shape = shape_of(config("FalconH1ForCausalLM", "falcon_h1", falcon));
    ASSERT_EQ(kinds_of(shape), "asas");
    EXPECT_EQ(shape.layers[2].name, "model.layers.1.attn");
    EXPECT_EQ(shape.layers[3].name, "model.3.mixer");
    EXPECT_EQ(states<Mamba2Shape>(shape, 1).inner, 384);
    EXPECT_TRUE(shape.traits.hybrid);
    EXPECT_EQ(shape.state_chunk, 256);  // As its type says.
}

TEST(HubState, HeadsOfStatesFillTheirInnerSizeOrTheConfigIsWrong) {
    EXPECT_EQ(wrong_in(config("FalconH1ForCausalLM", "falcon_h1", falcon)), "");
    std::string one_more(falcon);
    one_more.replace(one_more.rfind("48"), 2, "49");
    EXPECT_NE(wrong_in(config("FalconH1ForCausalLM", "falcon_h1", one_more)).find("do not fill the inner size of 384"), std::string::npos);
    const std::string automatic = R"("num_hidden_layers": 1, "num_attention_heads": 4, "mamba_n_heads": 8, "mamba_d_head": "auto")";
    const ModelShape shape = shape_of(config("GraniteMoeHybridForCausalLM", "granitemoehybrid", automatic));
    EXPECT_EQ(states<Mamba2Shape>(shape, 0).head_size, 64);  // 2 x 256 / 8.
}

constexpr std::string_view granite = R"("num_hidden_layers": 2, "num_attention_heads": 4, "mamba_n_heads": 8, "layer_types": )";

TEST(HubState, AGraniteOfAttentionOnlyIsNoHybridWhateverItsClassSays) {
    const auto granite_of = [](std::string_view list, ModelClasses classes) {
        return shape_of(config("GraniteMoeHybridForCausalLM", "granitemoehybrid", std::string(granite) + std::string(list)), classes);
    };
    EXPECT_TRUE(granite_of(R"(["mamba", "attention"])", earlier).traits.hybrid);
    EXPECT_FALSE(granite_of(R"(["attention", "attention"])", earlier).traits.hybrid);
    EXPECT_FALSE(granite_of(R"(["full_attention", "attention"])", later).traits.hybrid);
    EXPECT_EQ(kinds_of(granite_of(R"(["linear_attention", "attention"])", later)), "sa");
    EXPECT_EQ(kinds_of(granite_of("null", later)), "ss");
}

TEST(HubState, ALayerTypeThatAReleaseDoesNotKnowIsTold) {
    const std::string newer_words = std::string(granite) + R"(["linear_attention", "full_attention"])";
    EXPECT_NE(wrong_in(config("GraniteMoeHybridForCausalLM", "granitemoehybrid", newer_words), earlier), "");
    EXPECT_EQ(wrong_in(config("GraniteMoeHybridForCausalLM", "granitemoehybrid", newer_words), later), "");
}

TEST(HubState, AJambaAttendsAtItsOffsetInEveryPeriod) {
    const std::string_view sizes =
        R"("num_hidden_layers": 7, "num_attention_heads": 4, "head_dim": 32, "attn_layer_period": 3, "attn_layer_offset": {})";
    const auto jamba = [&](int offset) { return config("JambaForCausalLM", "jamba", fmt::format(fmt::runtime(sizes), offset)); };
    const ModelShape shape = shape_of(jamba(2));
    EXPECT_EQ(kinds_of(shape), "ssassas");
    EXPECT_EQ(states<Mamba1Shape>(shape, 0).inner, 512);
    EXPECT_EQ(attention(shape, 2).head_size, 64);  // Its layers do not ask for `head_dim`,
    EXPECT_EQ(shape.head_size, 32);                // the model as a whole does.
    EXPECT_NE(wrong_in(jamba(3)).find("less than the period"), std::string::npos);
}

TEST(HubState, MambaAloneHasNoHeadsAndMamba2CannotBeCut) {
    const ModelShape one = shape_of(config("MambaForCausalLM", "mamba", R"("num_hidden_layers": 2, "expand": 3)"));
    EXPECT_EQ(one.heads, 0);
    EXPECT_EQ(states<Mamba1Shape>(one, 1).inner, 768);
    EXPECT_TRUE(one.traits.attention_free && one.traits.pipeline);
    const ModelShape two =
        shape_of(config("Mamba2ForCausalLM", "mamba2", R"("num_heads": 8, "head_dim": 64, "time_step_limit": [0.0, Infinity])"));
    EXPECT_EQ(two.layers.size(), 64U);
    EXPECT_EQ(two.layers[0].name, "backbone.layers.0.mixer");
    EXPECT_FALSE(two.traits.pipeline);
}

TEST(HubState, AStatedInnerSizeOfMambaIsTakenInsteadOfTheExpandedOne) {
    for (const ModelClasses classes : {earlier, later}) {
        const std::string stated = config("FalconMambaForCausalLM", "falcon_mamba", R"("num_hidden_layers": 1, "intermediate_size": 640)");
        EXPECT_EQ(states<Mamba1Shape>(shape_of(stated, classes), 0).inner, 640);
        const std::string silent = config("FalconMambaForCausalLM", "falcon_mamba", R"("num_hidden_layers": 1)");
        EXPECT_EQ(states<Mamba1Shape>(shape_of(silent, classes), 0).inner, 512);
    }
}

constexpr std::string_view nemotron = R"("num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "num_hidden_layers": 9,
    "mamba_num_heads": 8, "mamba_head_dim": 32, "n_groups": 2, "ssm_state_size": 16, "conv_kernel": 4, "hybrid_override_pattern": )";

TEST(HubState, ANemotronHIsItsPatternWhateverItsNumberOfLayers) {
    const ModelShape shape = shape_of(config("NemotronHForCausalLM", "nemotron_h", std::string(nemotron) + R"("M-M*E")"));
    EXPECT_EQ(kinds_of(shape), "ssa");
    EXPECT_EQ(shape.decoder_layers, 5);
    EXPECT_EQ(shape.layers[2].name, "model.layers.3.mixer.attn");
    EXPECT_EQ(shape.expert_layers, std::vector<std::int64_t>{4});
    EXPECT_NE(wrong_in(config("NemotronHForCausalLM", "nemotron_h", std::string(nemotron) + R"("M?")")), "");
}

TEST(HubState, ANemotronHsStatesAreOfHalfOrFullPrecisionByRelease) {
    const std::string silent = config("NemotronHForCausalLM", "nemotron_h", std::string(nemotron) + R"("M*")");
    EXPECT_EQ(shape_of(silent, earlier).state_dtype, DType::float16);
    EXPECT_EQ(shape_of(silent, later).state_dtype, DType::float32);
    const std::string stated = std::string(nemotron) + R"("M*", "mamba_ssm_cache_dtype": "bfloat16")";
    EXPECT_EQ(shape_of(config("NemotronHForCausalLM", "nemotron_h", stated), earlier).state_dtype, DType::bfloat16);
}

TEST(HubState, AZamba2MakesItsSharedAttentionFirstBlockByBlock) {
    const std::string zamba = R"("num_attention_heads": 4, "num_mem_blocks": 2, "n_mamba_heads": 8,
        "layers_block_type": ["hybrid", "mamba", "hybrid", "hybrid"])";
    const ModelShape shape = shape_of(config("Zamba2ForCausalLM", "zamba2", zamba));
    EXPECT_EQ(kinds_of(shape), "aaassss");
    EXPECT_EQ(shape.layers[0].name, "model.attn.0");  // Uses 0 and 2 of the first block, use 1 of the second.
    EXPECT_EQ(shape.layers[2].name, "model.attn.2");
    EXPECT_EQ(shape.layers[3].name, "3.mixer");
    EXPECT_EQ(attention(shape, 0).head_size, 128);  // Over twice the hidden size.
}

TEST(HubState, ABambaListsTheLayersThatAttendAndOneReleaseHasIt) {
    const std::string bamba =
        config("BambaForCausalLM", "bamba",
               R"("num_hidden_layers": 3, "num_attention_heads": 4, "mamba_n_heads": 8, "attn_layer_indices": [1, 9])");
    EXPECT_EQ(kinds_of(shape_of(bamba, earlier)), "sas");
    EXPECT_TRUE(std::holds_alternative<Refusal>(imported(bamba, later)));
}

}  // namespace
}  // namespace kv
