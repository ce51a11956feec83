// What a scenario file says is what the scenario holds.
#include "tests/scenarios/scenario_text.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace kv::testing {
namespace {

Scenario of_file(const std::string& name) { return scenario_of(load_scenario(KV_SOURCE_DIR "/tests/" + name)); }
Scenario every_key() { return of_file("fuzz/corpus/model_file_fuzz/every_key.toml"); }

TEST(ScenarioFile, HoldsItsHead) {
    const Scenario scenario = every_key();
    EXPECT_EQ(scenario.title, "every key");
    EXPECT_EQ(scenario.seed, 7);
    EXPECT_EQ(scenario.affects, (std::vector<std::string>{"vllm-0.18.0", "vllm-0.32.0"}));
    EXPECT_EQ(scenario.host.value, std::int64_t{500} << 30);
}

TEST(ScenarioFile, HoldsTheRoutersOfTheModelAndItsCapture) {
    const Scenario scenario = every_key();
    EXPECT_EQ(scenario.routed.experts, 128);
    EXPECT_EQ(scenario.routed.topk, 8);
    EXPECT_EQ(scenario.routed.dense_first, 3);
    EXPECT_EQ(scenario.routed.redundant_experts, 32);
    EXPECT_TRUE(scenario.capture.enabled);
    EXPECT_FALSE(scenario.capture.opt_in);
    EXPECT_EQ(scenario.capture.draft_layers, 1);
    EXPECT_EQ(scenario.capture.draft_first, 0);
    EXPECT_TRUE(scenario.capture.routes_inside);
    EXPECT_EQ(scenario.routed.shared_experts, 1);
    EXPECT_EQ(scenario.capture.router_columns, 1);
    EXPECT_EQ(scenario.capture.router_layer, -1);
    EXPECT_EQ(scenario.capture.reader_layers, 58);
}

TEST(ScenarioFile, HoldsRanksAndSteps) {
    const Scenario scenario = every_key();
    EXPECT_EQ(scenario.spread.data, 2);
    EXPECT_EQ(scenario.spread.expert, 4);
    EXPECT_EQ(scenario.spread.layout, RouterView::padded_gather);
    EXPECT_EQ(scenario.spread.micro_batches, 2);
    EXPECT_EQ(scenario.spread.expert_chunk, Tokens{256});
    EXPECT_EQ(scenario.model.settings.parallel.context_interleave, Tokens{4});
    EXPECT_EQ(scenario.model.settings.drafting.pool_blocks, Blocks{900});
    EXPECT_EQ(scenario.router_block, Tokens{32});
    EXPECT_EQ(scenario.stepping.chunk_max, Tokens{512});
    EXPECT_FALSE(scenario.stepping.whole_request_must_fit);
    EXPECT_EQ(scenario.stepping.steps_max, 200);
    EXPECT_EQ(scenario.stepping.graph_sizes, (std::vector<std::int64_t>{1, 2, 128}));
    EXPECT_TRUE(scenario.stepping.dp_padding);
}

TEST(ScenarioFile, HoldsARequestAndWhereItStands) {
    const Scenario scenario = every_key();
    ASSERT_EQ(scenario.requests.size(), 2U);
    const ListedRequest& first = scenario.requests[0];
    EXPECT_EQ(first.id, "first");
    EXPECT_EQ(first.count, 2);
    EXPECT_EQ(first.arrival, 1);
    EXPECT_EQ(first.every, 2);
    EXPECT_EQ(first.rank, 1);
    EXPECT_EQ(first.prompt, Tokens{40});
    EXPECT_EQ(first.decode, Tokens{8});
    EXPECT_EQ(first.encoder, Tokens{1500});
    EXPECT_EQ(first.prefix, "system");
    EXPECT_EQ(first.prefix_tokens, Tokens{32});
    EXPECT_EQ(first.external, Tokens{16});
    EXPECT_EQ(first.external_steps, 3);
    EXPECT_TRUE(first.external_fails);
    EXPECT_EQ(first.external_block, Tokens{32});
    EXPECT_EQ(first.external_end, Tokens{12});
    EXPECT_EQ(first.abort_at, 9);
    EXPECT_EQ(first.routed_experts, true);
    EXPECT_EQ(first.accepted, (std::vector<std::int64_t>{3, 0, 1}));
    EXPECT_EQ(first.drafted, (std::vector<std::int64_t>{2, 0, 3}));
    EXPECT_EQ(first.place.line_text, "[[request]]");
    EXPECT_LT(first.place.where.line, scenario.requests[1].place.where.line);
    EXPECT_EQ(scenario.requests[1].continues, 0U);
}

TEST(ScenarioFile, HoldsItsWorkloadAndResets) {
    const Scenario scenario = every_key();
    const WorkloadSource& source = scenario.workload.value();
    EXPECT_EQ(source.requests, 10);
    EXPECT_EQ(source.arrival_every, 2);
    EXPECT_EQ(source.prompt, (TokenSpan{Tokens{16}, Tokens{64}}));
    EXPECT_EQ(source.decode, (TokenSpan{Tokens{0}, Tokens{8}}));
    EXPECT_EQ(source.prefixes, 3);
    EXPECT_EQ(source.prefix_tokens, (TokenSpan{Tokens{16}, Tokens{32}}));
    EXPECT_EQ(source.share, (Share{1, 2}));
    EXPECT_EQ(source.aborts, (Share{1, 10}));
    EXPECT_EQ(source.abort_within, 4);
    EXPECT_EQ(source.acceptance, (Share{3, 4}));
    EXPECT_EQ(source.seed, 11);
    ASSERT_EQ(scenario.resets.size(), 1U);
    EXPECT_EQ(scenario.resets[0].step, 5);
    EXPECT_EQ(scenario.resets[0].rank, 0);
    EXPECT_TRUE(scenario.resets[0].preempt_running);
}

TEST(ScenarioFile, HoldsItsExpectations) {
    const std::vector<Expectation> expected = every_key().expectations;
    ASSERT_EQ(expected.size(), 8U);
    const Expectation& fresh = expected[0];
    EXPECT_EQ(fresh.property, PropertyId::row_fresh);
    EXPECT_EQ(fresh.verdict, ExpectedVerdict::broken);
    EXPECT_EQ(fresh.rank, 1);
    EXPECT_EQ(fresh.step, 2);
    EXPECT_EQ(fresh.group, 0);
    EXPECT_EQ(fresh.layer, 3);
    EXPECT_EQ(fresh.request, "first#2");
    EXPECT_EQ(fresh.count, 1);
    EXPECT_EQ(fresh.rows, 16);
    EXPECT_EQ(fresh.slot, 32);
    EXPECT_EQ(fresh.state, RowState::stale);
    EXPECT_EQ(fresh.producer, "w10");
    EXPECT_EQ(fresh.place.line_text, "[[expect]]");
    EXPECT_EQ(expected[1].reported, Tokens{290864});
    EXPECT_EQ(expected[1].truth, Tokens{1081344});
    EXPECT_EQ(expected[1].length, Tokens{32768});
    EXPECT_EQ(expected[1].direction, FigureDirection::under);
    EXPECT_EQ(expected[2].verdict, ExpectedVerdict::holds);
    EXPECT_EQ(expected[2].hit, Tokens{0});
    EXPECT_EQ(expected[3].needed, 14025);
    EXPECT_EQ(expected[3].free, 14021);
    EXPECT_EQ(expected[3].blocks, 2);
    EXPECT_EQ(expected[4].page, Bytes{12288});
    EXPECT_EQ(expected[5].value, 159);
    EXPECT_EQ(expected[5].limit, 128);
    EXPECT_EQ(expected[6].released, ReleaseTime::late);
}

TEST(ScenarioFile, HoldsGroupsThatAreOnlyGeometry) {
    const Scenario scenario = of_file("scenarios/files/mamba-first.toml");
    ASSERT_EQ(scenario.groups.size(), 2U);
    EXPECT_EQ(scenario.groups[0].id, "state");
    EXPECT_EQ(scenario.groups[0].layers, 24);
    EXPECT_EQ(kind_of(scenario.groups[0].spec), "mamba");
    EXPECT_EQ(block_of(scenario.groups[0].spec), TokensPerBlock{262144});
    EXPECT_EQ(kind_of(scenario.groups[1].spec), "full");
    EXPECT_EQ(block_of(scenario.groups[1].spec), TokensPerBlock{272});
    EXPECT_EQ(scenario.groups[1].columns, 964);
    EXPECT_EQ(scenario.model.settings.blocks_override, Blocks{13954});
    EXPECT_TRUE(scenario.model.memory.empty());
    EXPECT_TRUE(scenario.capture.enabled);
    EXPECT_EQ(scenario.expectations[0].request, "r#5");
}

TEST(ScenarioFile, HoldsWhatItNamesElsewhere) {
    const Scenario scenario = of_file("scenarios/files/recorded-hour.toml");
    EXPECT_EQ(scenario.config.value().path, "model/config.json");
    EXPECT_EQ(scenario.config->place.where.line, 6U);
    EXPECT_EQ(scenario.config->place.where.column, 10U);
    EXPECT_EQ(scenario.workload.value().file, "arrivals.csv");
    EXPECT_TRUE(scenario.expectations[0].none());
    EXPECT_EQ(beside("a/b/c.toml", "d.csv"), "a/b/d.csv");
    EXPECT_EQ(beside("c.toml", "d.csv"), "d.csv");
    EXPECT_EQ(beside("a/c.toml", "/d.csv"), "/d.csv");
}

TEST(ScenarioFile, WithoutCaptureCapturesNothing) {
    EXPECT_FALSE(scenario_with("").capture.enabled);
    EXPECT_TRUE(scenario_with("[capture]\n").capture.enabled);
    EXPECT_FALSE(scenario_with("[capture]\nenabled = false\n").capture.enabled);
}

TEST(ScenarioFile, OfAPlanIsAScenarioToo) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(KV_SOURCE_DIR "/scenarios/plans")) {
        const Scenario scenario = scenario_of(load_scenario(entry.path().string()));
        const auto model = load_model_file(entry.path().string());
        ASSERT_TRUE(std::holds_alternative<ModelFile>(model)) << entry.path();
        EXPECT_FALSE(scenario.model.layers.names.empty()) << entry.path();
        EXPECT_EQ(scenario.model.layers.names, std::get<ModelFile>(model).layers.names) << entry.path();
        EXPECT_EQ(scenario.model.memory, std::get<ModelFile>(model).memory) << entry.path();
        EXPECT_TRUE(scenario.requests.empty()) << entry.path();
        ++files;
    }
    EXPECT_GE(files, 12U);
}

TEST(ScenarioFile, IsPlannedWhateverElseItHasWhenItHasLayersAndMemory) {
    const auto planned = [](const std::string& file) { return load_model_file(KV_SOURCE_DIR "/tests/" + file); };
    EXPECT_TRUE(std::holds_alternative<ModelFile>(planned("fuzz/corpus/model_file_fuzz/every_key.toml")));
    const auto groups = planned("scenarios/files/mamba-first.toml");
    EXPECT_EQ(errors_in(std::get<Diagnostics>(groups)),
              "12:1+15 [[model.group]] says what planning would find out: expected [[model.layer]]");
    const auto config = planned("scenarios/files/recorded-hour.toml");
    EXPECT_EQ(errors_in(std::get<Diagnostics>(config)), "6:10+19 `config` names a config.json: give that file itself to be planned");
    const auto blocks = read_model_file(
        "case.toml",
        "format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[machine]\nblocks = 9\n");
    EXPECT_EQ(errors_in(std::get<Diagnostics>(blocks)), "8:1+9 [machine] has no `memory`: a plan starts from it");
}

}  // namespace
}  // namespace kv::testing
