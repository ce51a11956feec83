// The scenarios that ship: each finds what it expects, `affects` names the released engines that show something and no other, and the
// engine without known defects shows nothing.
#include "scenarios/scenario.h"
#include "tests/cli/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <variant>

namespace kv::testing {
namespace {

nlohmann::json ran(const std::string& more, int status_max) {
    const Said said = kvproof("run scenarios --format json" + more);
    EXPECT_LE(said.status, status_max) << said.err;
    return nlohmann::json::parse(said.out).at("scenarios");
}

TEST(ShippedScenarios, FindWhatTheyExpect) {
    const nlohmann::json scenarios = ran("", 0);
    EXPECT_GE(scenarios.size(), 70U);
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

TEST(ShippedScenarios, AreListedInTheirReadme) {
    EXPECT_EQ(contents(KV_SOURCE_DIR "/scenarios/README.md"), kvproof("run scenarios --format md").out)
        << "scenarios/README.md is old: `kvproof run scenarios --format md --output scenarios/README.md`";
}

}  // namespace
}  // namespace kv::testing
