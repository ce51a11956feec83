#include "scenarios/model_recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace kv::testing {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json two_stages() {
    return Json::parse(R"json({"model":"small","engine":"vllm-0.32.0","architecture":"DeepseekV4ForCausalLM",
 "args":{"max_model_len":4096,"tp":2,"pp":2,"kv_cache_dtype":"fp8"},
 "resolved":{"dtype":"bfloat16","cache_dtype":"fp8","enable_chunked_prefill":true,"max_model_len":4096,"block_size":16,"enable_prefix_caching":true,"mamba_cache_mode":"none","max_num_batched_tokens":2048,
  "max_num_seqs":64,"disable_hybrid_kv_cache_manager":false,"max_num_encoder_input_tokens":2048,"async_scheduling":true,
  "kv_cache_layout":"LBNHC","use_v2_model_runner":true,"max_in_flight_tokens":6144,"num_prefill_lookahead_tokens":0},
 "specs":[{"kind":"FullAttentionSpec","block_size":16,"dcp_sharded":true,"num_kv_heads":8,"head_size":128,"dtype":"uint8","head_size_v":128,
   "kv_quant_mode":"FP8_PER_TENSOR","tokens_per_state":1,"non_causal":false,"block_stride_alignment":"MultipleOf(64)","page_size_bytes":32768},
  {"kind":"UniformTypeKVCacheSpecs","block_size":16}],
 "layers":[{"name":"a","spec":0,"rank":0},{"name":"b","spec":0,"rank":1}],
 "available_memory":1073741824,"max_model_len_after":4096,
 "groups":[{"spec":0,"layers":[0]}],"worker_groups":[[{"spec":0,"layers":[0]}],[{"spec":0,"layers":[1]}]],
 "num_blocks":[100,100],"tensors":[],"group_block_sizes":[16],"reported_tokens":1600,"max_concurrency":0.4,"block_size_after":16,
 "scheduler_block_size":16,"hash_block_size":16
})json");
}

std::variant<ModelRecording, Diagnostics> read(const Json& json) {
    const auto document = read_json({.file = "models.jsonl", .text = json.dump(), .first_line = 7});
    return read_model_recording(std::get<JsonDocument>(document));
}

std::string errors_of(const Json& json) {
    const auto outcome = read(json);
    const auto* wrong = std::get_if<Diagnostics>(&outcome);
    return wrong != nullptr ? to_text(*wrong) : std::string();
}

TEST(ModelRecording, HasTheLayersOfEachStageAndTheSettingsThatTheEngineResolved) {
    const auto outcome = read(two_stages());
    ASSERT_TRUE(std::holds_alternative<ModelRecording>(outcome)) << errors_of(two_stages());
    const auto& recording = std::get<ModelRecording>(outcome);
    EXPECT_THAT(recording.model.layers.names, ElementsAre("a", "b"));
    ASSERT_EQ(recording.model.layers.workers.size(), 2U);
    EXPECT_EQ(recording.model.layers.specs.size(), 1U) << "a spec that only a group has is no layer's";
    EXPECT_EQ(stride_alignment_of(recording.model.layers.specs[0]).kernel_block, Tokens{64});
    EXPECT_THAT(recording.model.memory, ElementsAre(Bytes{1 << 30}, Bytes{1 << 30}));
    EXPECT_EQ(recording.model.settings.parallel.tensor, 2);
    EXPECT_EQ(recording.model.settings.model_type, "deepseek_v4");
    EXPECT_EQ(recording.model.settings.batched_max, Tokens{2048});
    EXPECT_THAT(recording.arguments.spelled,
                ElementsAre(RecordedArgument{"kv_cache_dtype", "\"fp8\""}, RecordedArgument{"pp", "2"}, RecordedArgument{"tp", "2"}));
    const auto& plan = std::get<RecordedModelPlan>(recording.expect);
    ASSERT_EQ(plan.workers.size(), 2U);
    EXPECT_EQ(plan.workers[0].blocks, Blocks{100});
    EXPECT_EQ(plan.workers[1].blocks, Blocks{100});
    ASSERT_FALSE(plan.workers[1].groups.empty());
    EXPECT_THAT(plan.workers[1].groups[0].layers, ElementsAre(LayerId{1}));
}

TEST(ModelRecording, IsFittedToTheMemoryWhereTheLengthIsMinusOne) {
    Json json = two_stages();
    json["args"]["max_model_len"] = -1;
    EXPECT_EQ(std::get<ModelRecording>(read(json)).model.settings.length, LengthChoice::fitted_to_memory);
}

struct Mistake {
    const char* name;
    std::function<void(Json&)> make;
    const char* said;
};

class WrongRecording : public ::testing::TestWithParam<Mistake> {};

TEST_P(WrongRecording, IsToldWithItsPlace) {
    Json json = two_stages();
    GetParam().make(json);
    EXPECT_THAT(errors_of(json), HasSubstr(GetParam().said));
    EXPECT_THAT(errors_of(json), HasSubstr("models.jsonl:7:"));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, WrongRecording,
    ::testing::Values(Mistake{"kind", [](Json& j) { j["specs"][0]["kind"] = "FullSpec"; }, "specs[0].kind"},
                      Mistake{"place", [](Json& j) { j["layers"][1]["spec"] = 2; }, "layers[1].spec"},
                      Mistake{"negative_place", [](Json& j) { j["layers"][1]["spec"] = -1; }, "layers[1].spec"},
                      Mistake{"huge", [](Json& j) { j["specs"][0]["head_size"] = 1e30; }, "specs[0].head_size"},
                      Mistake{"zero_block", [](Json& j) { j["specs"][0]["block_size"] = 0; }, "specs[0].block_size"},
                      Mistake{"alignment", [](Json& j) { j["specs"][0]["block_stride_alignment"] = "MultipleOf(0)"; }, "MultipleOf(64)"},
                      Mistake{"alignment_text", [](Json& j) { j["specs"][0]["block_stride_alignment"] = "MultipleOf(64"; },
                              "MultipleOf(64)"},
                      Mistake{"unknown_field", [](Json& j) { j["specs"][0]["colour"] = 1; }, "colour"},
                      Mistake{"missing_field", [](Json& j) { j["specs"][0].erase("num_kv_heads"); }, "num_kv_heads"},
                      Mistake{"rank", [](Json& j) { j["layers"][1]["rank"] = 2; }, "layers[1].rank"},
                      Mistake{"rank_order", [](Json& j) { std::swap(j["layers"][0], j["layers"][1]); }, "order of their ranks"},
                      Mistake{"layer_twice", [](Json& j) { j["layers"][1]["name"] = "a"; }, "each layer once"},
                      Mistake{"group_place", [](Json& j) { j["worker_groups"][1][0]["layers"][0] = 9; }, "worker_groups[1][0].layers[0]"},
                      Mistake{"workers", [](Json& j) { j["num_blocks"] = Json::array({100}); }, "of 2 workers"},
                      Mistake{"pp", [](Json& j) { j["args"]["pp"] = 0; }, "args.pp"},
                      Mistake{"huge_pp", [](Json& j) { j["args"]["pp"] = 100000; }, "args.pp"},
                      Mistake{"args", [](Json& j) { j["args"] = 3; }, "args"},
                      Mistake{"memory", [](Json& j) { j["available_memory"] = -5; }, "available_memory"},
                      Mistake{"no_resolved", [](Json& j) { j.erase("resolved"); }, "resolved"},
                      Mistake{"layers_are_no_list", [](Json& j) { j["layers"] = "a"; }, "layers"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(RefusedModel, IsOfAllArgumentsOrOfThoseThatItNames) {
    const auto read_refused = [](const std::string& text) {
        return read_refused_model(std::get<JsonDocument>(read_json({.file = "refused.jsonl", .text = text})));
    };
    const auto any = std::get<RefusedModel>(read_refused(R"({"model":"m","engine":"vllm-0.18.0","args":"any","reason":"no"})"));
    EXPECT_FALSE(any.arguments);
    const auto one =
        std::get<RefusedModel>(read_refused(R"({"model":"m","engine":"vllm-0.18.0","args":{"max_model_len":8,"tp":8},"reason":"no"})"));
    EXPECT_THAT(one.arguments->spelled, ElementsAre(RecordedArgument{"tp", "8"}));
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(read_refused(R"({"model":"m","engine":"vllm-0.18.0","args":7,"reason":1})")));
}

}  // namespace
}  // namespace kv::testing
