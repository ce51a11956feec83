// Files that are no config, or contradict themselves: each is told what is wrong, where, and read no further.
#include "model/engine.h"
#include "model/plan.h"
#include "model/serving/serving.h"
#include "model/units.h"
#include "scenarios/hub/config_object.h"
#include "scenarios/hub/model_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kv {
namespace {

// "line:column message" of every error; "shape" where there is none.
std::vector<std::string> told(const std::string& text, ModelClasses classes = ModelClasses::vllm_0_32) {
    const auto lines = [](const Diagnostics& errors) {
        std::vector<std::string> out;
        for (const Diagnostic& error : errors) out.push_back(fmt::format("{}:{} {}", error.where.line, error.where.column, error.message));
        return out;
    };
    const auto read = read_json({.file = "config.json", .text = text, .non_finite = true});
    if (const auto* errors = std::get_if<Diagnostics>(&read)) return lines(*errors);
    const ImportedModel model = import_model(std::get<JsonDocument>(read).root(), classes);
    if (const auto* errors = std::get_if<Diagnostics>(&model)) return lines(*errors);
    if (const auto* unknown = std::get_if<UnknownArchitecture>(&model)) return lines({unknown->diagnostic});
    if (const auto* refusal = std::get_if<Refusal>(&model)) return {"refused: " + refusal->message};
    return {"shape"};
}

using Errors = std::vector<std::string>;

// A model of four layers with one key written, or written otherwise.
std::string llama_with(const std::string& key, const std::string& value) {
    std::vector<std::pair<std::string, std::string>> members{{"architectures", R"(["LlamaForCausalLM"])"},
                                                             {"model_type", R"("llama")"},
                                                             {"num_hidden_layers", "4"},
                                                             {"num_attention_heads", "8"},
                                                             {"num_key_value_heads", "2"},
                                                             {"hidden_size", "512"},
                                                             {"head_dim", "64"},
                                                             {"torch_dtype", R"("bfloat16")"},
                                                             {"max_position_embeddings", "4096"}};
    const auto there = std::ranges::find(members, key, &std::pair<std::string, std::string>::first);
    if (there == members.end()) members.emplace_back(key, value);
    else there->second = value;
    std::string text = "{";
    for (const auto& [name, spelled] : members) text += fmt::format("{}\n \"{}\": {}", text == "{" ? "" : ",", name, spelled);
    return text + "\n}";
}

TEST(HostileConfig, TheModelThatTheOthersAreMadeFromReads) { EXPECT_EQ(told(llama_with("head_dim", "64")), Errors{"shape"}); }

TEST(HostileConfig, ASizeIsAWholeNumberFromOne) {
    const std::vector<std::pair<std::string, std::string>> cases{{"0", "found 0"},
                                                                 {"-8", "found -8"},
                                                                 {"8.5", "found 8.5"},
                                                                 {"\"8\"", "found \"8\""},
                                                                 {"true", "found true"},
                                                                 {"[8]", "found an array of 1 value"},
                                                                 {"{}", "found an object"},
                                                                 {"NaN", "found NaN"},
                                                                 {"Infinity", "found Infinity"},
                                                                 {"-Infinity", "found -Infinity"},
                                                                 {"1000000000000000000", "found 1000000000000000000"},
                                                                 {"1e300", "found 1e300"},
                                                                 {"9223372036854775808", "found 9223372036854775808"},
                                                                 {"-9223372036854775809", "found -9223372036854775809"}};
    for (const auto& [value, found] : cases)
        for (const auto& [key, place] : std::vector<std::pair<std::string, std::string>>{
                 {"num_hidden_layers", "4:23"}, {"num_attention_heads", "5:25"}, {"num_key_value_heads", "6:25"}, {"head_dim", "8:14"}}) {
            const Errors errors = told(llama_with(key, value));
            ASSERT_EQ(errors.size(), 1U) << key << " " << value;
            EXPECT_TRUE(errors.front().starts_with(fmt::format("{} {}: expected an integer", place, key))) << errors.front();
            EXPECT_TRUE(errors.front().ends_with(found)) << errors.front();
        }
}

TEST(HostileConfig, WholeNumbersThatAnExporterWroteWithAPointAreTaken) {
    EXPECT_EQ(told(llama_with("num_attention_heads", "8.0")), Errors{"shape"});
    EXPECT_EQ(told(llama_with("max_position_embeddings", "4.096e3")), Errors{"shape"});
}

TEST(HostileConfig, EveryErrorIsToldOnceAndAtItsPlace) {
    std::string text = llama_with("num_attention_heads", "0");
    text.replace(text.find("\"head_dim\": 64"), 14, "\"head_dim\": \"x\"");
    const Errors errors = told(text);
    EXPECT_EQ(errors, (Errors{"5:25 num_attention_heads: expected an integer from 1 to 1073741824, found 0",
                              "8:14 head_dim: expected an integer from 1 to 1073741824, found \"x\""}));
}

TEST(HostileConfig, AMillionLayersAreRefusedBeforeAnyIsMade) {
    EXPECT_EQ(told(llama_with("num_hidden_layers", "4096")), Errors{"shape"});
    EXPECT_EQ(told(llama_with("num_hidden_layers", "4097")),
              Errors{"4:23 num_hidden_layers: expected an integer from 1 to 4096, found 4097"});
    EXPECT_EQ(told(llama_with("num_hidden_layers", "1000000000")),
              Errors{"4:23 num_hidden_layers: expected an integer from 1 to 4096, found 1000000000"});
}

TEST(HostileConfig, AnotherKindOfJsonIsNoConfig) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"[]", "1:1 expected a model's config: an object"},
        {"17", "1:1 expected a model's config: an object"},
        {"\"LlamaForCausalLM\"", "1:1 expected a model's config: an object"},
        {"null", "1:1 expected a model's config: an object"},
        {"{}", "1:1 `architectures` names no class: expected the model's, as in [\"LlamaForCausalLM\"]"},
        {R"({"tokenizer_class": "LlamaTokenizer", "model_max_length": 4096})",
         "1:1 `architectures` names no class: expected the model's, as in [\"LlamaForCausalLM\"]"},
        {R"({"architectures": null})",
         "1:19 architectures: `architectures` names no class: expected the model's, as in [\"LlamaForCausalLM\"]"},
        {R"({"architectures": "LlamaForCausalLM"})",
         "1:19 architectures: expected an array of at most 16 values, found \"LlamaForCausalLM\""},
        {R"({"architectures": []})",
         "1:19 architectures: `architectures` names no class: expected the model's, as in [\"LlamaForCausalLM\"]"},
        {R"({"architectures": [7]})", "1:20 architectures[0]: expected a string, found 7"},
        {R"({"architectures": {"0": "LlamaForCausalLM"}})", "1:19 architectures: expected an array of at most 16 values, found an object"}};
    for (const auto& [text, error] : cases) EXPECT_EQ(told(text), Errors{error}) << text;
}

TEST(HostileConfig, ABrokenTextIsToldWhereItBreaks) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 512, "hidden_size": 64})",
         "1:61 expected each key once: `hidden_size` is already in this object"},
        {R"({"architectures": ["Llama)", "1:20 expected a closing `\"`: the string is not ended"},
        {"{\"architectures\": [\"Llama\xff\"]}", "1:26 expected UTF-8, found the byte 0xFF, which is not UTF-8"},
        {R"({"num_hidden_layers": 1Infinity})", "1:24 expected `,` or `}`, found `Infinity`"},
        {R"({"num_hidden_layers": 1NaN})", "1:24 expected `,` or `}`, found `NaN`"},
        {R"({"num_hidden_layers": 4} {})", "1:26 expected nothing after the value, found `{`"}};
    for (const auto& [text, error] : cases) EXPECT_EQ(told(text), Errors{error}) << text;
    const std::string deep = R"({"architectures": ["LlamaForCausalLM"], "a": )" + std::string(100'000, '[');
    EXPECT_EQ(told(deep), Errors{"1:109 expected at most 64 levels of nesting"});
}

TEST(HostileConfig, ANameThatIsNotKnownIsShownAndNothingElse) {
    const std::vector<std::string> names{"<script>alert(1)</script>", "Llama\\nForCausalLM",     "a\\u0000b", "\\u202eMLlasuaCroFamalL",
                                         "\\\"; rm -rf / #",          std::string(100'000, 'L'), ""};
    for (const std::string& name : names) {
        const std::string text = fmt::format("{{\n  \"architectures\": [\"{}\"],\n  \"model_type\": \"x\"\n}}", name);
        const auto read = read_json({.file = "config.json", .text = text});
        const ImportedModel model = import_model(std::get<JsonDocument>(read).root(), ModelClasses::vllm_0_18);
        ASSERT_TRUE(std::holds_alternative<UnknownArchitecture>(model)) << name;
        const Diagnostic& diagnostic = std::get<UnknownArchitecture>(model).diagnostic;
        EXPECT_EQ(diagnostic.where.line, 2U);
        EXPECT_EQ(diagnostic.where.column, 21U);
        const std::string shown = to_text(diagnostic);
        EXPECT_LT(shown.size(), 1000U);
        EXPECT_TRUE(std::ranges::all_of(shown, [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= 0x20; })) << shown;
        EXPECT_EQ(shown.find("\xE2\x80\xAE"), std::string::npos) << "the line is not reordered";
    }
}

TEST(HostileConfig, AnElementTypeThatIsNoneIsToldAndMetadataIsNotRead) {
    for (const std::string name : {"bfloat17", "torch.bfloat16"})
        EXPECT_EQ(told(llama_with("torch_dtype", '"' + name + '"')),
                  Errors{"9:17 torch_dtype: expected an element type such as \"bfloat16\", without \"torch.\""});
    EXPECT_EQ(told(llama_with("torch_dtype", "16")), Errors{"9:17 torch_dtype: expected a string, found 16"});
    EXPECT_EQ(told(llama_with("transformers_version", "{\"a\": [NaN, Infinity]}")), Errors{"shape"});
    EXPECT_EQ(told(llama_with("_name_or_path", "\"<b>\\u202e\\n\"")), Errors{"shape"});
}

TEST(HostileConfig, AnObjectOfThousandsOfKeysIsNotLookedThroughForEachLayer) {
    std::string text = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama")";
    for (int i = 0; i < 100'000; ++i) text += fmt::format(",\"k{}\":0", i);
    text += R"(, "num_hidden_layers": 4096})";
    EXPECT_EQ(told(text), Errors{"1:1 expected at most 1024 keys, found 100003"});
}

TEST(HostileConfig, SizesThatMultiplyPast64BitsAreAnOverflowThatIsTold) {
    std::string text = llama_with("head_dim", "1073741824");
    text.replace(text.find("\"num_key_value_heads\": 2"), 24, "\"num_key_value_heads\": 1073741824");
    text.replace(text.find("\"num_attention_heads\": 8"), 24, "\"num_attention_heads\": 1073741824");
    const auto read = read_json({.file = "config.json", .text = text});
    const ImportedModel model = import_model(std::get<JsonDocument>(read).root(), ModelClasses::vllm_0_18);
    ASSERT_TRUE(std::holds_alternative<ModelShape>(model));
    for (const char* const name : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const auto engine = std::get<Engine>(engine_spelled(name));
        const auto page = [&] {
            const auto served = serve(engine, std::get<ModelShape>(model), {});
            for (const KvSpec& spec : std::get<ServedModel>(served).layers.specs) static_cast<void>(page_bytes(engine, spec));
        };
        EXPECT_THROW(page(), SizeOverflow) << name;
    }
}

}  // namespace
}  // namespace kv
