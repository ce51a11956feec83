#include "scenarios/spec_fields.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace kv {
namespace {

struct SpecRead {
    KvSpec spec;
    Diagnostics errors;
};

SpecRead read(const std::string& text, RecordShape shape = RecordShape::vllm_0_32) {
    const auto document = std::get<JsonDocument>(read_json({.file = "spec.json", .text = text}));
    JsonErrors errors;
    JsonFields fields(document.root(), errors);
    KvSpec spec = read_spec(fields, shape);
    fields.finish();
    return {std::move(spec), errors.take()};
}

// The spec's fields as the JSON object that they were read from.
std::string json_of(const KvSpec& spec, RecordShape shape) {
    std::string text = "{";
    for (const FieldText& field : field_texts(spec, shape)) {
        const std::string value = field.name == "kind" ? "\"" + field.text + "\"" : field.text;
        text += (text.size() == 1 ? "\"" : ",\"") + std::string(field.name) + "\":" + value;
    }
    return text + "}";
}

const std::string mla =
    R"({"kind":"mla","block_size":64,"num_kv_heads":1,"head_size":576,"dtype":"uint8","page_size_padded":null,)"
    R"("dcp_sharded":true,"block_stride_alignment":{"multiple_of":64},"max_tp_shards":1,"head_size_v":0,)"
    R"("kv_quant_mode":"FP8_PER_TENSOR","num_head_slots":null,"state_content_bytes":656,"tokens_per_state":"1/4",)"
    R"("sliding_window":null,"attention_chunk_size":null,"non_causal":false,"cache_dtype_str":"fp8_ds_mla","alignment":576,)"
    R"("model_version":"deepseek_v4","cache_role":"indexer","is_index_group_leader":true,)"
    R"("non_causal_multi_token_decode":false})";
const std::string mamba = R"({"kind":"mamba","block_size":16,"shapes":[[3,10240],[64,64,128]],"dtypes":["bfloat16","float32"],)"
                          R"("page_size_padded":8192,"mamba_type":"mamba2","mamba_cache_mode":"align","num_speculative_blocks":2})";

TEST(SpecFields, AreReadByTheEnginesNames) {
    const auto [spec, errors] = read(mla);
    ASSERT_TRUE(errors.empty()) << to_text(errors);
    const auto& read_mla = std::get<MlaSpec>(spec);
    EXPECT_EQ(read_mla.full.cache.block, TokensPerBlock{64});
    EXPECT_EQ(read_mla.full.cache.dtype, DType::uint8);
    EXPECT_EQ(read_mla.full.cache.quant, QuantMode::fp8_per_tensor);
    EXPECT_EQ(read_mla.full.cache.state_bytes, Bytes{656});
    EXPECT_EQ(read_mla.full.cache.tokens_per_state, (Fraction{1, 4}));
    EXPECT_EQ(read_mla.full.cache.stride_alignment.kernel_block, Tokens{64});
    EXPECT_EQ(read_mla.full.cache.head_size_v, 0);
    EXPECT_EQ(read_mla.role, CacheRole::indexer);
    EXPECT_EQ(read_mla.model_version, "deepseek_v4");
    EXPECT_TRUE(read_mla.index_group_leader);
}

TEST(SpecFields, OfTheOlderShapeLeaveTheRestAtItsDefault) {
    const auto [spec, errors] = read(mamba, RecordShape::vllm_0_18);
    ASSERT_TRUE(errors.empty()) << to_text(errors);
    const auto& read_mamba = std::get<MambaSpec>(spec);
    EXPECT_EQ(read_mamba.states, (std::vector<MambaState>{{{3, 10240}, DType::bfloat16}, {{64, 64, 128}, DType::float32}}));
    EXPECT_EQ(read_mamba.mode, MambaMode::align);
    EXPECT_EQ(read_mamba.page_padded, Bytes{8192});
    EXPECT_EQ(read_mamba.heads, MambaSpec{}.heads);
    EXPECT_FALSE(read(mamba, RecordShape::vllm_0_32).errors.empty());
    EXPECT_FALSE(read(mla, RecordShape::vllm_0_18).errors.empty());
}

TEST(SpecFields, ValuesAreAsWideAsKeysWhereARecordHasNoWidthForThem) {
    const std::string text =
        R"({"kind":"sliding_window","block_size":16,"num_kv_heads":8,"head_size":96,"dtype":"float16","page_size_padded":null,)"
        R"("sliding_window":128})";
    EXPECT_EQ(std::get<SlidingWindowSpec>(read(text, RecordShape::vllm_0_18).spec).cache.head_size_v, 96);
}

TEST(SpecFields, PrintWhatTheyWereReadFrom) {
    EXPECT_EQ(json_of(read(mla).spec, RecordShape::vllm_0_32), mla);
    EXPECT_EQ(json_of(read(mamba, RecordShape::vllm_0_18).spec, RecordShape::vllm_0_18), mamba);
}

TEST(SpecFields, AreAllPartOfTheText) {
    for (const RecordShape shape : {RecordShape::vllm_0_18, RecordShape::vllm_0_32}) {
        const KvSpec spec = read(shape == RecordShape::vllm_0_32 ? mla : mamba, shape).spec;
        for (const FieldText& field : field_texts(spec, shape)) {
            const std::string part = std::string(field.name) + "=" + field.text;
            EXPECT_NE(spec_text(spec, shape).find(part), std::string::npos) << part;
        }
    }
}

TEST(SpecFields, TextTellsStringsWithQuotesApart) {
    KvSpec left = MlaSpec{.cache_dtype = R"(a" alignment="b)"};
    KvSpec right = MlaSpec{.cache_dtype = "a"};
    EXPECT_NE(spec_text(left, RecordShape::vllm_0_32), spec_text(right, RecordShape::vllm_0_32));
    EXPECT_NE(field_texts(left, RecordShape::vllm_0_32).back(), FieldText{});
}

TEST(SpecFields, KindsOfTheOlderEngineAreEight) {
    EXPECT_EQ(recorded_kinds(RecordShape::vllm_0_18).size(), 8U);
    EXPECT_EQ(recorded_kinds(RecordShape::vllm_0_32).size(), 12U);
    const auto errors = read(R"({"kind":"rswa"})", RecordShape::vllm_0_18).errors;
    ASSERT_FALSE(errors.empty());
    EXPECT_NE(errors.front().message.find("found \"rswa\""), std::string::npos);
}

TEST(SpecFields, OfEveryKindAreReadBackFromTheirOwnText) {
    for (const std::string_view kind : recorded_kinds(RecordShape::vllm_0_32)) {
        const auto [first, errors] = read("{\"kind\":\"" + std::string(kind) + "\"}");  // All missing: the stand-ins.
        ASSERT_FALSE(errors.empty());
        nlohmann::json json = nlohmann::json::parse(json_of(first, RecordShape::vllm_0_32));
        for (const std::string_view positive : {"sliding_window", "attention_chunk_size", "rswa_window"})
            if (const auto found = json.find(positive); found != json.end() && *found == 0) *found = 1;
        if (kind == "mamba") {
            json["shapes"] = nlohmann::json::parse("[[1]]");
            json["dtypes"] = nlohmann::json::parse("[\"uint8\"]");
        }
        const auto [again, none] = read(json.dump());
        EXPECT_TRUE(none.empty()) << to_text(none);
        EXPECT_EQ(kind_of(again), kind);
        EXPECT_EQ(nlohmann::json::parse(json_of(again, RecordShape::vllm_0_32)), json);
    }
}

TEST(SpecFields, OutOfBoundsAreRefused) {
    const auto with = [](std::string_view from, std::string_view to) {
        std::string text = mla;
        text.replace(text.find(from), from.size(), to);
        return read(text).errors.size();
    };
    EXPECT_EQ(with("\"block_size\":64", "\"block_size\":1"), 0U);
    EXPECT_EQ(with("\"block_size\":64", "\"block_size\":0"), 1U);
    EXPECT_EQ(with("\"block_size\":64", "\"block_size\":9007199254740992"), 0U);
    EXPECT_EQ(with("\"block_size\":64", "\"block_size\":9007199254740993"), 1U);
    EXPECT_EQ(with("\"head_size_v\":0", "\"head_size_v\":-1"), 1U);
    EXPECT_EQ(with("\"page_size_padded\":null", "\"page_size_padded\":0"), 0U);
    EXPECT_EQ(with("\"tokens_per_state\":\"1/4\"", "\"tokens_per_state\":4"), 0U);
    for (const std::string_view bad : {"0", "\"0/4\"", "\"1/0\"", "\"1/\"", "\"/4\"", "\"1/4x\"", "\"-1/4\"", "\"\"", "0.25", "[]"})
        EXPECT_EQ(with("\"1/4\"", bad), 1U) << bad;
    EXPECT_EQ(with("{\"multiple_of\":64}", "576"), 0U);
    EXPECT_EQ(with("{\"multiple_of\":64}", "0"), 1U);
    EXPECT_EQ(with("{\"multiple_of\":64}", "{}"), 1U);
    EXPECT_EQ(with("{\"multiple_of\":64}", "{\"multiple_of\":64,\"of\":1}"), 1U);
    EXPECT_EQ(with("\"dtype\":\"uint8\"", "\"dtype\":\"uint9\""), 1U);
}

TEST(SpecFields, ABlockHoldsAtLeastOneState) {
    const auto with = [](std::string_view states) {
        std::string text = mla;
        text.replace(text.find("\"1/4\""), 5, states);
        return read(text).errors.size();
    };
    EXPECT_EQ(with("64"), 0U);
    EXPECT_EQ(with("65"), 1U);
    EXPECT_EQ(with("\"128/2\""), 0U);
    EXPECT_EQ(with("\"129/2\""), 1U);
}

TEST(SpecFields, OfMambaHaveADtypeForEachShape) {
    const auto with = [](std::string_view from, std::string_view to) {
        std::string text = mamba;
        text.replace(text.find(from), from.size(), to);
        return read(text, RecordShape::vllm_0_18).errors.size();
    };
    EXPECT_EQ(with(R"(["bfloat16","float32"])", R"(["bfloat16"])"), 1U);
    EXPECT_EQ(with("[3,10240]", "[]"), 0U);
    EXPECT_EQ(with("[3,10240]", "[1,2,3,4,5,6,7,8]"), 0U);
    EXPECT_EQ(with("[3,10240]", "[1,2,3,4,5,6,7,8,9]"), 1U);
    EXPECT_EQ(with("[3,10240]", "[0]"), 1U);
    EXPECT_EQ(with("[[3,10240],[64,64,128]]", "[]"), 2U);
}

}  // namespace
}  // namespace kv
