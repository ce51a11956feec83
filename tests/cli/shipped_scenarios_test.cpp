// The scenarios that ship: each finds what it expects, `affects` names the released engines that show something and no other, and the
// engine without known defects shows nothing.
#include "model/known_bugs.h"
#include "properties/judges.h"
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

std::vector<Scenario> shipped() {
    std::vector<Scenario> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(KV_SOURCE_DIR "/scenarios")) {
        if (entry.path().extension() != ".toml") continue;
        auto loaded = load_scenario(entry.path().string());
        if (const auto* errors = std::get_if<Diagnostics>(&loaded)) ADD_FAILURE() << to_text(*errors);
        else all.push_back(std::get<Scenario>(std::move(loaded)));
    }
    return all;
}

// Which bugs a property catches in a shipped scenario: one that is about the bug and expects the property to be broken.
std::set<std::string> caught_by(PropertyId property, const std::vector<Scenario>& scenarios) {
    std::set<std::string> bugs;
    for (const Scenario& scenario : scenarios)
        for (const Expectation& expected : scenario.expectations)
            if (expected.property == property && expected.verdict == ExpectedVerdict::broken)
                bugs.insert(scenario.bugs.begin(), scenario.bugs.end());
    return bugs;
}

TEST(ShippedScenarios, ShowTheBugsThatThePropertiesSayTheyCatch) {
    const std::vector<Scenario> scenarios = shipped();
    for (const PropertyText* property : property_texts()) {
        const std::set<std::string> said(property->bugs.begin(), property->bugs.end());
        EXPECT_EQ(said, caught_by(property->id, scenarios)) << property_ids[static_cast<std::size_t>(property->id)];
        for (const std::string& bug : said) EXPECT_NE(known_bug(bug), nullptr) << bug;
    }
}

TEST(ShippedScenarios, ShowFortyOfTheBugsOfTheCatalogue) {
    const std::vector<Scenario> scenarios = shipped();
    std::set<std::string> shown;
    for (const PropertyText* property : property_texts()) shown.merge(caught_by(property->id, scenarios));
    const auto of_threads = std::ranges::count_if(shown, [](const std::string& bug) { return bug.starts_with('B'); });
    EXPECT_GE(of_threads, 40);
}

TEST(ShippedScenarios, AreListedInTheirReadme) {
    EXPECT_EQ(contents(KV_SOURCE_DIR "/scenarios/README.md"), kvproof("run scenarios --format md").out)
        << "scenarios/README.md is old: `kvproof run scenarios --format md --output scenarios/README.md`";
}

}  // namespace
}  // namespace kv::testing
