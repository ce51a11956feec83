// The scenarios that ship: each finds what it expects, `affects` names the released engines that show something and no other, and the
// engine without known defects shows nothing.
#include "scenarios/scenario.h"
#include "tests/cli/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <variant>

namespace kv::testing {
namespace {

// Folders whose files say what they expect: plans are there to be planned.
std::string shipped() {
    std::set<std::string> folders;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(KV_SOURCE_DIR "/scenarios"))
        if (entry.path().extension() == ".toml" && entry.path().parent_path().filename() != "plans")
            folders.insert(std::filesystem::relative(entry.path().parent_path(), KV_SOURCE_DIR).string());
    std::string words;
    for (const std::string& folder : folders) words += ' ' + folder;
    return words;
}

nlohmann::json ran(const std::string& more, int status_max) {
    const Said said = kvproof("run" + shipped() + " --format json" + more);
    EXPECT_LE(said.status, status_max) << said.err;
    return nlohmann::json::parse(said.out).at("scenarios");
}

TEST(ShippedScenarios, FindWhatTheyExpect) {
    const nlohmann::json scenarios = ran("", 0);
    EXPECT_GE(scenarios.size(), 4U);
    for (const auto& scenario : scenarios) {
        ASSERT_TRUE(scenario.at("expectations").is_array()) << scenario.at("file") << " expects nothing";
        for (const auto& expectation : scenario.at("expectations"))
            EXPECT_TRUE(expectation.at("met").get<bool>()) << scenario.at("file") << ": " << expectation.dump();
    }
}

TEST(ShippedScenarios, GiveNoFindingOfTheReference) {
    for (const auto& scenario : ran(" --engine reference", 0)) EXPECT_TRUE(scenario.at("findings").empty()) << scenario.at("file");
}

TEST(ShippedScenarios, AffectTheReleasedEnginesThatTheyName) {
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0"}) {
        for (const auto& each : ran(" --engine " + engine, 1)) {
            const std::string file = each.at("file");
            const auto loaded = load_scenario(KV_SOURCE_DIR "/" + file);
            const auto& scenario = std::get<Scenario>(loaded);
            const bool named = std::ranges::find(scenario.affects, engine) != scenario.affects.end();
            EXPECT_EQ(!each.at("findings").empty(), named) << file << " on " << engine;
        }
    }
}

}  // namespace
}  // namespace kv::testing
