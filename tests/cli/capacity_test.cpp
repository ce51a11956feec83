// kvproof capacity from its command line.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;

const std::string gpt = "scenarios/plans/gpt-oss-120b.toml";
const std::string recorded = "tests/golden/models/specs-vllm-0.18.0.jsonl.gz tests/golden/models/specs-vllm-0.32.0.jsonl.gz";

TEST(Capacity, EndsWithZeroWhateverTheFiguresAreAndWithOneUnderCheckWhereOneIsFalse) {
    EXPECT_EQ(kvproof("capacity " + gpt).status, 0);
    EXPECT_EQ(kvproof("capacity " + gpt + " --check").status, 1);
    EXPECT_EQ(kvproof("capacity " + gpt + " --check --engine reference").status, 0);
    EXPECT_EQ(kvproof("capacity " + gpt + " --check --engine vllm-0.18.0+40384-positive-list --tolerance 2%").status, 0);
    EXPECT_EQ(kvproof("capacity scenarios/plans/pipeline-bottleneck.toml --check").status, 0) << "a refusal is an answer";
}

TEST(Capacity, OfAllRecordedModelsIsOneTable) {
    const Said said = kvproof("capacity tests/golden/models/*.gz");
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("qwen3.5-27b"));
    EXPECT_THAT(said.out, HasSubstr("refused: ModelConfig"));
    EXPECT_EQ(kvproof("capacity scenarios/plans/*.toml").status, 0);
}

TEST(Capacity, SweepsACrossProduct) {
    const Said said = kvproof("capacity " + recorded + " --model qwen3.5-27b --sweep kv-dtype=auto,fp8 --sweep tp=1,2,4 --format json");
    ASSERT_EQ(said.status, 0) << said.err;
    const auto json = nlohmann::json::parse(said.out);
    ASSERT_EQ(json["answers"].size(), 6U);
    EXPECT_EQ(json["answers"][5]["settings"]["tp"], 4);
    EXPECT_EQ(json["answers"][5]["settings"]["kv_dtype"], "fp8");
    EXPECT_EQ(json["answers"][2]["rows"][0]["unavailable"].is_string(), true) << "tp 4 is recorded with fp8 only";
    const Said lengths =
        kvproof("capacity " + gpt + " --sweep length=1000,2000..4000 --sweep memory=6GiB,40GiB --sweep batched=2048,8192 --format csv");
    EXPECT_EQ(lengths.status, 0) << lengths.err;
}

TEST(Capacity, TakesLengthsMemoryBlocksAndAWorkload) {
    const Said said = kvproof(
        "capacity " + gpt + " --length 1024..65536 --memory '40 GiB' --batched 8192 --workload tests/golden/workloads/azure_conv_400.csv");
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("memory              40 GiB"));
    EXPECT_THAT(said.out, HasSubstr("Requests of tests/golden/workloads/azure_conv_400.csv"));
    EXPECT_THAT(said.out, HasSubstr("fit at once"));
    EXPECT_EQ(kvproof("capacity " + gpt + " --blocks 9000 --model-len-max '65536 tokens' --quiet").out, "");
    EXPECT_THAT(kvproof("capacity " + gpt + " --length 200000").out,
                HasSubstr("the longest request that the engine takes is 131,072 tokens"));
}

TEST(Capacity, WritesAFileWholeOrNotAtAll) {
    const Folder folder;
    EXPECT_EQ(kvproof("capacity " + gpt + " --format csv --output '" + (folder / "c.csv").string() + "'").status, 0);
    EXPECT_THAT(contents(folder / "c.csv"), HasSubstr("model,tp,pp"));
    EXPECT_EQ(kvproof("capacity " + gpt + " --workload /nowhere --output '" + (folder / "d.csv").string() + "'").status, 2);
    EXPECT_EQ(folder.size(), 1U);
}

TEST(Capacity, HelpEndsWithAnExampleThatRuns) {
    const Said help = kvproof("capacity --help");
    const std::string marker = "Example: kvproof ";
    const std::size_t at = help.out.find(marker);
    ASSERT_NE(at, std::string::npos);
    const Said said = kvproof(help.out.substr(at + marker.size(), help.out.find('\n', at) - at - marker.size()));
    EXPECT_EQ(said.status, 0) << said.err;
}

struct Nonsense {
    const char* name;
    std::string arguments;
    std::string said;
};

class CapacityNonsense : public ::testing::TestWithParam<Nonsense> {};

TEST_P(CapacityNonsense, IsDiagnosedWithStatusTwo) {
    const Said said = kvproof("capacity " + GetParam().arguments);
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    OnTheCommandLine, CapacityNonsense,
    ::testing::Values(
        Nonsense{"nothing", "", "MODEL"}, Nonsense{"missing_file", "/nowhere.toml", "/nowhere.toml:1:1: error: cannot be read"},
        Nonsense{"folder", "scenarios", "scenarios:1:1: error"}, Nonsense{"empty_file", "/dev/null", "/dev/null:1:1: error"},
        Nonsense{"length_zero", gpt + " --length 0", "--length:1:1: error: expected a length L or A..B"},
        Nonsense{"length_negative", gpt + " --length=-5", "--length:1:1: error"},
        Nonsense{"length_reversed", gpt + " --length 9..5", "write 5..9"},
        Nonsense{"length_huge", gpt + " --length 99999999999999999999", "--length:1:1: error"},
        Nonsense{"length_open", gpt + " --length 5..", "--length:1:1: error"},
        Nonsense{"memory", gpt + " --memory 40", "--memory:1:1: error: the memory of a worker"},
        Nonsense{"memory_none", gpt + " --memory 0B", "--memory:1:1: error: expected at least a byte"},
        Nonsense{"blocks_beyond_64_bits", gpt + " scenarios/plans/qwen3.5-27b.toml --blocks 1099511627776", "does not fit 64 bits"},
        Nonsense{"tp", gpt + " --tp 0", "--tp:1:1: error: expected an integer from 1 to 1024"},
        Nonsense{"tp_stated", gpt + " --tp 2", "the file states tp = 1"},
        Nonsense{"tp_recorded", recorded + " --model qwen3.5-27b --tp 4", "recorded with: --block 64; --kv-dtype fp8;"},
        Nonsense{"kv_dtype", gpt + " --kv-dtype fp9", "did you mean fp8?"},
        Nonsense{"tolerance", gpt + " --tolerance 1", "--tolerance:1:1: error: expected a share"},
        Nonsense{"tolerance_huge", gpt + " --tolerance 101%", "--tolerance:1:1: error"},
        Nonsense{"engine", gpt + " --engine vllm-0.18.1", "--engine:1:1: error"},
        Nonsense{"engine_twice", gpt + " --engine reference --engine reference", "comes twice"},
        Nonsense{"flag_twice", gpt + " --tp 1 --tp 1", "--tp"},
        Nonsense{"sweep_key", gpt + " --sweep kv-type=fp8", "did you mean kv-dtype?"},
        Nonsense{"sweep_no_value", gpt + " --sweep tp=", "expected values, such as tp=A,B"},
        Nonsense{"sweep_no_equals", gpt + " --sweep tp", "expected values, such as tp=A,B"},
        Nonsense{"sweep_hole", gpt + " --sweep tp=1,,2", "--sweep:1:6: error"},
        Nonsense{"sweep_value", gpt + " --sweep tp=1,x", "--sweep:1:6: error: expected an integer"},
        Nonsense{"sweep_twice", gpt + " --sweep tp=1 --sweep tp=2", "swept twice"},
        Nonsense{"sweep_and_flag", gpt + " --tp 1 --sweep tp=1,2", "is set by --tp as well"},
        Nonsense{"sweep_same_value", gpt + " --sweep tp=1,1", "comes twice"},
        Nonsense{"sweep_product", gpt + " --sweep length=$(seq -s, 1 300)", "more than 256 combinations"},
        Nonsense{"model", recorded + " --model qwen3.5-27", "did you mean `qwen3.5-27b`?"},
        Nonsense{"option", gpt + " --lenght 5", "did you mean --length?"}, Nonsense{"format", gpt + " --format xml", "--format"},
        Nonsense{"workload", gpt + " --workload README.md", "README.md:1:1: error: unknown column"}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace kv::testing
