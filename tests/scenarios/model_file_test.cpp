// What a scenario file says becomes layers, settings and memory.
#include "scenarios/model_file.h"

#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::testing {
namespace {

TEST(ModelFile, OfOneLayerHasTheDefaultsOfTheEngine) {
    const ModelFile model = model_of(std::string(small_model));
    EXPECT_EQ(model.name, "case");
    EXPECT_EQ(model.engine, "");
    EXPECT_EQ(model.memory, std::vector<Bytes>{Bytes{1 << 30}});
    ASSERT_EQ(model.layers.specs.size(), 1U);
    EXPECT_EQ(model.layers.specs[0], KvSpec(FullSpec{.cache = {.kv_heads = 8, .head_size = 64, .head_size_v = 64}}));
    EXPECT_EQ(model.layers.names, std::vector<std::string>{"L0.full"});
    EXPECT_EQ(model.settings.model_len_max, Settings{}.model_len_max);
}

TEST(ModelFile, NumbersLayersInTheOrderThatItSays) {
    const ModelFile model = model_of(R"(format = 1
[model]
order = "2 x (w, f), w"
[[model.layer]]
id = "f"
kind = "full"
kv_heads = 8
head_size = 64
[[model.layer]]
id = "w"
kind = "sliding_window"
window = "128 tokens"
kv_heads = 8
head_size = 64
[machine]
memory = "1 GiB"
)");
    EXPECT_EQ(model.layers.names, (std::vector<std::string>{"L0.w", "L1.f", "L2.w", "L3.f", "L4.w"}));
    EXPECT_EQ(kind_of(model.layers.specs[index(model.layers.workers[0][0].spec)]), "sliding_window");
    EXPECT_EQ(kind_of(model.layers.specs[index(model.layers.workers[0][1].spec)]), "full");
}

TEST(ModelFile, RepeatsLayersInFileOrderWithoutAnOrder) {
    const ModelFile model =
        model_of(with_layer("id = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\nlayers = 3\n[[model.layer]]\nid = \"b\"\nkind = "
                            "\"full\"\nkv_heads = 2\nhead_size = 8"));
    EXPECT_EQ(model.layers.names, (std::vector<std::string>{"L0.a", "L1.a", "L2.a", "L3.b"}));
}

TEST(ModelFile, GivesEqualSpecsOneId) {
    const ModelFile model =
        model_of(with_layer("id = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[[model.layer]]\nid = \"b\"\nkind = "
                            "\"full\"\nkv_heads = 1\nhead_size = 8"));
    EXPECT_EQ(model.layers.specs.size(), 1U);
    ASSERT_EQ(model.layers.workers[0].size(), 2U);
    EXPECT_EQ(model.layers.workers[0][0].spec, model.layers.workers[0][1].spec);
}

std::string pipeline(std::string_view parallel, std::string_view memory = "\"1 GiB\"") {
    return "format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nlayers = 62\nkv_heads = 1\nhead_size = 8\n[machine]\nmemory "
           "= " +
           std::string(memory) + "\n[parallel]\n" + std::string(parallel) + "\n";
}

std::vector<std::size_t> stage_sizes(const ModelFile& model) {
    std::vector<std::size_t> sizes;
    for (const auto& worker : model.layers.workers) sizes.push_back(worker.size());
    return sizes;
}

TEST(ModelFile, DividesLayersOverStagesAsVllmDoes) {
    EXPECT_EQ(stage_sizes(model_of(pipeline("pp = 4"))), (std::vector<std::size_t>{15, 16, 16, 15}));
    EXPECT_EQ(stage_sizes(model_of(pipeline("pp = 3"))), (std::vector<std::size_t>{21, 21, 20}));
    EXPECT_EQ(stage_sizes(model_of(pipeline("pp = 2"))), (std::vector<std::size_t>{31, 31}));
    EXPECT_EQ(stage_sizes(model_of(pipeline("pp = 2\nstages = [2, 60]"))), (std::vector<std::size_t>{2, 60}));
    EXPECT_EQ(model_of(pipeline("pp = 2\nstages = [2, 60]")).layers.workers[1][0].layer, LayerId{2});
}

TEST(ModelFile, GivesEachStageItsMemory) {
    EXPECT_EQ(model_of(pipeline("pp = 2")).memory, (std::vector<Bytes>{Bytes{1 << 30}, Bytes{1 << 30}}));
    EXPECT_EQ(model_of(pipeline("pp = 2", "[\"3.18 GiB\", \"12 GiB\"]")).memory,
              (std::vector<Bytes>{Bytes{3414499000}, Bytes{12LL << 30}}));
}

TEST(ModelFile, SetsWhatTheEngineReads) {
    const Settings settings = model_of(std::string(small_model) + R"(blocks = 5142
[parallel]
tp = 2
dcp = 4
pcp = 8
[scheduler]
model_len_max = "fit up to 131072 tokens"
batched_max = "4096 tokens"
sequences_max = 128
encoder_tokens_max = "1500 tokens"
hybrid_manager = false
async = false
v2_runner = true
draft = { method = "mtp", tokens = 3, modules = 2, keeps_last_block = true }
[cache]
block = "32 tokens"
prefix_caching = false
mamba_mode = "all"
layout = "BHLNC"
prefix_match_unit = "64 tokens"
)")
                                  .settings;
    EXPECT_EQ(settings.blocks_override, Blocks{5142});
    EXPECT_EQ(settings.parallel.tensor, 2);
    EXPECT_EQ(settings.parallel.context(), 32);
    EXPECT_EQ(settings.length, LengthChoice::fitted_to_memory);
    EXPECT_EQ(settings.model_len_max, Tokens{131072});
    EXPECT_EQ(settings.batched_max, Tokens{4096});
    EXPECT_EQ(settings.sequences_max, 128);
    EXPECT_EQ(settings.encoder_tokens_max, Tokens{1500});
    EXPECT_EQ(settings.hybrid_manager, HybridManager::disabled);
    EXPECT_FALSE(settings.async_scheduling);
    EXPECT_TRUE(settings.v2_runner);
    EXPECT_EQ(settings.drafting.method, "mtp");
    EXPECT_EQ(settings.drafting.tokens, 3);
    EXPECT_EQ(settings.drafting.modules, 2);
    EXPECT_TRUE(settings.drafting.keeps_last_block);
    EXPECT_EQ(settings.block, TokensPerBlock{32});
    EXPECT_FALSE(settings.prefix_caching);
    EXPECT_EQ(settings.mamba_mode, MambaMode::all);
    EXPECT_EQ(settings.layout, CacheLayout::BHLNC);
    EXPECT_EQ(settings.prefix_match_unit, Tokens{64});
}

TEST(ModelFile, SpellsItsEngineWithPatchesAndRules) {
    EXPECT_EQ(model_of(std::string(small_model) + "[engine]\nname = \"vllm-0.18.0+pr-37118\"").engine, "vllm-0.18.0+pr-37118");
    EXPECT_EQ(model_of(std::string(small_model) +
                       "[engine]\nname = \"vllm-0.18.0\"\npatches = [\"pr-37118\"]\nrules = { rank-scope = \"whole-model\" }")
                  .engine,
              "vllm-0.18.0+pr-37118,rank-scope=whole-model");
}

TEST(ModelFile, IsNamedAfterItsFileUnlessItSaysOtherwise) {
    EXPECT_EQ(std::get<ModelFile>(read_model_file("a/b/gpt.oss.toml", std::string(small_model))).name, "gpt.oss");
    EXPECT_EQ(std::get<ModelFile>(read_model_file("-", std::string(small_model))).name, "-");
    EXPECT_EQ(model_of("format = 1\nmodel = { name = \"inline\", layer = [{ id = \"a\", kind = \"full\", kv_heads = 1, head_size = 8 }] "
                       "}\nmachine = { memory = \"1 GiB\" }")
                  .name,
              "inline");
}

TEST(ModelFile, OfAByteOrderMarkAndCrlfIsTheSame) {
    std::string text(small_model);
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) text.insert(at, 1, '\r');
    EXPECT_EQ(model_of("\xEF\xBB\xBF" + text).layers.specs, model_of(std::string(small_model)).layers.specs);
}

TEST(ModelFile, ThatIsNotThereIsADiagnostic) {
    const auto read = load_model_file("no/such.toml");
    const auto* errors = std::get_if<Diagnostics>(&read);
    ASSERT_NE(errors, nullptr);
    EXPECT_EQ(to_text(*errors), "no/such.toml:1:1: error: cannot be read: No such file or directory\n");
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(load_model_file("/")));
}

TEST(ModelFile, RemembersWhereEachSpecStood) {
    const ModelFile model = model_of(std::string(small_model));
    ASSERT_EQ(model.spec_places.size(), 1U);
    EXPECT_EQ(model.spec_places[0].where, (SourceSpan{"case.toml", 3, 1, 15}));
    EXPECT_EQ(model.model_place.where.line, 2U);
}

}  // namespace
}  // namespace kv::testing
