#include "scenarios/workload_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

WorkloadRequest request(std::int64_t prompt, std::int64_t output, std::int64_t arrival = 0) {
    return {Tokens{prompt}, Tokens{output}, arrival};
}

std::vector<WorkloadRequest> requests_of(const std::string& text) {
    auto read = read_workload("w.csv", text);
    if (const auto* wrong = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*wrong);
    return std::holds_alternative<Workload>(read) ? std::get<Workload>(std::move(read)).requests : std::vector<WorkloadRequest>{};
}

std::string errors_of(const std::string& text) {
    const auto read = read_workload("w.csv", text);
    if (!std::holds_alternative<Diagnostics>(read)) return "no error";
    return to_text(std::get<Diagnostics>(read));
}

TEST(WorkloadCsv, HasARequestALineInTheOrderOfTheFile) {
    EXPECT_THAT(requests_of("arrival_ms,prompt_tokens,output_tokens\n0,374,44\n4314,396,0\n"),
                ElementsAre(request(374, 44), request(396, 0, 4314)));
}

TEST(WorkloadCsv, TakesTheColumnsInAnyOrderAndUnderTheirOtherNames) {
    EXPECT_THAT(requests_of("output_len,prefix_group,prompt_len,arrival,prefix_len\n199,0,1413,7,0\n"), ElementsAre(request(1413, 199, 7)));
}

TEST(WorkloadCsv, HasThePrefixThatRequestsOfAGroupShare) {
    const auto requests = requests_of("prompt_len,output_len,prefix_group,prefix_len\n16,1,7,16\n16,1,7,15\n");
    EXPECT_THAT(requests, SizeIs(2));
    EXPECT_EQ(requests.front().prefix_group, 7);
    EXPECT_EQ(requests.front().prefix, Tokens{16});
    const std::string longer = errors_of("prompt_len,output_len,prefix_group,prefix_len\n16,1,7,17\n");
    EXPECT_THAT(longer, HasSubstr("w.csv:2:8: error: `prefix_len`: expected at most the 16 tokens of the prompt, found `17`"));
    EXPECT_THAT(errors_of("prompt_len,output_len,prefix_group,prefix_len\nx,1,7,17\n"), Not(HasSubstr("of the prompt")));
}

TEST(WorkloadCsv, TakesPrefixBlocksInRuns) {
    EXPECT_THAT(requests_of("arrival_ms,prompt_tokens,output_tokens,prefix_blocks_512\n0,7322,490,0 14-27\n0,1,1,\n0,2,1,999999999999\n"),
                SizeIs(3));
}

TEST(WorkloadCsv, AcceptsCarriageReturnsAByteOrderMarkBlanksAndALastLineWithoutItsEnd) {
    const auto plain = requests_of("prompt_tokens,output_tokens\n1,2\n3,4\n");
    EXPECT_EQ(requests_of("prompt_tokens,output_tokens\r\n1,2\r\n3,4\r\n"), plain);
    EXPECT_EQ(requests_of("\xEF\xBB\xBFprompt_tokens,output_tokens\n1,2\n3,4\n"), plain);
    EXPECT_EQ(requests_of("\n prompt_tokens ,\toutput_tokens\n\n1 , 2\n  \n3,4"), plain);
    EXPECT_EQ(requests_of("prompt_tokens,output_tokens\r\n1,2\r\n\r\n3,4\r"), plain);
}

struct Mistake {
    const char* name;
    std::string text;
    std::string said;
};

class WrongWorkload : public ::testing::TestWithParam<Mistake> {};

TEST_P(WrongWorkload, IsToldWithLineAndColumn) { EXPECT_THAT(errors_of(GetParam().text), HasSubstr(GetParam().said)); }

INSTANTIATE_TEST_SUITE_P(
    Mistakes, WrongWorkload,
    ::testing::Values(
        Mistake{"empty", "", "w.csv:1:1: error: the file is empty"}, Mistake{"blank", " \n\r\n", "w.csv:1:1: error: the file is empty"},
        Mistake{"only_a_header", "prompt_tokens,output_tokens\n", "w.csv:1:1: error: expected at least one request"},
        Mistake{"no_column", "prompt_tokens\n1\n", "w.csv:1:1: error: there is no column `output_tokens`"},
        Mistake{"misspelt", "promt_tokens,output_tokens\n1,2\n",
                "w.csv:1:1: error: unknown column `promt_tokens`: did you mean `prompt_tokens`?"},
        Mistake{"unknown", "prompt_tokens,output_tokens,temperature\n1,2,3\n", "w.csv:1:29: error: unknown column `temperature`"},
        Mistake{"nameless", "prompt_tokens,,output_tokens\n1,2,3\n", "w.csv:1:15: error: a column without a name"},
        Mistake{"twice", "prompt_tokens,output_tokens,prompt_len\n1,2,3\n", "w.csv:1:29: error: a second column `prompt_len`"},
        Mistake{"text", "prompt_tokens,output_tokens\n1,2\nmany,2\n",
                "w.csv:3:1: error: `prompt_tokens`: expected an integer from 1 to 1000000000, found `many`"},
        Mistake{"trailing_text", "prompt_tokens,output_tokens\n1,2x\n", "w.csv:2:3: error: `output_tokens`"},
        Mistake{"decimal", "prompt_tokens,output_tokens\n1.5,2\n", "w.csv:2:1: error: `prompt_tokens`"},
        Mistake{"plus", "prompt_tokens,output_tokens\n+1,2\n", "w.csv:2:1: error: `prompt_tokens`"},
        Mistake{"negative", "prompt_tokens,output_tokens\n7, -2\n", "w.csv:2:4: error: `output_tokens`: expected an integer from 0"},
        Mistake{"no_prompt", "prompt_tokens,output_tokens\n0,2\n", "w.csv:2:1: error: `prompt_tokens`: expected an integer from 1"},
        Mistake{"large", "prompt_tokens,output_tokens\n1000000001,2\n", "w.csv:2:1: error"},
        Mistake{"very_large", "prompt_tokens,output_tokens\n99999999999999999999999,2\n", "w.csv:2:1: error"},
        Mistake{"nothing", "prompt_tokens,output_tokens\n,2\n",
                "w.csv:2:1: error: `prompt_tokens`: expected an integer from 1 to 1000000000, found nothing"},
        Mistake{"too_few", "prompt_tokens,output_tokens\n17\n", "w.csv:2:3: error: the line has 1 of 2 cells: `output_tokens` is missing"},
        Mistake{"too_many", "prompt_tokens,output_tokens\r\n1,2, 3\r\n", "w.csv:2:6: error: the line has 3 cells: expected 2"},
        Mistake{"trailing_comma", "prompt_tokens,output_tokens\n1,2,\n", "w.csv:2:5: error: the line has 3 cells"},
        Mistake{"zero_byte", std::string("prompt_tokens,output_tokens\n1,2\0,3\n", 35), "w.csv:2:4: error: a byte 0"},
        Mistake{"blocks", "prompt_tokens,output_tokens,prefix_blocks_512\n1,2,5-3\n",
                "w.csv:2:5: error: `prefix_blocks_512`: expected ids such as `0 14-27`"},
        Mistake{"blocks_text", "prompt_tokens,output_tokens,prefix_blocks_512\n1,2,5-3-1\n", "w.csv:2:5: error"},
        Mistake{"old_line_ends", "prompt_tokens,output_tokens\r1,2\r3,4", "w.csv:1:15: error: unknown column"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(WorkloadCsv, TellsAllErrorsAtOnceUpToAHundred) {
    const std::string three = errors_of("prompt_tokens,output_tokens\nx,1\n1,2\n3\n4,y\n");
    EXPECT_THAT(three, HasSubstr("w.csv:2:1"));
    EXPECT_THAT(three, HasSubstr("w.csv:4:2"));
    EXPECT_THAT(three, HasSubstr("w.csv:5:3"));
    std::string many = "prompt_tokens,output_tokens\n";
    for (int i = 0; i < 5000; ++i) many += "x,y\n";
    const auto read = read_workload("w.csv", many);
    EXPECT_THAT(std::get<Diagnostics>(read), SizeIs(101));
    EXPECT_THAT(to_text(std::get<Diagnostics>(read)), HasSubstr("more errors"));
}

TEST(WorkloadCsv, ShowsOnlyTheWrongPartOfALineOfAMegabyte) {
    const std::string megabyte = "prompt_tokens,output_tokens\n1,2\n1," + std::string(1'000'000, '9') + "\n5,6\n";
    const std::string said = errors_of(megabyte);
    EXPECT_THAT(said, HasSubstr("w.csv:3:3: error: `output_tokens`"));
    EXPECT_LT(said.size(), 1000U);
}

TEST(WorkloadCsv, RefusesALineThatIsLongerThanTheReadersBuffer) {
    const std::string longest = "prompt_tokens,output_tokens\n1," + std::string((std::size_t{16} << 20) + 10, ' ') + "2\n";
    EXPECT_THAT(errors_of(longest), HasSubstr("w.csv:2:1: error: a line of more than 16 MiB"));
    EXPECT_THAT(errors_of(std::string(workload_bytes_max + 1, '\n')), HasSubstr("is larger than"));
}

TEST(WorkloadCsv, IsReadInLinearTime) {
    const auto seconds = [](int rows) {
        std::string text = "prompt_tokens,output_tokens\n";
        for (int i = 0; i < rows; ++i) text += std::to_string(1 + i) + ",17\n";
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_THAT(requests_of(text), SizeIs(rows));
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    static_cast<void>(seconds(1000));
    const double small = seconds(20'000);
    EXPECT_LT(seconds(320'000), 16 * small * 8 + 1);  // Quadratic would be 256 times.
}

TEST(WorkloadCsv, OfARealTraceHasItsRequests) {
    const auto loaded = load_workload(KV_GOLDEN_DIR "/workloads/azure_conv_400.csv");
    const auto& workload = std::get<Workload>(loaded);
    EXPECT_THAT(workload.requests, SizeIs(400));
    EXPECT_EQ(workload.requests.front(), request(374, 44));
}

TEST(WorkloadCsv, ThatIsNotThereOrAFolderIsToldByItsName) {
    EXPECT_THAT(to_text(std::get<Diagnostics>(load_workload("/nowhere/w.csv"))), HasSubstr("/nowhere/w.csv:1:1: error: cannot be read"));
    EXPECT_THAT(to_text(std::get<Diagnostics>(load_workload("/tmp"))), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace kv::testing
