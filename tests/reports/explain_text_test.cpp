#include "reports/explain_text.h"

#include "model/engine.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv {
namespace {

TEST(Explain, ListsEveryEngineSlotRuleAndPatch) {
    const std::string all = explain_all_text(Color::off);
    for (const std::string_view id : explained_ids()) EXPECT_NE(all.find(id), std::string::npos) << id;
}

TEST(Explain, TellsOfEverythingThatItLists) {
    for (const std::string_view id : explained_ids()) {
        EXPECT_TRUE(explain_text(id, Color::off)) << id;
        EXPECT_TRUE(nlohmann::json::accept(explain_json(id).value_or(""))) << id;
    }
}

TEST(Explain, SaysWhoUsesARuleAndWhatPutsItIn) {
    const std::string rule = explain_text("side-buffer=group-slots", Color::off).value();
    EXPECT_NE(rule.find("  used by             reference\n"), std::string::npos) << rule;
    EXPECT_NE(rule.find("  set by              pr-37118\n"), std::string::npos) << rule;
    EXPECT_NE(rule.find("  choose it with      --rule side-buffer=group-slots\n"), std::string::npos) << rule;
}

TEST(Explain, MarksWhatASpellingReplaces) {
    const std::string engine = explain_text("vllm-0.18.0+pr-37118", Color::off).value();
    EXPECT_NE(engine.find("group-slots (replaced)"), std::string::npos) << engine;
    EXPECT_EQ(explain_text("vllm-0.18.0", Color::off)->find("(replaced)"), std::string::npos);
}

TEST(Explain, KnowsNothingOfOtherWords) {
    EXPECT_FALSE(explain_text("", Color::off));
    EXPECT_FALSE(explain_text("side-bufer", Color::off));
    EXPECT_FALSE(explain_text("packing=group-slots", Color::off));
    EXPECT_FALSE(explain_json("no-such"));
}

TEST(ExplainJson, HasTheTablesOfAllEngines) {
    const auto json = nlohmann::json::parse(explain_all_json());
    EXPECT_EQ(json["format"], 1);
    EXPECT_EQ(json["engines"].size(), engines().size());
    EXPECT_EQ(json["slots"].size(), slots().size());
    for (const auto& engine : json["engines"]) EXPECT_EQ(engine["rules"].size(), slots().size());
    for (const auto& slot : json["slots"])
        for (const auto& rule : slot["rules"]) EXPECT_FALSE(rule["meaning"].get<std::string>().empty()) << rule["id"];
}

}  // namespace
}  // namespace kv
