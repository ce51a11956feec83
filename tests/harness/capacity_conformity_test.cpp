// What fitted the real engines is what fits here, filled and counted; and each recorded figure is compared.
#include "harness/capacity_conformity.h"

#include "tests/support/recorded_capacity.h"
#include "tests/support/temporary_file.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace kv::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RecordedTruths, AgreeFilledAndCounted) {
    std::size_t agree = 0;
    for (const std::string& file : recorded_truth_files()) {
        const ConformFile conform = conform_file(file, {});
        EXPECT_THAT(conform.diagnostics, IsEmpty()) << file;
        EXPECT_EQ(conform.differ + conform.not_known, 0U)
            << file << ", first " << (conform.fields.empty() ? "" : conform.fields[0].first_id);
        agree += conform.agree;
    }
    EXPECT_EQ(agree, 31U + 31U + 340U + 344U);
}

GoldenCapacity golden_of(const Json& line) {
    const auto document = std::get<JsonDocument>(read_json({.file = "case.jsonl", .text = line.dump()}));
    return std::get<std::optional<GoldenCapacity>>(read_golden_capacity(document)).value();
}

std::vector<std::string> fields_of(const CaseResult& result) {
    std::vector<std::string> fields;
    for (const FieldDifference& difference : result.differences) fields.push_back(difference.field);
    return fields;
}

std::vector<std::string> differing(const Json& line) {
    const GoldenCapacity golden = golden_of(line);
    return fields_of(compare_capacity(golden, std::get<Engine>(engine_spelled(golden.engine))));
}

TEST(RecordedTruths, AreComparedInEveryAnswer) {
    const Json line = recorded_truth("0.32.0", "window-4096-and-full-160k");
    EXPECT_THAT(differing(line), IsEmpty());
    for (const std::string key : {"requests", "further", "tokens"}) {
        Json changed = line;
        changed["truth"][0][key] = changed["truth"][0][key].get<std::int64_t>() + 1;
        EXPECT_THAT(differing(changed), ElementsAre("truth[].constructed." + key, "truth[].counted." + key));
    }
    Json changed = line;
    changed["truth"][0]["reported_concurrency_at_this_max_model_len"] = 1.5;
    EXPECT_THAT(differing(changed), ElementsAre("truth[].reported_concurrency_at_this_max_model_len"));
    changed = line;
    changed["truth"][0] = {{"length", 160000}, {"error", "AssertionError"}};
    EXPECT_THAT(differing(changed), ElementsAre("truth[].constructed.error", "truth[].counted.error"));
}

TEST(RecordedTruths, TellErrorsApartByTheirClass) {
    Json line = recorded_truth("0.32.0", "three-mamba-and-full-784");
    EXPECT_THAT(differing(line), IsEmpty());
    line["truth"][0]["error"] = "ValueError";
    EXPECT_THAT(differing(line), ElementsAre("truth[].constructed.error", "truth[].counted.error"));
    line["scheduler_block_size"] = 32768 * 49;  // A multiple of both block sizes: now the manager is made.
    EXPECT_THAT(differing(line), Contains("truth[].constructed.error"));
}

TEST(RecordedTruths, WithAChangedByteAreToldOrAgreeButNeverCrash) {
    for (const auto& [version, id] : {std::pair{"0.18.0", "nemotron-align-spec"}, std::pair{"0.32.0", "circular-and-sliding-mla"}}) {
        Json recorded = recorded_truth(version, id);
        recorded["truth"] = Json::array({recorded["truth"][1]});
        const std::string line = recorded.dump();
        const Engine engine = std::get<Engine>(engine_spelled(recorded["engine"].get<std::string>()));
        for (std::size_t place = 0; place < line.size(); ++place) {
            for (const char* bytes : {"0", "1", "-", "999999999"}) {
                std::string changed = line;
                changed.replace(place, 1, bytes);
                const auto document = read_json({.file = "case.jsonl", .text = changed});
                if (std::holds_alternative<Diagnostics>(document)) continue;
                const auto read = read_golden_capacity(std::get<JsonDocument>(document));
                const auto* golden = std::get_if<std::optional<GoldenCapacity>>(&read);
                if (golden != nullptr && golden->has_value()) compare_capacity(**golden, engine);
            }
        }
    }
}

// Rules of the cache that decide what fits. The others decide in what order, or what is said of it.
TEST(RecordedTruths, NoticeARuleThatIsSwapped) {
    for (const std::string version : {"0.18.0", "0.32.0"}) {
        const auto& engine = *std::ranges::find(engines(), "vllm-" + version, &Engine::name);
        std::vector<GoldenCapacity> cases;
        for (const std::string& line : lines_of(std::string(KV_GOLDEN_DIR) + "/capacity/kinds-vllm-" + version + ".jsonl.gz"))
            cases.push_back(golden_of(Json::parse(line)));
        for (const std::string_view id : {"request-gate", "state-blocks", "context-blocks", "cache-setups", "request-bytes"}) {
            const Slot& slot = *std::ranges::find(slots(), id, &Slot::id);
            for (const RuleText& rule : slot.rules) {
                Engine changed = engine;
                if (rule.id == slot.rule_of(engine) || !slot.replace(changed, rule.id)) continue;
                const auto notices = [&](const GoldenCapacity& golden) { return !compare_capacity(golden, changed).differences.empty(); };
                EXPECT_TRUE(std::ranges::any_of(cases, notices)) << version << ' ' << slot.id << '=' << rule.id;
            }
        }
    }
}

TEST(RecordedTruths, OfAnEngineOrAKindThatIsNotModelledAreNotKnown) {
    Json line = recorded_truth("0.18.0", "full-only");
    const auto not_known = [](const Json& json) {
        const TemporaryFile file(json.dump() + "\n");
        return conform_file(file.path(), {}).not_known;
    };
    EXPECT_EQ(not_known(line), 0U);
    Json other = line;
    other["engine"] = "vllm-0.99.0";
    EXPECT_EQ(not_known(other), 1U);
    other = line;
    other["groups"][0]["kind"] = "rswa";  // 0.18.0 has none.
    other["groups"][0]["rswa_window"] = 16;
    EXPECT_EQ(not_known(other), 1U);
}

}  // namespace
}  // namespace kv::testing
