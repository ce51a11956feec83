// What a delivered row is made of, by the rules of engines.
#include "model/capture/row_format.h"

#include "model/capture/step_rows.h"
#include "model/refusal.h"
#include "tests/model/table_build.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

constexpr RouterShape routers{.experts = 8, .topk = 2};

RowFormat format_of(std::string_view engine, const RowModel& model) { return {engine_of(engine), model}; }
std::optional<Refusal> start_refused(std::string_view engine, const RowModel& model) {
    return refusal_of([&] { format_of(engine, model); });
}
RowPart part(std::int64_t first, std::int64_t layers, RowWriter writer, bool routed = true) {
    return {.first_layer = first, .layers = layers, .writer = writer, .routed = routed};
}

TEST(RowFormat, HasZerosForDenseLayersOrNoEntryAtAll) {
    // verl#5037: 61 layers of which the first 3 are dense; whoever counts routers finds each one's rows at its neighbour's place.
    const RowModel model{.layers = 61, .dense_first = 3, .routers = routers};
    const RowFormat all = format_of("vllm-0.18.0", model), only = format_of("reference", model);
    EXPECT_THAT(all.parts(), ElementsAre(part(0, 3, RowWriter::nobody, false), part(3, 58, RowWriter::target)));
    EXPECT_THAT(only.parts(), ElementsAre(part(3, 58, RowWriter::target)));
    EXPECT_EQ(all.entries(), 61);
    EXPECT_EQ(only.entries(), 58);
}

TEST(RowFormat, LosesTheLayersOfEarlyPipelineStagesWhereTheLastOneWritesWholeRows) {
    // vllm#35623: 48 layers as 24 and 24.
    const RowModel model{.layers = 48, .stage_layers = {24, 24}, .routers = routers};
    EXPECT_THAT(format_of("vllm-0.18.0", model).parts(), ElementsAre(part(0, 24, RowWriter::nobody), part(24, 24, RowWriter::target)));
    EXPECT_THAT(format_of("reference", model).parts(), ElementsAre(part(0, 48, RowWriter::target)));
    const auto refusal = start_refused("vllm-0.32.0", model);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->type, Raised::value_error);
    EXPECT_FALSE(start_refused("vllm-0.32.0", {.layers = 48, .stage_layers = {48}, .routers = routers}));
}

TEST(RowFormat, HasADraftersRowsWhereItsLayersCountFromZeroAndItIsBoundToo) {
    const RowModel anew{.layers = 12, .draft_layers = 2, .draft_first = 0, .routers = routers};
    const RowFormat bound = format_of("vllm-0.18.0", anew);
    EXPECT_THAT(bound.parts(), ElementsAre(part(0, 2, RowWriter::drafter), part(2, 10, RowWriter::target)));
    EXPECT_EQ(bound.columns(), 2);
    EXPECT_THAT(format_of("vllm-0.32.0", anew).parts(), ElementsAre(part(0, 12, RowWriter::target)));
    const RowModel onward{.layers = 12, .draft_layers = 2, .draft_first = 12, .routers = routers};
    EXPECT_THAT(format_of("vllm-0.18.0", onward).parts(), ElementsAre(part(0, 12, RowWriter::target))) << "past the target's: dropped";
    const RowModel across{.layers = 12, .draft_layers = 2, .draft_first = 11, .routers = routers};
    EXPECT_THAT(format_of("vllm-0.18.0", across).parts(), ElementsAre(part(0, 11, RowWriter::target), part(11, 1, RowWriter::drafter)));
}

TEST(RowFormat, OfAKernelThatRoutesInsideIsNobodysOrRefusedAtStart) {
    const RowModel model{.layers = 48, .routers = routers, .routes_inside = true};
    const RowFormat silent = format_of("vllm-0.18.0", model);
    EXPECT_THAT(silent.parts(), ElementsAre(part(0, 48, RowWriter::nobody)));
    EXPECT_FALSE(silent.target_writes());
    EXPECT_TRUE(start_refused("vllm-0.32.0", model));
    EXPECT_TRUE(start_refused("reference", model));
}

TEST(RowFormat, HasPhysicalIdsBeyondTheExpertsOnlyWhereTheyAreCapturedAfterTheMap) {
    const RowModel model{.layers = 4, .routers = {.experts = 128, .topk = 8}, .replicas = 32};
    EXPECT_EQ(format_of("vllm-0.18.0", model).id_end(), 128);
    EXPECT_EQ(format_of("vllm-0.18.0,row-ids=physical", model).id_end(), 160);
}

TEST(RowFormat, IsOneByteUpTo256Experts) {
    const auto type = [](std::string_view engine, std::int64_t experts) {
        return format_of(engine, {.layers = 1, .routers = {.experts = experts, .topk = 1}}).type();
    };
    EXPECT_EQ(type("vllm-0.18.0", 256), RowType::int32);
    EXPECT_EQ(type("vllm-0.32.0", 256), RowType::uint8);
    EXPECT_EQ(type("vllm-0.32.0", 257), RowType::uint16);
    EXPECT_EQ(type("vllm-0.32.0,row-type=always-uint8", 257), RowType::uint8);
    EXPECT_EQ(type("vllm-0.32.0,row-type=by-step", 257), std::nullopt);
}

TEST(RowFormat, WrapsIdsThatItsTypeCannotHoldOrIsRefusedAtStart) {
    const auto model = [](std::int64_t experts, std::int64_t replicas = 0) {
        return RowModel{.layers = 1, .routers = {.experts = experts, .topk = 1}, .replicas = replicas};
    };
    EXPECT_TRUE(format_of("vllm-0.32.0,row-type=always-uint8", model(256)).holds_every_id());
    EXPECT_FALSE(format_of("vllm-0.32.0,row-type=always-uint8", model(257)).holds_every_id());
    EXPECT_EQ(stored_id(256, RowType::uint8), 0);
    EXPECT_EQ(stored_id(511, RowType::uint8), 255);
    EXPECT_EQ(stored_id(255, RowType::uint8), 255);
    const auto refusal = start_refused("reference,row-type=always-uint8", model(257));
    ASSERT_TRUE(refusal);
    EXPECT_THAT(refusal->figures, ElementsAre(256, 255));
    EXPECT_FALSE(start_refused("reference,row-type=always-uint8", model(256)));
    // The type counts logical experts, the ids of replicas go on after them.
    EXPECT_TRUE(start_refused("reference,row-ids=physical", model(256, 1)));
    EXPECT_FALSE(start_refused("reference", model(256, 1)));
    EXPECT_TRUE(start_refused("reference", model(65'537)));
    EXPECT_FALSE(start_refused("reference", model(65'536)));
}

TEST(RowFormat, RefusesAModelThatIsNone) {
    EXPECT_DEATH(format_of("reference", {.layers = 2, .stage_layers = {1, 2}}), "stages share");
    EXPECT_DEATH(format_of("reference", {.layers = 0}), "has layers");
    EXPECT_DEATH(format_of("reference", {.layers = 2, .dense_first = 3}), "dense layers");
}

TEST(StepRows, OfAStepThatIsNotCapturedAreZerosTheLastStepsOrMissing) {
    const auto after_a_skipped_step = [](std::string_view spelling) {
        const Engine engine = engine_of(spelling);
        const RowFormat format(engine, {.layers = 1, .routers = routers});
        StepRows rows(engine, format, 4);
        rows.begin();
        rows.capture(0, std::vector<RowTag>{RowTag{7}, RowTag{8}});
        rows.begin();
        rows.capture(0, std::vector<RowTag>{RowTag{9}});
        return std::vector<RowTag>{rows.rows(0, 2).begin(), rows.rows(0, 2).end()};
    };
    EXPECT_THAT(after_a_skipped_step("vllm-0.18.0"), ElementsAre(RowTag{9}, never_written_tag));
    EXPECT_THAT(after_a_skipped_step("vllm-0.32.0"), ElementsAre(RowTag{9}, RowTag{8}));
    EXPECT_THAT(after_a_skipped_step("reference"), ElementsAre(RowTag{9}, missing_tag));
}

TEST(StepRows, PastTheEndAreLostAndNobodyWroteThem) {
    const Engine engine = engine_of("reference");
    StepRows rows(engine, RowFormat(engine, {.layers = 1, .routers = routers}), 3);
    rows.begin();
    rows.capture(2, std::vector<RowTag>{RowTag{7}, RowTag{8}});
    EXPECT_THAT(rows.rows(2, 2), ElementsAre(RowTag{7}, never_written_tag));
    EXPECT_THAT(rows.rows(5, 1), ElementsAre(never_written_tag));
}

TEST(RowFormat, IsWrittenAsFarApartAsItsIdsUnlessSharedExpertsAreCounted) {
    const RowModel model{.layers = 1, .routers = {.experts = 64, .topk = 8}, .shared_experts = 1};
    EXPECT_EQ(RowFormat(engine_of("reference"), model).stride(), 8);
    EXPECT_EQ(RowFormat(engine_of("reference,row-stride=with-shared"), model).stride(), 9);
}

TEST(StepRows, OfABoundDrafterReplaceTheTargetsInItsColumnOnly) {
    const Engine engine = engine_of("vllm-0.18.0");
    const RowFormat format(engine, {.layers = 4, .draft_layers = 1, .routers = routers});
    StepRows rows(engine, format, 4);
    rows.begin();
    rows.capture(0, std::vector<RowTag>{RowTag{7}, RowTag{8}});
    rows.capture_draft(0, std::vector<RowTag>{RowTag{70}});
    EXPECT_THAT(rows.rows(0, 2), ElementsAre(RowTag{7}, RowTag{70}, RowTag{8}, RowTag{8}));
}

RC_GTEST_PROP(RowFormat, OfAnyTableHasEachLayerOnceOrLeavesItOutForWantOfARouter, ()) {
    Engine engine = engines()[*rc::gen::inRange<std::size_t>(0, engines().size())];
    for (const Slot& slot : slots())
        if (slot.area == SlotArea::delivery) slot.replace(engine, slot.rules[*rc::gen::inRange<std::size_t>(0, slot.rules.size())].id);
    RowModel model{.layers = *rc::gen::inRange<std::int64_t>(1, 20)};
    model.dense_first = *rc::gen::inRange<std::int64_t>(0, model.layers + 1);
    model.draft_layers = *rc::gen::inRange<std::int64_t>(0, 4);
    model.draft_first = *rc::gen::inRange<std::int64_t>(0, 24);
    model.routers = {.experts = *rc::gen::inRange<std::int64_t>(4, 600), .topk = 4};
    for (std::int64_t left = model.layers; left > 0; left -= model.stage_layers.back())
        model.stage_layers.push_back(*rc::gen::inRange<std::int64_t>(1, left + 1));
    std::optional<RowFormat> format;
    if (refusal_of([&] { format.emplace(engine, model); })) return;
    std::int64_t next = engine.row_layers.choice == RowLayers::routers_only ? model.dense_first : 0;
    for (const RowPart& each : format->parts()) {
        RC_ASSERT(each.first_layer == next && each.layers > 0);
        next += each.layers;
    }
    RC_ASSERT(next == model.layers);
}

}  // namespace
}  // namespace kv::testing
