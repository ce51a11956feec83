#include "scenarios/hub/model_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace kv {
namespace {

constexpr ModelClasses earlier = ModelClasses::vllm_0_18, later = ModelClasses::vllm_0_32;

ModelShape shape_of(std::string_view architecture, std::string_view type, std::string_view rest, ModelClasses classes = later) {
    const std::string text = fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "hidden_size": 256, "num_attention_heads": 4,
                         "num_hidden_layers": 2, "num_key_value_heads": 2{}}})",
                                         architecture, type, rest);
    const auto document = std::get<JsonDocument>(read_json({.file = "config.json", .text = text}));
    ImportedModel model = import_model(document.root(), classes);
    if (!std::holds_alternative<ModelShape>(model)) ADD_FAILURE() << architecture << " is not read";
    return std::holds_alternative<ModelShape>(model) ? std::get<ModelShape>(std::move(model)) : ModelShape{};
}

AttentionShape first(const ModelShape& shape) {
    return shape.layers.empty() ? AttentionShape{} : std::get<AttentionShape>(shape.layers[0].mixer);
}

struct Named {
    std::string_view architecture, type;
};

// So that a failure names the class.
void PrintTo(const Named& named, std::ostream* out) { *out << named.architecture; }

class HubFurtherNames : public testing::TestWithParam<Named> {};

TEST_P(HubFurtherNames, LayersHaveTheNamesAndHeadsOfTheirClass) {
    for (const ModelClasses classes : {earlier, later}) {
        const ModelShape shape = shape_of(GetParam().architecture, GetParam().type, R"(, "head_dim": 64)", classes);
        ASSERT_EQ(shape.layers.size(), 2U);
        EXPECT_EQ(shape.layers[1].name, "model.layers.1.self_attn.attn");
        EXPECT_EQ(first(shape).head_size, 64);
    }
}

INSTANTIATE_TEST_SUITE_P(
    OfBothReleases, HubFurtherNames,
    testing::Values(Named{"ApertusForCausalLM", "apertus"}, Named{"ArceeForCausalLM", "arcee"}, Named{"CohereForCausalLM", "cohere"},
                    Named{"Ernie4_5ForCausalLM", "ernie4_5"}, Named{"Ernie4_5_MoeForCausalLM", "ernie4_5_moe"},
                    Named{"Exaone4ForCausalLM", "exaone4"}, Named{"GemmaForCausalLM", "gemma"}, Named{"GlmForCausalLM", "glm"},
                    Named{"Glm4ForCausalLM", "glm4"}, Named{"Glm4MoeForCausalLM", "glm4_moe"}, Named{"GraniteForCausalLM", "granite"},
                    Named{"GraniteMoeForCausalLM", "granitemoe"}, Named{"GraniteMoeSharedForCausalLM", "granitemoeshared"},
                    Named{"HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense"}, Named{"NemotronForCausalLM", "nemotron"},
                    Named{"OlmoForCausalLM", "olmo"}, Named{"OlmoeForCausalLM", "olmoe"}, Named{"PhiForCausalLM", "phi"},
                    Named{"PhiMoEForCausalLM", "phimoe"}, Named{"Qwen2ForCausalLM", "qwen2"}, Named{"Qwen2MoeForCausalLM", "qwen2_moe"},
                    Named{"SeedOssForCausalLM", "seed_oss"}, Named{"SmolLM3ForCausalLM", "smollm3"},
                    Named{"Starcoder2ForCausalLM", "starcoder2"}),
    [](const auto& named) { return std::string(named.param.architecture); });

TEST(HubFurther, PhiHasKeysForEveryHeadInItsOwnClassAndForGroupsAsTransformersHasIt) {
    EXPECT_EQ(first(shape_of("PhiForCausalLM", "phi", "", earlier)).kv_heads, 4);
    EXPECT_EQ(first(shape_of("PhiForCausalLM", "phi", "", later)).kv_heads, 2);
}

TEST(HubFurther, AStatedHeadSizeIsReadOnlyByClassesThatHaveOne) {
    constexpr std::string_view wide = R"(, "head_dim": 128)";
    EXPECT_EQ(first(shape_of("Qwen2ForCausalLM", "qwen2", wide)).head_size, 64);
    EXPECT_EQ(first(shape_of("Starcoder2ForCausalLM", "starcoder2", wide, earlier)).head_size, 64);
    EXPECT_EQ(first(shape_of("Starcoder2ForCausalLM", "starcoder2", wide, later)).head_size, 128);
    EXPECT_EQ(first(shape_of("GraniteForCausalLM", "granite", wide)).head_size, 128);
}

TEST(HubFurther, AGraniteWindowIsOnlyTheLaterReleases) {
    constexpr std::string_view types = R"(, "layer_types": ["sliding_attention", "full_attention"], "sliding_window": 64)";
    EXPECT_EQ(first(shape_of("GraniteForCausalLM", "granite", types, later)).window, Tokens{64});
    EXPECT_FALSE(first(shape_of("GraniteForCausalLM", "granite", types, earlier)).window);
}

TEST(HubFurther, TextOfAVisionModelIsNested) {
    const auto document = std::get<JsonDocument>(read_json(
        {.file = "config.json", .text = R"({"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3", "text_config":
        {"model_type": "mistral", "hidden_size": 256, "num_attention_heads": 4, "num_hidden_layers": 1, "sliding_window": null}})"}));
    const ImportedModel model = import_model(document.root(), later);
    ASSERT_TRUE(std::holds_alternative<ModelShape>(model));
    EXPECT_EQ(std::get<ModelShape>(model).layers.at(0).name, "language_model.model.layers.0.self_attn.attn");
}

}  // namespace
}  // namespace kv
