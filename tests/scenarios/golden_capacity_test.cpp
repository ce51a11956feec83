// Recorded truths are read whole or refused with the place of what is wrong.
#include "scenarios/golden_capacity.h"

#include "tests/support/recorded_capacity.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;

std::string errors_of(const Json& line) {
    const auto document = read_json({.file = "truth.jsonl", .text = line.dump()});
    const auto read = read_golden_capacity(std::get<JsonDocument>(document));
    const auto* wrong = std::get_if<Diagnostics>(&read);
    return wrong != nullptr ? to_text(*wrong) : "";
}

const Json& line() {
    static const Json recorded = recorded_truth("0.32.0", "window-128-and-full");
    return recorded;
}

TEST(GoldenCapacity, IsReadWithTheBlockSizesThatTheRecordLeavesOut) {
    const Json recorded = recorded_truth("0.32.0", "five-windows-1024-and-full");
    const auto document = std::get<JsonDocument>(read_json({.file = "truth.jsonl", .text = recorded.dump()}));
    const GoldenCapacity golden = std::get<std::optional<GoldenCapacity>>(read_golden_capacity(document)).value();
    EXPECT_EQ(golden.given.setup.groups.size(), 6U);
    EXPECT_EQ(golden.given.setup.scheduler_block, TokensPerBlock{32});
    EXPECT_EQ(golden.given.setup.hash_block, TokensPerBlock{16});
    EXPECT_EQ(golden.given.batched_max, Tokens{2048});
    ASSERT_EQ(golden.truths.size(), 3U);
    EXPECT_EQ(golden.truths[0].length, Tokens{4096});
    EXPECT_EQ(golden.settings(Tokens{4096}).model_len_max, Tokens{4096});
}

TEST(GoldenCapacity, IsToldByItsKeysFromOtherRecords) {
    const auto told = [](const char* text) {
        return is_golden_capacity(std::get<JsonDocument>(read_json({.file = "x", .text = text})).root());
    };
    EXPECT_TRUE(told(R"({"groups": 1, "truth": 2})"));
    EXPECT_FALSE(told(R"({"groups": 1, "expect": 2})"));
    EXPECT_FALSE(told("{}"));
}

TEST(GoldenCapacity, PointsAtWhatIsWrong) {
    EXPECT_EQ(errors_of(line()), "");
    const auto with = [](const std::string& pointer, const Json& value) {
        Json changed = line();
        changed[Json::json_pointer(pointer)] = value;
        return errors_of(changed);
    };
    EXPECT_THAT(with("/num_blocks", 0), HasSubstr("expected an integer from 1 to 1048576"));
    EXPECT_THAT(with("/num_blocks", std::int64_t{1} << 40), HasSubstr("expected an integer from 1 to 1048576"));
    EXPECT_THAT(with("/max_num_batched_tokens", 0), HasSubstr("truth.jsonl:1:"));
    EXPECT_THAT(with("/max_model_len", std::int64_t{1} << 40), HasSubstr("expected an integer from 1 to 4194304"));
    EXPECT_THAT(with("/truth/0/length", 131073), HasSubstr("expected an integer from 1 to 131072"));
    EXPECT_THAT(with("/truth/0/length", 0), HasSubstr("expected an integer from 1 to 131072"));
    EXPECT_THAT(with("/truth/0/requests", -1), HasSubstr("expected an integer"));
    EXPECT_THAT(with("/truth/0/more", 1), HasSubstr("more"));
    EXPECT_THAT(with("/groups/0/sliding_window", -1), HasSubstr("groups[0].sliding_window"));
    EXPECT_THAT(with("/groups/0/kind", 7), HasSubstr("expected the name of a kind"));
    EXPECT_THAT(with("/groups", Json::array({line()["groups"][0], 3})), HasSubstr("groups[1]"));
    EXPECT_THAT(with("/truth", Json::object()), HasSubstr("truth"));
    EXPECT_THAT(with("/dcp", 0), HasSubstr("dcp"));
    EXPECT_THAT(with("/other", 0), HasSubstr("other"));
}

TEST(GoldenCapacity, RefusesBlockSizesWithoutACommonMultiple) {
    Json changed = line();
    changed["groups"][0]["block_size"] = (std::int64_t{1} << 53) - 1;
    changed["groups"][1]["block_size"] = (std::int64_t{1} << 52) - 1;
    EXPECT_THAT(errors_of(changed), HasSubstr("least common multiple"));
}

}  // namespace
}  // namespace kv::testing
