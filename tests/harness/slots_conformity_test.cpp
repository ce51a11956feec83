#include "harness/slots_conformity.h"

#include "harness/conform.h"
#include "tests/support/recorded.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>

#include <array>
#include <set>
#include <string>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Engine engine_of(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

// Fields in which a line differs from what its own engine answers, or from another's.
std::vector<std::string> fields_told(const Json& line, const std::string& spelling = "") {
    const auto document = std::get<JsonDocument>(read_json({.file = "case.jsonl", .text = line.dump()}));
    const auto golden = read_golden_slots(document);
    if (const auto* errors = std::get_if<Diagnostics>(&golden)) return {to_text(*errors)};
    const auto& slots = std::get<GoldenSlots>(golden);
    std::vector<std::string> fields;
    for (const FieldDifference& difference : compare_slots(slots, engine_of(spelling.empty() ? slots.engine : spelling)).differences)
        fields.push_back(difference.field);
    return fields;
}

Json slots_case(const std::string& version, const std::string& id) { return Json::parse(recorded_slots_line(version, id)); }

TEST(SlotsConformity, EveryRecordedMappingAgrees) {
    for (const auto& [version, cases] : std::vector<std::pair<std::string, std::size_t>>{{"0.18.0", 557}, {"0.32.0", 548}}) {
        std::size_t agree = 0;
        for (const std::string& recording : recorded_slots(version)) {
            ConformOptions options;
            options.each = [&](const CaseResult& result) {
                for (const FieldDifference& difference : result.differences)
                    ADD_FAILURE() << result.id << ": " << difference.at << ": recorded " << difference.recorded << ", ours "
                                  << difference.ours;
            };
            const ConformFile file = conform_file(recording, options);
            agree += file.agree;
            EXPECT_EQ(file.differ + file.not_known, 0U) << recording;
            EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
        }
        EXPECT_EQ(agree, cases) << version;
    }
}

TEST(SlotsConformity, EveryRecordedNumberOfAnAnswerIsCompared) {
    std::size_t changed_count = 0;
    for (const auto& [version, id] : std::vector<std::pair<std::string, std::string>>{
             {"0.18.0", "four-groups"}, {"0.32.0", "four-groups"}, {"0.18.0", "move-onto-longer"}, {"0.32.0", "decode-1-prefill-1"}}) {
        const Json line = slots_case(version, id);
        ASSERT_THAT(fields_told(line), IsEmpty()) << id;
        for (const Place& place : places_in(line, [](const Json& value) { return value.is_number(); })) {
            const std::string key = place.field.substr(0, place.field.find('['));
            if (!std::set<std::string>{"row_lengths", "width", "slots"}.contains(key)) continue;
            Json changed = line;
            changed[place.pointer] = changed[place.pointer].get<std::int64_t>() + 1;
            EXPECT_THAT(fields_told(changed), ElementsAre(place.field)) << version << ' ' << id << ' ' << place.pointer.to_string();
            ++changed_count;
        }
    }
    EXPECT_GT(changed_count, 300U);
}

TEST(SlotsConformity, AnAnswerThatIsLongerOrShorterDiffers) {
    const Json line = slots_case("0.32.0", "four-groups");
    for (const char* const key : {"row_lengths", "slots"}) {
        Json shorter = line, longer = line;
        shorter[key][0].erase(shorter[key][0].size() - 1);
        longer[key][0].push_back(0);
        EXPECT_THAT(fields_told(shorter), ElementsAre(std::string(key) + "[]"));
        EXPECT_THAT(fields_told(longer), ElementsAre(std::string(key) + "[]"));
    }
}

TEST(SlotsConformity, AnErrorIsNoMappingAndAMappingNoError) {
    const Json refused = slots_case("0.18.0", "kernel-block-does-not-divide");
    EXPECT_THAT(fields_told(refused), IsEmpty());
    Json changed = refused;
    changed["err"] = "IndexError";
    EXPECT_THAT(fields_told(changed), ElementsAre("err"));
    changed = refused;
    changed["groups"][0]["kernel_block_size"] = 12;
    EXPECT_THAT(fields_told(changed), ElementsAre("err"));
    changed = slots_case("0.18.0", "last-of-table");
    changed.erase("slots");
    changed["err"] = "IndexError";
    EXPECT_THAT(fields_told(changed), ElementsAre("err"));
    changed = slots_case("0.18.0", "last-of-table");
    changed["queries"][1][1] = 2;  // One past the last row's width.
    changed["slots"][0].push_back(0);
    EXPECT_THAT(fields_told(changed), ElementsAre("err"));
}

TEST(SlotsConformity, ComparesWithAnotherEngineWhenAsked) {
    const Json line = slots_case("0.18.0", "width-one-past");
    EXPECT_THAT(fields_told(line, "reference,table-width=as-asked,batch-padding=queried-only"), ElementsAre("err"));
    EXPECT_THAT(fields_told(line, "vllm-0.18.0,table-width=whole-128-tokens"), IsEmpty()) << "8 blocks of 16 are 128 tokens";
    const TemporaryFile file(line.dump() + "\n");
    const auto counts = [](const ConformFile& conform) { return std::array{conform.agree, conform.differ, conform.not_known}; };
    EXPECT_EQ(counts(conform_file(file.path(), {})), (std::array<std::size_t, 3>{1, 0, 0}));
    EXPECT_EQ(counts(conform_file(file.path(), {.changes = ",table-bound=own-row"})), (std::array<std::size_t, 3>{0, 1, 0}));
    EXPECT_EQ(counts(conform_file(file.path(), {.engine = engine_of("vllm-0.32.0")})), (std::array<std::size_t, 3>{0, 1, 0}));
    Json unknown = line;
    unknown["engine"] = "9.9.9";
    EXPECT_EQ(counts(conform_file(TemporaryFile(unknown.dump()).path(), {})), (std::array<std::size_t, 3>{0, 0, 1}));
}

TEST(SlotsConformity, TellsSizesThatDoNotFit64Bits) {
    Json line = slots_case("0.18.0", "last-of-table");
    line["dcp"] = {2'147'483'647, 0};
    line["pcp"] = {2'147'483'647, 0};
    const ConformFile conform = conform_file(TemporaryFile(line.dump()).path(), {});
    ASSERT_EQ(conform.diagnostics.size(), 1U);
    EXPECT_EQ(conform.diagnostics.front().message.substr(0, 33), "expected sizes that fit 64 bits: ");
}

TEST(SlotsConformity, OfAChangedByteIsToldOrAgreesButNeverCrashes) {
    const std::string line = recorded_slots_line("0.18.0", "move-onto-longer");
    for (std::size_t place = 0; place < line.size(); ++place) {
        for (const char byte : {'0', '9', '-'}) {
            std::string changed = line;
            changed[place] = byte;
            const auto document = read_json({.file = "case.jsonl", .text = changed});
            if (std::holds_alternative<Diagnostics>(document)) continue;
            const auto golden = read_golden_slots(std::get<JsonDocument>(document));
            if (const auto* slots = std::get_if<GoldenSlots>(&golden)) compare_slots(*slots, engine_of("reference"));
        }
    }
}

}  // namespace
}  // namespace kv::testing
