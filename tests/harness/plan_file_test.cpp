// The shipped plans give the figures that the real engines gave, and what follows from a plan is counted right.
#include "harness/plan_file.h"

#include "scenarios/text_file.h"
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace kv::testing {
namespace {

ModelFile shipped(std::string_view name) {
    auto read = load_model_file(KV_SOURCE_DIR "/scenarios/plans/" + std::string(name) + ".toml");
    if (const auto* errors = std::get_if<Diagnostics>(&read)) {
        ADD_FAILURE() << to_text(*errors);
        return {};
    }
    return std::get<ModelFile>(std::move(read));
}

PlannedFile planned(const ModelFile& model, std::string_view spelling = {}) {
    const auto engine = engine_spelled(spelling.empty() ? model.engine : spelling);
    auto made = plan_file(std::get<Engine>(engine), model);
    if (const auto* error = std::get_if<Diagnostic>(&made)) ADD_FAILURE() << to_text(*error);
    return std::get<PlannedFile>(std::move(made));
}

struct Recorded {  // What the engine said of this model when it was run; concurrency as it computed it.
    std::string_view plan, engine;
    std::int64_t blocks, tokens;
    double concurrency;
};

TEST(ShippedPlan, GivesTheFiguresOfTheRealEngine) {
    for (const Recorded& r : {Recorded{"gpt-oss-120b", "vllm-0.18.0", 9793, 78336, 1.175771401128587},
                              Recorded{"gemma-3-27b", "vllm-0.18.0", 32768, 74896, 2.8117384588982324},
                              Recorded{"gemma-3-27b", "vllm-0.32.0", 32768, 291658, 2.22517995382317},
                              Recorded{"llama-4-scout", "vllm-0.18.0", 54613, 218448, 4.848455255681818},
                              Recorded{"llama-4-scout", "vllm-0.32.0", 54613, 559237, 4.266640625},
                              Recorded{"nemotron-h-56b", "vllm-0.32.0", 254, 320118, 9.76923076923077},
                              Recorded{"qwen3.5-27b", "vllm-0.18.0", 1487, 290864, 33.044444444444444},
                              Recorded{"deepseek-v3", "vllm-0.18.0", 38199, 611184, 4.6629638671875},
                              Recorded{"deepseek-v3", "vllm-0.32.0", 38199, 611184, 4.6629638671875},
                              Recorded{"deepseek-v3.2", "vllm-0.32.0", 8568, 548352, 4.18359375},
                              Recorded{"whisper-large-v3", "vllm-0.18.0", 16384, 131072, 30.340740740740742},
                              Recorded{"whisper-large-v3", "vllm-0.32.0", 16384, 13592, 30.340740740740742},
                              Recorded{"window-4096-full-160k", "vllm-0.18.0", 15000, 120000, 1.3928869904355092}}) {
        const PlannedFile made = planned(shipped(r.plan), r.engine);
        ASSERT_TRUE(std::holds_alternative<Plan>(made.outcome)) << r.plan;
        const Plan& plan = std::get<Plan>(made.outcome);
        EXPECT_EQ(plan.workers[0].blocks, Blocks{r.blocks}) << r.plan;
        EXPECT_EQ(plan.capacity->reported, Tokens{r.tokens}) << r.plan << ' ' << r.engine;
        EXPECT_EQ(plan.capacity->concurrency, r.concurrency) << r.plan << ' ' << r.engine;
    }
}

TEST(ShippedPlan, GivesTheFiguresOfTheThreads) {
    const PlannedFile bottleneck = planned(shipped("pipeline-bottleneck"));
    EXPECT_EQ(std::get<RefusedPlan>(bottleneck.outcome).refusal.admission->estimated_len_max, Tokens{34736});
    const PlannedFile own_layers = planned(shipped("pipeline-bottleneck"), "vllm-0.18.0");
    EXPECT_EQ(std::get<RefusedPlan>(own_layers.outcome).refusal.admission->estimated_len_max, Tokens{104208});
    const PlannedFile side_buffer = planned(shipped("mamba-first-side-buffer"));
    EXPECT_EQ(std::get<Plan>(side_buffer.outcome).side_buffer->rows, Rows{699312});
    const PlannedFile gemma_4 = planned(shipped("gemma-4-class"));
    EXPECT_EQ(std::get<Plan>(gemma_4.outcome).capacity->reported, Tokens{37392});
    EXPECT_EQ(gemma_4.held_max, Blocks{9157});
}

TEST(ShippedPlan, SaysWhyItExistsAndNamesItsEngine) {
    std::size_t plans = 0;
    for (const auto& entry : std::filesystem::directory_iterator(KV_SOURCE_DIR "/scenarios/plans")) {
        const auto text = read_text_file(entry.path().string(), model_file_bytes_max);
        EXPECT_NE(std::get<std::string>(text).find("\n# Why: "), std::string::npos) << entry.path();
        EXPECT_FALSE(shipped(entry.path().stem().string()).engine.empty()) << entry.path();
        ++plans;
    }
    EXPECT_GE(plans, 10U);
}

TEST(PlannedFile, CountsWhatARequestHoldsInEachGroup) {
    const PlannedFile made = planned(shipped("gpt-oss-120b"));
    ASSERT_EQ(made.groups.size(), 2U);
    // (127 + 2,048) tokens are 136 blocks of 16, and the window may start inside one more.
    EXPECT_EQ(made.groups[0].held_max, Blocks{137});
    EXPECT_EQ(made.groups[1].held_max, Blocks{131072 / 16});
    EXPECT_EQ(made.held_max, Blocks{137 + 8192});
    EXPECT_EQ(made.concurrent_tokens, Tokens{154111});
}

TEST(PlannedFile, CountsPaddedPagesAndLayersThatAGroupLacksAsPadding) {
    const PlannedFile qwen = planned(shipped("qwen3.5-27b"));
    // A state of 3 x 10,240 x 2 + 48 x 128 x 128 x 4 = 3,207,168 bytes in a page of 3,211,264, sixteen times.
    EXPECT_EQ(qwen.groups[0].taken_per_block - qwen.groups[0].real_per_block, Bytes{16 * (3211264 - 3207168)});
    EXPECT_EQ(qwen.groups[3].taken_per_block, qwen.groups[3].real_per_block);
    const PlannedFile gemma = planned(shipped("gemma-3-27b"));
    EXPECT_EQ(gemma.groups[0].taken_per_block - gemma.groups[0].real_per_block, Bytes{131072});      // Nine layers beside ten.
    EXPECT_EQ(gemma.groups[4].taken_per_block - gemma.groups[4].real_per_block, Bytes{2 * 131072});  // Eight.
}

TEST(PlannedFile, ShowsWhatPlanningMadeOfASpec) {
    const PlannedFile qwen = planned(shipped("qwen3.5-27b"));
    ASSERT_EQ(qwen.specs.size(), 2U);
    EXPECT_EQ(block_of(qwen.specs[1].given), TokensPerBlock{16});
    EXPECT_EQ(block_of(*qwen.specs[1].planned), TokensPerBlock{784});
    EXPECT_EQ(qwen.specs[1].layers, 16U);
    EXPECT_EQ(qwen.specs[0].page_real, Bytes{3207168});
    EXPECT_EQ(qwen.specs[0].page, Bytes{3211264});
}

TEST(PlannedFile, PointsAtTheLayerWhoseSizesOverflow) {
    const ModelFile model =
        model_of(with_layer("id = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[[model.layer]]\nid = \"huge\"\nkind = \"full\"\n"
                            "kv_heads = 1048576\nhead_size = 1048576\nblock = \"1099511627776 tokens\""));
    const auto made = plan_file(std::get<Engine>(engine_spelled("vllm-0.18.0")), model);
    const auto* error = std::get_if<Diagnostic>(&made);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->where.line, 8U);
    EXPECT_TRUE(error->message.starts_with("the sizes of this layer are too large: ")) << error->message;
}

TEST(ReplacedRules, AreThoseThatDifferFromTheShippedEngine) {
    EXPECT_TRUE(replaced_rules(std::get<Engine>(engine_spelled("vllm-0.18.0"))).empty());
    const auto replaced = replaced_rules(std::get<Engine>(engine_spelled("vllm-0.18.0+pr-37118")));
    ASSERT_EQ(replaced.size(), 1U);
    EXPECT_EQ(replaced[0].slot, "side-buffer");
    EXPECT_EQ(replaced[0].rule, "group-slots");
}

}  // namespace
}  // namespace kv::testing
