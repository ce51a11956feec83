// The tables of rules: what flags, `explain`, `diff` and mutants walk.
#include "model/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace kv {
namespace {

TEST(Engines, HaveTheirOwnNames) {
    std::set<std::string_view> names;
    for (const Engine& engine : engines()) {
        EXPECT_TRUE(names.insert(engine.name).second) << engine.name;
        EXPECT_FALSE(engine.meaning.empty()) << engine.name;
    }
    EXPECT_TRUE(names.contains("vllm-0.18.0") && names.contains("vllm-0.32.0") && names.contains("reference"));
}

TEST(Slots, NameTheirRulesOnceWithAMeaningAndASource) {
    std::set<std::string_view> slot_ids;
    for (const Slot& slot : slots()) {
        EXPECT_TRUE(slot_ids.insert(slot.id).second) << slot.id;
        EXPECT_FALSE(slot.meaning.empty()) << slot.id;
        std::set<std::string_view> rule_ids;
        for (const RuleText& rule : slot.rules) {
            EXPECT_TRUE(rule_ids.insert(rule.id).second) << slot.id << '=' << rule.id;
            EXPECT_FALSE(rule.meaning.empty() || rule.source.empty()) << slot.id << '=' << rule.id;
        }
        EXPECT_GT(rule_ids.size(), 1U) << slot.id << " decides nothing";
    }
}

TEST(Slots, KnowTheRuleOfEveryEngineAndReplaceItByEveryOther) {
    for (const Engine& engine : engines()) {
        for (const Slot& slot : slots()) {
            EXPECT_NE(std::ranges::find(slot.rules, slot.rule_of(engine), &RuleText::id), slot.rules.end()) << slot.id;
            for (const RuleText& rule : slot.rules) {
                Engine changed = engine;
                EXPECT_TRUE(slot.replace(changed, rule.id));
                EXPECT_EQ(slot.rule_of(changed), rule.id);
                for (const Slot& other : slots())
                    if (other.id != slot.id) {
                        EXPECT_EQ(other.rule_of(changed), other.rule_of(engine)) << slot.id << " changed " << other.id;
                    }
            }
            Engine same = engine;
            EXPECT_FALSE(slot.replace(same, "no-such-rule"));
        }
    }
}

TEST(Patches, ReplaceRulesThatExistAndChangeTheReleasedEngine) {
    for (const Patch& patch : patches()) {
        const auto spelled = engine_spelled("vllm-0.18.0+" + std::string(patch.id));
        ASSERT_TRUE(std::holds_alternative<Engine>(spelled)) << patch.id;
        for (const Patch::Replacement& replacement : patch.replacements) {
            const auto slot = std::ranges::find(slots(), replacement.slot, &Slot::id);
            ASSERT_NE(slot, slots().end()) << patch.id;
            EXPECT_EQ(slot->rule_of(std::get<Engine>(spelled)), replacement.rule);
            EXPECT_NE(slot->rule_of(engines()[0]), replacement.rule) << patch.id << " changes nothing";
        }
    }
}

std::pair<std::string, std::size_t> mistake(std::string_view spelling) {
    const auto spelled = engine_spelled(spelling);
    if (std::holds_alternative<Engine>(spelled)) return {"", 0};
    const auto& wrong = std::get<EngineSpelling>(spelled);
    return {wrong.message, wrong.column};
}

TEST(EngineSpelling, ReadsPatchesAndThenSingleRules) {
    const auto spelled = engine_spelled("vllm-0.18.0+pr-37118+pr-40384,capture-group=first-full,null-block=reserved");
    ASSERT_TRUE(std::holds_alternative<Engine>(spelled));
    const Engine& engine = std::get<Engine>(spelled);
    EXPECT_EQ(engine.side_buffer_rows.id, "group-slots");
    EXPECT_EQ(engine.reported_tokens.id, "smallest-block-over-growing-groups");
    EXPECT_EQ(engine.capture_group.id, "first-full");
    EXPECT_EQ(engine.null_block.id, "reserved");
}

TEST(EngineSpelling, RefusesATableThatCannotBe) {
    const auto [message, column] = mistake("vllm-0.32.0,smallest-rank=shrink");
    EXPECT_EQ(message,
              "`worker-layout=strided-tensors` needs `smallest-rank=replan`, and here is `smallest-rank=shrink`: "
              "strides depend on the block count, so a layout cannot shrink");
    EXPECT_EQ(column, 13U);
    EXPECT_EQ(mistake("vllm-0.18.0,packing=page-pattern").second, 13U);
    EXPECT_EQ(mistake("vllm-0.18.0,worker-layout=strided-tensors,smallest-rank=replan,packing=page-pattern").first, "");
}

TEST(Requirements, NameRulesThatExistAndHoldInEveryShippedEngine) {
    const auto exists = [](std::string_view slot_id, std::string_view rule_id) {
        const auto slot = std::ranges::find(slots(), slot_id, &Slot::id);
        return slot != slots().end() && std::ranges::find(slot->rules, rule_id, &RuleText::id) != slot->rules.end();
    };
    for (const Requirement& requirement : requirements()) {
        EXPECT_TRUE(exists(requirement.slot, requirement.rule) && exists(requirement.needs_slot, requirement.needs_rule))
            << requirement.why;
    }
    for (const Engine& engine : engines()) EXPECT_EQ(mistake(engine.name).first, "") << engine.name;
}

TEST(EngineSpelling, PointsAtWhatItDoesNotKnow) {
    EXPECT_EQ(mistake("vllm-0.18"),
              (std::pair{std::string("there is no engine `vllm-0.18`; there are vllm-0.18.0, vllm-0.32.0, vllm-0.33.0, reference"),
                         std::size_t{1}}));
    EXPECT_EQ(mistake("").second, 1U);
    EXPECT_EQ(mistake("vllm-0.18.0+pr-1").second, 13U);
    EXPECT_EQ(mistake("vllm-0.18.0,side-bufer=x").second, 13U);
    EXPECT_EQ(mistake("vllm-0.18.0,side-buffer=x").second, 13U);
    EXPECT_EQ(mistake("vllm-0.18.0,side-buffer").first, "expected `slot=rule`, found `side-buffer`");
    EXPECT_EQ(mistake("vllm-0.18.0,null-block=reserved+pr-37118").first, "patches (+) stand before single rules (,)");
    EXPECT_EQ(mistake("vllm-0.18.0+").second, 13U);
}

}  // namespace
}  // namespace kv
