#include "scenarios/golden_plan.h"

#include "tests/support/recorded.h"

#include <set>
#include <string>
#include <utility>

namespace kv {
namespace {

using testing::Json;
using testing::Place;

std::variant<GoldenPlan, Diagnostics> read(const std::string& line) {
    auto document = read_json({.file = "cases.jsonl", .text = line, .first_line = 3});
    if (auto* errors = std::get_if<Diagnostics>(&document)) return std::move(*errors);
    return read_golden_plan(std::get<JsonDocument>(document));
}

GoldenPlan plan_of(const std::string& line) {
    auto golden = read(line);
    if (const auto* errors = std::get_if<Diagnostics>(&golden)) ADD_FAILURE() << to_text(*errors);
    return std::move(std::get<GoldenPlan>(golden));
}

Diagnostics errors_of(const Json& line) {
    const auto golden = read(line.dump());
    const auto* errors = std::get_if<Diagnostics>(&golden);
    return errors == nullptr ? Diagnostics{} : *errors;
}

Json case_of(const std::string& version, const std::string& id) { return Json::parse(testing::recorded_line(version, id)); }

// A line with many kinds of fields: several workers, the same ones, a uniform group.
Json rich_case() { return case_of("0.32.0", "uniform-type-1-014"); }

// One worker, two specs, and an error before there are groups: workers and layers can be changed freely.
Json small_case() { return case_of("0.18.0", "bad-1-001"); }

bool is_any(const Json&) { return true; }
bool is_object(const Json& value) { return value.is_object(); }

TEST(GoldenPlan, HoldsWhatTheLineSays) {
    const GoldenPlan golden = plan_of(testing::recorded_line("0.32.0", "known-deepseek-v32"));
    EXPECT_EQ(golden.id, "known-deepseek-v32");
    EXPECT_EQ(golden.engine, "vllm-0.32.0");
    EXPECT_EQ(golden.shape, RecordShape::vllm_0_32);
    EXPECT_EQ(golden.memory.size(), golden.layers.workers.size());
    ASSERT_TRUE(std::holds_alternative<RecordedPlan>(golden.expect));
    const auto& plan = std::get<RecordedPlan>(golden.expect);
    ASSERT_FALSE(plan.groups.empty());
    EXPECT_TRUE(std::holds_alternative<RecordedBundle>(plan.groups.front().spec));
    EXPECT_EQ(plan.worker_of.size(), golden.layers.workers.size());
    EXPECT_TRUE(plan.capacity.has_value());
}

TEST(GoldenPlan, NumbersLayersAndSpecsInOrderOfFirstAppearance) {
    Json line = small_case();
    const Json spec = line["specs"][0];
    line["specs"] = {spec, spec};
    line["specs"][1]["max_memory_usage_bytes"] = 1;  // Told apart by the record only.
    line["workers"] =
        Json::parse(R"([{"layers":[{"name":"b","spec":1},{"name":"a","spec":0}]},{"layers":[{"name":"c","spec":0},{"name":"a","spec":1}]},
                                      {"same_as":0}])");
    line["available_memory"] = {1, -1, 0};
    const GoldenPlan golden = plan_of(line.dump());
    EXPECT_EQ(golden.layers.names, (std::vector<std::string>{"b", "a", "c"}));
    EXPECT_EQ(golden.layers.specs.size(), 1U);
    EXPECT_EQ(golden.specs.size(), 2U);
    const std::vector<WorkerLayer> first{{LayerId{0}, SpecId{0}}, {LayerId{1}, SpecId{0}}};
    EXPECT_EQ(golden.layers.workers[0], first);
    EXPECT_EQ(golden.layers.workers[1], (std::vector<WorkerLayer>{{LayerId{2}, SpecId{0}}, {LayerId{1}, SpecId{0}}}));
    EXPECT_EQ(golden.layers.workers[2], first);
    EXPECT_EQ(golden.memory, (std::vector<Bytes>{Bytes{1}, Bytes{-1}, Bytes{0}}));
}

TEST(GoldenPlan, IsKnownByItsKeys) {
    const auto recognised = [](const std::string& text) {
        const auto document = read_json({.file = "", .text = text});
        return is_golden_plan(std::get<JsonDocument>(document).root());
    };
    EXPECT_TRUE(recognised(testing::recorded_line("0.18.0", "full-1-011")));
    EXPECT_TRUE(recognised(R"({"specs":[],"workers":[]})"));
    EXPECT_FALSE(recognised(R"({"id":"x","engine":"vllm-0.18.0","groups":[],"truth":[]})"));
    EXPECT_FALSE(recognised("{}"));
    EXPECT_FALSE(recognised("[]"));
}

TEST(GoldenPlan, OfAnEngineThatIsNotReleasedHasTheShapeThatItsSettingsTell) {
    Json older = case_of("0.18.0", "full-1-011");
    Json newer = case_of("0.32.0", "full-1-011");
    older["engine"] = newer["engine"] = "reference";
    EXPECT_EQ(plan_of(older.dump()).shape, RecordShape::vllm_0_18);
    EXPECT_EQ(plan_of(newer.dump()).shape, RecordShape::vllm_0_32);
}

TEST(GoldenPlan, WithAWrongTypeInAnyFieldIsRefusedThere) {
    const Json line = rich_case();
    std::set<std::string> seen;
    for (const Place& place : testing::places_in(line, is_any)) {
        if (!seen.insert(place.field).second) continue;  // One of each field is enough.
        const std::string name = place.field.substr(place.field.rfind('.') + 1);
        const bool text_or_null = name == "speculative_method" || name == "cache_dtype_str" || name == "model_version";
        for (const Json& wrong : {Json(Json::array({Json::array()})), Json(Json::object({{"wrong", 1}})), Json("wrong"), Json(-7.5)}) {
            const Json& right = line[place.pointer];
            if (wrong.type() == right.type() || (wrong.is_string() && text_or_null)) continue;
            Json changed = line;
            changed[place.pointer] = wrong;
            const Diagnostics errors = errors_of(changed);
            ASSERT_FALSE(errors.empty()) << place.field << " took " << wrong;
            EXPECT_EQ(errors.front().where.line, 3U);
            EXPECT_EQ(errors.front().message.substr(errors.front().message.find("expected"), 8), "expected") << to_text(errors);
        }
    }
    EXPECT_GT(seen.size(), 80U);
}

TEST(GoldenPlan, WithAnUnknownKeyAnywhereIsRefusedThere) {
    const Json line = rich_case();
    Json changed = line;
    changed["ID"] = 1;
    EXPECT_EQ(errors_of(changed).at(0).message, "ID: unknown key: did you mean `id`?");
    for (const Place& place : testing::places_in(line, is_object)) {
        changed = line;
        changed[place.pointer]["kv_haeds"] = 1;
        const Diagnostics errors = errors_of(changed);
        ASSERT_EQ(errors.size(), 1U) << place.field;
        EXPECT_NE(errors.front().message.find("kv_haeds: unknown key"), std::string::npos) << to_text(errors);
    }
}

TEST(GoldenPlan, WithoutASettingIsRefused) {
    const Json line = rich_case();
    for (const auto& [key, value] : line["config"].items()) {
        Json changed = line;
        changed["config"].erase(key);
        const Diagnostics errors = errors_of(changed);
        ASSERT_EQ(errors.size(), 1U) << key;
        EXPECT_EQ(errors.front().message, "config: expected the key `" + key + "`, which is missing");
    }
}

TEST(GoldenPlan, CutAnywhereIsRefusedAtAPlaceInIt) {
    const std::string line = testing::recorded_line("0.18.0", "full-1-011");
    for (std::size_t size = 0; size < line.size(); ++size) {
        const auto cut = read(line.substr(0, size));
        ASSERT_TRUE(std::holds_alternative<Diagnostics>(cut)) << size;
        const Diagnostic& error = std::get<Diagnostics>(cut).at(0);
        EXPECT_EQ(error.where.line, 3U);
        EXPECT_LE(error.where.column, size + 1);
    }
}

TEST(GoldenPlan, WithAChangedByteIsReadOrRefusedButNeverCrashes) {
    const std::string line = testing::recorded_line("0.18.0", "bad-1-002");
    for (std::size_t place = 0; place < line.size(); ++place) {
        for (const char byte : {'0', '9', '-', '"', ',', '{', ']', '\\', '\xff'}) {
            std::string changed = line;
            changed[place] = byte;
            read(changed);
        }
    }
}

TEST(GoldenPlan, HasAFigureOfMemoryForEachWorker) {
    Json line = small_case();
    line["available_memory"] = Json::array();
    EXPECT_EQ(errors_of(line).at(0).message, "available_memory: expected one figure for each of 1 workers, found an array of 0 values");
    line["workers"] = Json::array();
    EXPECT_EQ(errors_of(line).at(0).message, "workers: expected at least one worker, found an array of 0 values");
}

TEST(GoldenPlan, RefersToEarlierWorkersOnly) {
    Json line = small_case();
    const Json layers = line["workers"][0];
    line["available_memory"] = {1, 1};
    line["workers"] = {layers, {{"same_as", 1}}};
    EXPECT_EQ(errors_of(line).at(0).message, "workers[1].same_as: expected an integer from 0 to 0, found 1");
    line["workers"] = {{{"same_as", 0}}, layers};
    EXPECT_EQ(errors_of(line).at(0).message, "workers[0].same_as: expected the first worker itself: no worker is before it");
    line["workers"] = {layers, {{"same_as", 0}}};
    EXPECT_TRUE(errors_of(line).empty());
}

TEST(GoldenPlan, RefersToSpecsOfItsTableOnly) {
    Json line = small_case();
    Json& spec = line["workers"][0]["layers"][0]["spec"];
    spec = 2;
    EXPECT_EQ(errors_of(line).at(0).message, "workers[0].layers[0].spec: expected an integer from 0 to 1, found 2");
    spec = -1;
    EXPECT_FALSE(errors_of(line).empty());
    spec = 0;
    line["specs"] = Json::array();
    EXPECT_EQ(errors_of(line).at(0).message, "workers[0].layers[0].spec: expected a place in `specs`, which is empty, found 0");
}

TEST(GoldenPlan, HasALayerOnlyOnceInAWorker) {
    Json line = small_case();
    Json& layers = line["workers"][0]["layers"];
    layers.push_back(layers[0]);
    const std::string place = "workers[0].layers[" + std::to_string(layers.size() - 1) + "].name";
    EXPECT_EQ(errors_of(line).at(0).message, place + ": expected each layer of a worker once, found " + layers[0]["name"].dump());
}

TEST(GoldenPlan, ExpectsOnlyLayersThatAWorkerHolds) {
    Json line = case_of("0.18.0", "full-1-011");
    line["expect"]["groups"][0]["layers"][0] = "L99";
    EXPECT_EQ(errors_of(line).at(0).message, "expect.groups[0].layers[0]: expected the name of a layer that a worker holds, found \"L99\"");
}

TEST(GoldenPlan, HasAtMost1024Workers) {
    Json line = small_case();
    line["workers"] = Json::array({line["workers"][0]});
    line["available_memory"] = Json::array({1});
    for (std::size_t i = 1; i < workers_max; ++i) {
        line["workers"].push_back({{"same_as", 0}});
        line["available_memory"].push_back(1);
    }
    EXPECT_TRUE(errors_of(line).empty());
    line["workers"].push_back({{"same_as", 0}});
    line["available_memory"].push_back(1);
    EXPECT_EQ(errors_of(line).size(), 2U);
}

TEST(GoldenPlan, HasAtMost16384LayersAWorker) {
    Json line = small_case();
    Json& layers = line["workers"][0]["layers"];
    layers = Json::array();
    for (std::size_t i = 0; i < worker_layers_max; ++i) layers.push_back({{"name", "layer" + std::to_string(i)}, {"spec", 0}});
    EXPECT_TRUE(errors_of(line).empty());
    const Json most = line;
    layers.push_back({{"name", "one more"}, {"spec", 0}});
    EXPECT_EQ(errors_of(line).at(0).message,
              "workers[0].layers: expected an array of at most 16384 values, found an array of 16385 values");

    line = most;  // Sixteen such workers are the most of all together.
    for (std::size_t i = 1; i < 16; ++i) {
        line["workers"].push_back({{"same_as", 0}});
        line["available_memory"].push_back(1);
    }
    EXPECT_TRUE(errors_of(line).empty());
    line["workers"].push_back({{"same_as", 0}});
    line["available_memory"].push_back(1);
    EXPECT_EQ(errors_of(line).at(0).message, "workers[16]: expected at most 262144 layers of all workers together");
}

}  // namespace
}  // namespace kv
