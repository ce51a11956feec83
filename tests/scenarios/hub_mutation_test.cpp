// Every corpus config with a key dropped, or of another type, sign or size, or cut off anywhere: a shape that makes sense, or what is
// wrong at its place. A number that is needed and missing is never made up, and one of the wrong type never counts.
#include "model/engine.h"
#include "model/overload.h"
#include "model/plan.h"
#include "model/serving/serving.h"
#include "scenarios/hub/architecture.h"
#include "scenarios/hub/model_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array classes_of_releases{ModelClasses::vllm_0_18, ModelClasses::vllm_0_32};

// What became of a text: what its engine serves, or its refusal; nothing where the text is wrong.
struct Outcome {
    bool read = false;
    std::string refusal = {};
    std::string architecture = {};
    std::vector<std::string> names = {};
    std::vector<KvSpec> specs = {};
    std::vector<std::vector<WorkerLayer>> workers = {};
    std::vector<std::pair<std::string, std::string>> shared = {};
    std::vector<std::string> uncached = {};
    Tokens length = {};
    DType dtype = DType::bfloat16;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome served(const Engine& engine, const ModelShape& shape, const ServingArguments& arguments) {
    Outcome out{.read = true, .architecture = shape.architecture};
    try {
        auto answer = serve(engine, shape, arguments);
        if (const auto* refusal = std::get_if<Refusal>(&answer)) {
            out.refusal = refusal->message;
            return out;
        }
        auto& model = std::get<ServedModel>(answer);
        EXPECT_EQ(model.layers.workers.size(), static_cast<std::size_t>(arguments.parallel.pipeline));
        for (const KvSpec& spec : model.layers.specs) static_cast<void>(page_bytes(engine, spec));
        out.names = std::move(model.layers.names);
        out.specs = std::move(model.layers.specs);
        out.workers = std::move(model.layers.workers);
        out.shared = std::move(model.shared);
        out.uncached = std::move(model.uncached);
        out.length = model.settings.model_len_max;
        out.dtype = model.resolved.dtype;
    } catch (const SizeOverflow& overflow) {
        out.refusal = overflow.what();
    }
    return out;
}

// Errors lie in the text, which is one line; a shape is served without harm, alone and divided.
Outcome outcome(const std::string& text, ModelClasses classes) {
    const auto read = read_json({.file = "config.json", .text = text, .non_finite = true});
    const auto* document = std::get_if<JsonDocument>(&read);
    if (document == nullptr) return {};
    const ImportedModel model = import_model(document->root(), classes);
    if (const auto* errors = std::get_if<Diagnostics>(&model)) {
        EXPECT_FALSE(errors->empty());
        for (const Diagnostic& error : *errors) {
            EXPECT_EQ(error.where.line, 1U) << text;
            EXPECT_LE(error.where.column + error.where.length, text.size() + 1) << text;
        }
        return {.refusal = errors->front().message};
    }
    if (const auto* refusal = std::get_if<Refusal>(&model)) return {.read = true, .refusal = refusal->message};
    const auto* shape = std::get_if<ModelShape>(&model);
    if (shape == nullptr) return {};
    const char* const name = classes == ModelClasses::vllm_0_18 ? "vllm-0.18.0" : "vllm-0.32.0";
    const auto engine = std::get<Engine>(engine_spelled(name));
    ServingArguments divided;
    divided.parallel.tensor = 2;
    divided.parallel.pipeline = 2;
    divided.drafting = {.method = "mtp", .tokens = 2};
    static_cast<void>(served(engine, *shape, divided));
    return served(engine, *shape, {});
}

Outcome outcome_of(const Json& config, ModelClasses classes) { return outcome(config.dump(), classes); }

struct CorpusConfig {
    std::string name;
    Json config;
    std::array<Outcome, 2> outcomes = {};  // As it is, by release.
    const Outcome& before(ModelClasses classes) const { return outcomes[classes == ModelClasses::vllm_0_18 ? 0 : 1]; }
};

std::vector<CorpusConfig> corpus() {
    std::vector<CorpusConfig> all;
    const std::filesystem::path folder = std::filesystem::path(KV_SOURCE_DIR) / "tests/fuzz/corpus/model_config_fuzz";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        Json config = Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
        std::array<Outcome, 2> outcomes{outcome_of(config, ModelClasses::vllm_0_18), outcome_of(config, ModelClasses::vllm_0_32)};
        all.push_back({entry.path().stem().string(), std::move(config), std::move(outcomes)});
    }
    std::ranges::sort(all, {}, &CorpusConfig::name);
    return all;
}

// Runs `change` for every member of the objects that hold sizes; it gets a copy of the config, that object in it, and the key.
using Change = std::function<void(const CorpusConfig& of, Json config, Json::json_pointer object, const std::string& key)>;
void for_every_key(const Change& change) {
    const std::vector<CorpusConfig> all = corpus();
    EXPECT_GE(all.size(), 30U);
    for (const CorpusConfig& of : all) {
        std::vector<Json::json_pointer> objects{Json::json_pointer("")};
        for (const auto& [key, value] : of.config.items())
            if (value.is_object() && key.ends_with("_config") && key != "quantization_config" && key != "vision_config")
                objects.emplace_back("/" + key);
        for (const Json::json_pointer& object : objects)
            for (const auto& [key, value] : of.config[object].items()) change(of, of.config, object, key);
    }
}

TEST(MutatedConfig, EveryConfigOfTheCorpusIsServedByAnEngine) {
    for (const CorpusConfig& of : corpus()) {
        const auto serves = [](const Outcome& before) { return before.read && before.refusal.empty(); };
        EXPECT_TRUE(std::ranges::any_of(of.outcomes, serves))
            << of.name << ": " << of.outcomes[0].refusal << "; " << of.outcomes[1].refusal;
    }
}

TEST(MutatedConfig, AValueOfTheWrongTypeIsAnErrorOrIsNotLookedAt) {
    std::size_t errors = 0;
    for_every_key([&](const CorpusConfig& of, Json config, const Json::json_pointer& object, const std::string& key) {
        const Json original = config[object][key];
        for (const Json& wrong : {Json("x"), Json(7), Json(Json::array({"x"})), Json(Json::object({{"x", 1}})), Json(true), Json(8.5)}) {
            const bool factor = key.ends_with("expand");  // A width divided by another need not be whole.
            const bool number = original.is_number() && wrong.is_number() && (factor || wrong.is_number_integer());
            if (original.is_null() || wrong.type() == original.type() || number) continue;
            config[object][key] = wrong;
            for (const ModelClasses classes : classes_of_releases) {
                const Outcome after = outcome_of(config, classes);
                errors += after.read ? 0 : 1;
                EXPECT_TRUE(!after.read || after == of.before(classes)) << of.name << " " << object << " " << key << " " << wrong;
            }
        }
    });
    EXPECT_GT(errors, 1000U);
}

TEST(MutatedConfig, AnyNumberOfAnySizeIsServedOrToldOrRefused) {
    for_every_key([&](const CorpusConfig&, Json config, const Json::json_pointer& object, const std::string& key) {
        const Json original = config[object][key];
        if (!original.is_number()) return;
        for (const Json& other :
             {Json(0), Json(-1), Json(1), Json(3), Json(4096), Json(1'000'000'000), Json(1'000'000'000'000'000'000), Json(1e300)}) {
            config[object][key] = other;
            for (const ModelClasses classes : classes_of_releases) static_cast<void>(outcome_of(config, classes));
        }
    });
}

// What the engines work out where a config leaves it out.
const std::set<std::string, std::less<>> worked_out{"num_key_value_heads",
                                                    "num_global_key_value_heads",
                                                    "head_dim",
                                                    "swa_v_head_dim",
                                                    "dtype",
                                                    "torch_dtype",
                                                    "mamba_ssm_dtype",
                                                    "max_position_embeddings",
                                                    "model_max_length",
                                                    "rope_scaling",
                                                    "sliding_window",
                                                    "model_type",
                                                    "text_config",
                                                    "layer_types",
                                                    "hybrid_override_pattern",
                                                    "quantization_config"};

std::optional<Json> default_of_type(std::string_view model_type, std::string_view key, ModelClasses classes) {
    for (const ArchitectureFamily& family : architecture_families())
        for (const ConfigType& type : family.types) {
            if (type.model_type != model_type || !in_release(type.release, classes)) continue;
            const auto found = std::ranges::find(type.defaults, key, &TypeDefault::key);
            if (found == type.defaults.end()) return std::nullopt;
            return std::visit(Overload{[](std::monostate) { return Json(nullptr); }, [](const auto& value) { return Json(value); }},
                              found->value);
        }
    return std::nullopt;
}

// Of the object's own model type, the file's, or the one that the architecture's decoder has.
std::optional<Json> default_of(const CorpusConfig& of, const Json::json_pointer& object, const std::string& key, ModelClasses classes) {
    std::vector<std::string> types{of.config[object].value("model_type", ""), of.config.value("model_type", "")};
    for (const ArchitectureFamily& family : architecture_families())
        for (const Architecture& entry : family.architectures)
            if (entry.name == of.config["architectures"][0].get<std::string>()) types.emplace_back(entry.text_type);
    for (const std::string& type : types)
        if (auto found = default_of_type(type, key, classes)) return found;
    return std::nullopt;
}

TEST(MutatedConfig, AKeyThatIsDroppedIsToldOrNotNeededOrFilledInByTheModelType) {
    std::size_t filled = 0;
    for_every_key([&](const CorpusConfig& of, Json config, const Json::json_pointer& object, const std::string& key) {
        config[object].erase(key);
        if (worked_out.contains(key)) return;
        for (const ModelClasses classes : classes_of_releases) {
            const Outcome without = outcome_of(config, classes);
            if (!without.read || !without.refusal.empty() || without == of.before(classes)) continue;
            const auto filled_in = default_of(of, object, key, classes);
            EXPECT_TRUE(filled_in.has_value()) << of.name << " " << object << " " << key << ": made up";
            if (!filled_in) continue;
            Json stated = of.config;
            stated[object][key] = *filled_in;
            EXPECT_TRUE(without == outcome_of(stated, classes)) << of.name << " " << object << " " << key;
            ++filled;
        }
    });
    EXPECT_GT(filled, 50U);
}

TEST(MutatedConfig, AFileThatIsCutOffIsNeverRead) {
    for (const CorpusConfig& of : corpus()) {
        const std::string text = of.config.dump();
        for (std::size_t length = 0; length < text.size(); ++length)
            ASSERT_FALSE(outcome(text.substr(0, length), ModelClasses::vllm_0_32).read) << of.name << " " << length;
    }
}

}  // namespace
}  // namespace kv
