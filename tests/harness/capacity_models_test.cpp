#include "harness/capacity_models.h"

#include "tests/support/models.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const ModelFile* file_of(const std::variant<ModelFile, Unavailable>& under) { return std::get_if<ModelFile>(&under); }
std::string why(const std::variant<ModelFile, Unavailable>& under) {
    const auto* unavailable = std::get_if<Unavailable>(&under);
    return unavailable != nullptr ? unavailable->why : "available";
}

TEST(CapacityModels, OfSeveralFilesAreJoinedByTheirNames) {
    EXPECT_THAT(loaded_models({recorded_models("0.18.0"), recorded_models("0.32.0"), refused_models("0.18.0")}), SizeIs(33));
    EXPECT_THAT(recorded_model("qwen3-8b").recorded, SizeIs(22));
}

TEST(CapacityModels, AreTheLinesThatTheFlagsAskFor) {
    const CapacityModel model = recorded_model("qwen3.5-27b");
    const auto plain = model_under(model, engine_called("vllm-0.18.0"), {});
    ASSERT_NE(file_of(plain), nullptr) << why(plain);
    EXPECT_EQ(file_of(plain)->settings.model_len_max, Tokens{131072}) << "the longest of those with the engine's defaults";
    const auto fp8 = model_under(model, engine_called("vllm-0.32.0+pr-37118"), {.tensor = 4, .kv_dtype = "fp8"});
    ASSERT_NE(file_of(fp8), nullptr) << why(fp8);
    EXPECT_EQ(file_of(fp8)->settings.parallel.tensor, 4);
    EXPECT_EQ(file_of(fp8)->engine, "vllm-0.32.0");
    const auto none = model_under(model, engine_called("vllm-0.18.0"), {.tensor = 4});
    EXPECT_THAT(why(none),
                HasSubstr("not recorded with --tp 4; recorded with: --block 64; --kv-dtype fp8; --kv-dtype fp8 --tp 4; --pp 2; --tp 2"));
}

TEST(CapacityModels, ThatAnEngineNeverRecordedSaySo) {
    const auto models = loaded_models({recorded_models("0.32.0")});
    EXPECT_EQ(why(model_under(models.front(), engine_called("vllm-0.18.0"), {})), "not recorded on vllm-0.18.0");
}

TEST(CapacityModels, OfReferenceAreThoseOfTheEngineThatItIsMadeFrom) {
    const CapacityModel model = recorded_model("glm-5");
    EXPECT_EQ(file_of(model_under(model, engine_called("reference"), {}))->engine, "vllm-0.32.0");
    const auto older = model_under(model, engine_called("vllm-0.18.0"), {});
    ASSERT_TRUE(std::holds_alternative<Unavailable>(older)) << "what 0.32.0 recorded is not what 0.18.0 would plan";
    EXPECT_EQ(std::get<Unavailable>(older).by, Unavailable::Why::refused_by_engine);
}

TEST(CapacityModels, TakeMemoryBlocksStepsAndLengthFromTheFlags) {
    const auto under = model_under(
        recorded_model("jamba-v0.1"), engine_called("vllm-0.18.0"),
        {.pipeline = 2, .memory = Bytes{1 << 30}, .blocks = Blocks{77}, .batched_max = Tokens{512}, .model_len_max = Tokens{4096}});
    ASSERT_NE(file_of(under), nullptr) << why(under);
    const ModelFile& model = *file_of(under);
    EXPECT_EQ(model.memory, std::vector(2, Bytes{1 << 30}));
    EXPECT_EQ(model.settings.blocks_override, Blocks{77});
    EXPECT_EQ(model.settings.batched_max, Tokens{512});
    EXPECT_EQ(model.settings.model_len_max, Tokens{4096});
    for (const KvSpec& spec : model.layers.specs) {
        const auto* mamba = std::get_if<MambaSpec>(&spec);
        if (mamba == nullptr || mamba->mode != MambaMode::none) continue;
        EXPECT_EQ(mamba->block, TokensPerBlock{4096}) << "one state a request: a block as long as the longest";
    }
}

TEST(CapacityModels, OfAScenarioFileTakeTheCacheDtypeAndNoOtherRanks) {
    const CapacityModel model = stated_model("gpt-oss-120b");
    const Engine engine = engine_called("vllm-0.18.0");
    const auto fp8 = model_under(model, engine, {.kv_dtype = "fp8"});
    ASSERT_NE(file_of(fp8), nullptr);
    for (const KvSpec& spec : file_of(fp8)->layers.specs) EXPECT_EQ(attention_of(spec)->dtype, DType::uint8);
    EXPECT_EQ(file_of(model_under(model, engine, {.kv_dtype = "auto"}))->layers.specs, model.stated->layers.specs);
    EXPECT_EQ(attention_of(file_of(model_under(model, engine, {.kv_dtype = "float32"}))->layers.specs[0])->dtype, DType::float32);
    const auto blocks = model_under(model, engine, {.block = TokensPerBlock{64}});
    for (const KvSpec& spec : file_of(blocks)->layers.specs) EXPECT_EQ(block_of(spec).value, 64);
    EXPECT_THAT(why(model_under(model, engine, {.tensor = 2})), HasSubstr("the file states tp = 1"));
    EXPECT_THAT(why(model_under(model, engine, {.pipeline = 2})), HasSubstr("the file states pp = 1"));
    EXPECT_THAT(why(model_under(model, engine, {.kv_dtype = "fp8_ds_mla"})), HasSubstr("does not fit"));
    EXPECT_NE(file_of(model_under(model, engine, {.tensor = 1})), nullptr);
}

std::string load_errors(const std::vector<std::string>& files, const std::vector<std::string>& names = {}) {
    const auto loaded = load_capacity_models(files, names);
    return std::holds_alternative<Diagnostics>(loaded) ? to_text(std::get<Diagnostics>(loaded)) : "loaded";
}

TEST(CapacityModels, ThatAreAConfigAreKnownByTheirFirstLineWhateverItsShape) {
    const TemporaryFile pretty("{\n  \"architectures\": [\"NoSuchForCausalLM\"]\n}\n");
    const TemporaryFile flat("{\"architectures\": [\"NoSuchForCausalLM\"], \"model_type\": \"llama\"}\n");
    for (const TemporaryFile* file : {&pretty, &flat})
        EXPECT_THAT(load_errors({file->path()}), HasSubstr("this architecture is not known"));
    const TemporaryFile bare("{\"model_type\": \"no_such\"}\n");
    EXPECT_THAT(load_errors({bare.path()}), HasSubstr("`architectures` names no class"));
}

TEST(CapacityModels, ThatAreAConfigAreServedAsTheFlagsSay) {
    const CapacityModel llama = configured_model("llama-3.1-8b");
    EXPECT_EQ(llama.name, "llama-3.1-8b") << "called after its folder";
    const Engine engine = engine_called("vllm-0.32.0");
    const auto heads = [&](const CapacityKnobs& knobs) {
        const auto under = model_under(llama, engine, knobs);
        const ModelFile* file = std::get_if<ModelFile>(&under);
        return file == nullptr ? 0 : attention_of(file->layers.specs.front())->kv_heads;
    };
    EXPECT_EQ(heads({}), 8);
    EXPECT_EQ(heads({.tensor = 4}), 2);
    EXPECT_EQ(heads({.tensor = 16}), 1) << "more ranks than heads: each keeps one";
    const auto staged = model_under(llama, engine, {.pipeline = 3, .memory = Bytes{1 << 30}});
    ASSERT_TRUE(std::holds_alternative<ModelFile>(staged));
    std::vector<std::size_t> layers;
    for (const auto& worker : std::get<ModelFile>(staged).layers.workers) layers.push_back(worker.size());
    EXPECT_THAT(layers, ElementsAre(11U, 11U, 10U)) << "what is left over is not the last stage's";
    EXPECT_EQ(std::get<ModelFile>(staged).memory, std::vector<Bytes>(3, Bytes{1 << 30}));
}

TEST(CapacityModels, ThatAreAConfigSayWhatWasAssumed) {
    const CapacityModel llama = configured_model("llama-3.1-8b");
    const Engine engine = engine_called("vllm-0.18.0");
    const auto assumed = [&](const CapacityKnobs& knobs) { return std::get<ModelFile>(model_under(llama, engine, knobs)).assumed; };
    EXPECT_THAT(assumed({}), HasSubstr("40 GiB"));
    EXPECT_EQ(assumed({.memory = Bytes{1 << 30}}), "");
    EXPECT_EQ(assumed({.blocks = Blocks{100}}), "");
}

TEST(CapacityModels, ThatTheEngineRefusesToServeSayItWithItsFigures) {
    const auto under = model_under(configured_model("llama-3.1-8b"), engine_called("vllm-0.18.0"), {.tensor = 3});
    const auto* unavailable = std::get_if<Unavailable>(&under);
    ASSERT_NE(unavailable, nullptr);
    EXPECT_EQ(unavailable->by, Unavailable::Why::refused_by_engine);
    ASSERT_TRUE(unavailable->refusal);
    EXPECT_THAT(unavailable->refusal->figures, ElementsAre(32, 3));
    EXPECT_THAT(unavailable->why, HasSubstr("ValueError"));
}

TEST(CapacityModels, ThatStateTheirLayersCannotBeServedOtherwise) {
    const auto under = model_under(stated_model("gpt-oss-120b"), engine_called("vllm-0.32.0"), {.dtype = DType::float16});
    const auto* unavailable = std::get_if<Unavailable>(&under);
    ASSERT_NE(unavailable, nullptr);
    EXPECT_THAT(unavailable->why, HasSubstr("--dtype asks for other layers than the file states"));
}

TEST(CapacityModels, ThatCannotBeReadAreToldForAllFiles) {
    const TemporaryFile broken("{\"model\":\"m\",\"engine\":\"vllm-0.18.0\",\"args\":\"any\",\"reason\":\"r\"}\n{\"model\":\n7\n");
    const TemporaryFile empty("");
    const std::string said = load_errors({broken.path(), empty.path(), "/nowhere.toml", "/tmp"});
    EXPECT_THAT(said, HasSubstr(broken.path() + ":2:"));
    EXPECT_THAT(said, HasSubstr(broken.path() + ":3:1: error: expected a recorded model"));
    EXPECT_THAT(said, HasSubstr(empty.path()));
    EXPECT_THAT(said, HasSubstr("/nowhere.toml:1:1: error: cannot be read"));
    EXPECT_THAT(said, HasSubstr("/tmp:1:1: error"));
    EXPECT_THAT(load_errors({recorded_models("0.18.0")}, {"qwen3-8B"}), HasSubstr("did you mean `qwen3-8b`?"));
}

}  // namespace
}  // namespace kv::testing
