// The recorded answers have teeth: a rule of a released engine cannot be swapped without a recorded case noticing. And whatever
// table of rules is put together, planning and the cache manager answer; they never break a contract of ours.
#include "model/plan.h"
#include "tests/harness/recording_kinds.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kv::testing {
namespace {

const Engine& released(const std::string& version) { return *std::ranges::find(engines(), "vllm-" + version, &Engine::name); }

bool noticed(const Engine& engine, const std::vector<Differs>& cases) {
    return std::ranges::any_of(cases, [&](const Differs& differs) { return differs(engine); });
}

// Rules that answer alike on everything that this version can be given or that is recorded of it.
bool cannot_differ(const std::string& version, std::string_view slot, std::string_view rule) {
    const std::vector<std::pair<std::string_view, std::string_view>> old_only{
        {"retention", "window-and-lookahead"},   // 0.18.0 has no drafters of several modules,
        {"draft-groups", "marked-or-trailing"},  // marks no groups,
        {"packing", "page-pattern"},             // has no block-outermost layouts,
        {"block-bytes", "widest-group"},         // pads no strides, so that both give layers x page,
        {"block-sizes", "lcm-and-gcd"},          // and records no scheduler block size.
        {"row-reader", "as-written"},            // Reading captured rows is not recorded.
        {"row-reader", "as-written-or-missing"},
        {"row-reader", "by-content"},
        {"encoder-length", "longest-input"},  // What a request's encoder takes is recorded as no other figure than a step's,
        {"host-row", "own-group"},            // host tiers are not recorded,
        {"host-row", "pool-block"},
        {"host-row", "all-groups"},
        {"state-marks", "once"},  // its states are marked when they are new,
        {"padded-states", "null-block"},
        {"states-written", "chunk-ends"},  // what workers leave in blocks is not recorded,
        {"encoder-release", "once"},       // nor are requests with an encoder's input.
        {"row-overflow", "refused"},       // Its ids are of 32 bits.
        {"row-staging", "shared"},         // A step's rows are stored before the next step begins,
        {"hit-rows", "at-admission"},      // read when their request stops,
        {"lost-rows", "missing"},          // and kept one a slot, so that none is lost
        {"resumed-rows", "placed"},        // and none comes twice.
        {"request-gate", "whole-request-uncapped"},
        {"request-gate", "whole-request"},    // Its calls cannot ask for a whole request, a watermark or reserved blocks,
        {"window-basis", "settled-tokens"}};  // and its requests do not say what is in flight.
    const std::vector<std::pair<std::string_view, std::string_view>> new_only{
        {"encoder-length", "longest-input"},  // As of 0.18.0.
        {"host-row", "own-group"},
        {"host-row", "page-times-tensors"},
        {"host-row", "all-groups"},
        {"padded-states", "null-block"},
        {"states-written", "chunk-ends"},
        {"encoder-release", "once"},
        {"capture-group", "first-group"},  // 0.32.0 keys rows by content: no slot is recorded that a capture group could change.
        {"capture-group", "first-attention"},
        {"table-block", "kernel-blocks"},  // Its block tables are not told the kernel's block size,
        {"row-writer", "first-group"},
        {"row-reader", "manager-blocks"},  // and no rows are read by slot,
        {"row-reader", "as-written"},
        {"row-reader", "as-written-or-missing"},
        {"pad-rows", "negative-wraps"},  // nor written.
        {"hit-rows", "at-admission"},    // A step's objects come before what is put together of them,
        {"resumed-rows", "placed"}};     // and the scheduler asks for none twice.
    const auto& list = version == "0.18.0" ? old_only : new_only;
    return std::ranges::find(list, std::pair{slot, rule}) != list.end();
}

class RuleTeeth : public ::testing::TestWithParam<std::string> {};

void expect_teeth(const RecordingKind& kind, const std::string& version) {
    const std::vector<Differs> cases = kind.cases(version);
    ASSERT_FALSE(cases.empty()) << kind.name;
    ASSERT_FALSE(noticed(released(version), cases)) << kind.name;
    for (const Slot& slot : slots()) {
        if (kind_that_notices(slot.area).name != kind.name) continue;
        for (const RuleText& rule : slot.rules) {
            Engine changed = released(version);
            if (rule.id == slot.rule_of(changed)) continue;
            ASSERT_TRUE(slot.replace(changed, rule.id));
            EXPECT_EQ(noticed(changed, cases), !cannot_differ(version, slot.id, rule.id)) << slot.id << '=' << rule.id;
        }
    }
}

TEST_P(RuleTeeth, ARuleCannotBeSwappedWithoutARecordedCaseNoticing) {
    for (const RecordingKind& kind : recording_kinds()) expect_teeth(kind, GetParam());
}

TEST(RuleTeeth, NorCanOneOfTheReleaseOfWhichOnlyTheCaptureIsRecorded) { expect_teeth(kind_that_notices(SlotArea::capture), "0.33.0"); }

INSTANTIATE_TEST_SUITE_P(Released, RuleTeeth, ::testing::Values("0.18.0", "0.32.0"),
                         [](const auto& tried) { return tried.param == "0.18.0" ? std::string("Old") : std::string("New"); });

TEST(RecordingKinds, EachAreaOfTheTableHasOneThatNoticesIt) {
    std::set<SlotArea> listed;
    for (const RecordingKind& kind : recording_kinds())
        for (const SlotArea area : kind.areas) EXPECT_TRUE(listed.insert(area).second) << kind.name;
    for (const Slot& slot : slots()) EXPECT_TRUE(listed.contains(slot.area)) << slot.id;
}

// Up to five slots, of one area of the table or of any.
Engine with_swapped_rules(std::optional<SlotArea> area) {
    std::vector<const Slot*> in_area;
    for (const Slot& slot : slots())
        if (!area || slot.area == *area) in_area.push_back(&slot);
    Engine engine = engines()[*rc::gen::inRange<std::size_t>(0, engines().size())];
    const auto swaps = *rc::gen::inRange(0, 6);
    for (int i = 0; i < swaps; ++i) {
        const Slot& slot = **rc::gen::elementOf(in_area);
        slot.replace(engine, slot.rules[*rc::gen::inRange<std::size_t>(0, slot.rules.size())].id);
    }
    return engine;
}

RC_GTEST_PROP(AnyTableOfRules, AnswersEveryRecordedModelWithAPlanOrARefusal, ()) {
    const std::vector<GoldenPlan>& cases = plan_cases(*rc::gen::element<std::string>("0.18.0", "0.32.0"));
    const GoldenPlan& golden = cases[*rc::gen::inRange<std::size_t>(0, cases.size())];
    const Engine engine = with_swapped_rules(std::nullopt);
    const PlanOutcome outcome = make_plan(engine, golden.input());
    if (const auto* plan = std::get_if<Plan>(&outcome)) {
        RC_ASSERT(plan->workers.size() == golden.memory.size());
        RC_ASSERT(plan->model_len_max <= golden.settings.model_len_max);
    } else {
        RC_ASSERT(!std::get<RefusedPlan>(outcome).refusal.message.empty());
    }
}

RC_GTEST_PROP(AnyTableOfRules, ReplaysEveryRecordedTraceUntilItDiffersOrToTheEnd, ()) {
    const std::string version = *rc::gen::element<std::string>("0.18.0", "0.32.0");
    const auto traces = std::ranges::find(recording_kinds(), "traces", &RecordingKind::name);
    static std::map<std::string, std::vector<Differs>> cases;
    if (!cases.contains(version)) cases[version] = traces->cases(version);
    const Engine engine = with_swapped_rules(SlotArea::holding);
    for (int i = 0; i < 50; ++i) {
        const Differs& differs = cases[version][*rc::gen::inRange<std::size_t>(0, cases[version].size())];
        RC_ASSERT(differs(engine) == differs(engine));  // And answers alike when asked again.
    }
}

}  // namespace
}  // namespace kv::testing
