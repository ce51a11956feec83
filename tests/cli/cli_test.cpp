// The program from outside: exit status and exact output, for good input and for nonsense.
#include "tests/cli/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kv::testing {
namespace {

constexpr const char* small_model =
    "format = 1\n[model]\n[[model.layer]]\nid = \"full\"\nkind = \"full\"\nkv_heads = 8\nhead_size = 64\n[machine]\nmemory = \"1 GiB\"\n";

TEST(Kvproof, SaysItsVersion) {
    const Said said = kvproof("--version");
    EXPECT_EQ(said.status, 0);
    const std::string cmake = contents(KV_SOURCE_DIR "/CMakeLists.txt");
    const std::size_t at = cmake.find("project(kvproof VERSION ") + 24;
    EXPECT_EQ(said.out, "kvproof " + cmake.substr(at, cmake.find(' ', at) - at) + "\n");
}

TEST(Kvproof, EndsTheHelpOfEachCommandWithAnExampleThatRuns) {
    for (const std::string command : {"", "plan ", "run ", "conform ", "explain "}) {
        const Said help = kvproof(command + "--help");
        EXPECT_EQ(help.status, 0);
        const std::size_t example = help.out.rfind("Example: kvproof ");
        ASSERT_NE(example, std::string::npos) << help.out;
        const std::string rest = help.out.substr(example + 17);
        EXPECT_EQ(rest.find('\n'), rest.size() - 1) << help.out;
        EXPECT_LE(kvproof(rest.substr(0, rest.find('\n'))).status, 1) << rest;
    }
}

TEST(Kvproof, AsksForACommandAndSuggestsOne) {
    EXPECT_EQ(kvproof("").status, 2);
    EXPECT_EQ(kvproof("").err, "kvproof: error: expected a command: plan, run, capacity, diff, conform, explain, kernels; --help tells more\n");
    const Said said = kvproof("plann x.toml");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.err, "kvproof: error: there is no command plann: did you mean plan?\n");
    EXPECT_EQ(kvproof("'\x1b[31m'").err.find('\x1b'), std::string::npos);  // Nor does it print what would colour the terminal.
}

TEST(Kvproof, SuggestsAnOption) {
    const Said said = kvproof("plan scenarios/plans/gpt-oss-120b.toml --engin=x");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.err, "kvproof plan: error: unexpected --engin: did you mean --engine?\n");
    EXPECT_EQ(said.out, "");
}

TEST(Kvproof, RefusesOptionsThatMakeNoSense) {
    for (const char* arguments : {"plan", "plan --format yaml x.toml", "plan --engine", "explain one two", "conform",
                                  "plan scenarios/plans/deepseek-v3.toml --color maybe"}) {
        const Said said = kvproof(arguments);
        EXPECT_EQ(said.status, 2) << arguments;
        EXPECT_EQ(said.out, "") << arguments;
        EXPECT_NE(said.err.find("error: "), std::string::npos) << arguments;
    }
}

TEST(KvproofPlan, OfTheShippedExampleGivesTheFiguresOfTheThread) {
    const Said said = kvproof("plan scenarios/plans/gpt-oss-120b.toml");
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.err, "");
    EXPECT_NE(said.out.find("  KV cache size       78,336 tokens\n"), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("  maximum concurrency 1.18x for 131,072 tokens (1.175771401128587), together 154,111 tokens\n"),
              std::string::npos)
        << said.out;
}

TEST(KvproofPlan, OfARefusalIsAnAnswer) {
    const Said said = kvproof("plan scenarios/plans/pipeline-bottleneck.toml");
    EXPECT_EQ(said.status, 0);
    EXPECT_NE(said.out.find("would fit           a request of 34,736 tokens"), std::string::npos);
}

TEST(KvproofPlan, TakesTheEngineOfTheFlagsBeforeThatOfTheFile) {
    EXPECT_TRUE(kvproof("plan scenarios/plans/gpt-oss-120b.toml --engine reference").out.starts_with("gpt-oss-120b on reference\n"));
    const std::string patched = kvproof("plan scenarios/plans/gpt-oss-120b.toml --patch pr-37118 --rule rank-scope=whole-model").out;
    EXPECT_TRUE(patched.starts_with(
        "gpt-oss-120b on vllm-0.18.0\n  with                rank-scope = whole-model\n  with                side-buffer = group-slots\n"))
        << patched;
    const Said rules_first = kvproof("plan scenarios/plans/pipeline-bottleneck.toml --patch pr-37118");  // The file has a rule already.
    EXPECT_EQ(rules_first.status, 0) << rules_first.err;
}

TEST(KvproofPlan, PointsIntoAFlag) {
    EXPECT_EQ(kvproof("plan scenarios/plans/deepseek-v3.toml --engine vllm-0.18.0+pr-1").err.substr(0, 46),
              "--engine:1:13: error: there is no patch `pr-1`");
    EXPECT_EQ(kvproof("plan scenarios/plans/deepseek-v3.toml --rule side-buffer=x").status, 2);
    EXPECT_EQ(kvproof("plan scenarios/plans/deepseek-v3.toml --engine ''").status, 2);
    EXPECT_EQ(kvproof("plan --patch pr-37118 --patch pr-40384 scenarios/plans/deepseek-v3.toml").status, 0);
    EXPECT_TRUE(kvproof("plan scenarios/plans/deepseek-v3.toml --rule packing")
                    .err.starts_with("--rule:1:1: error: expected `slot=rule`, found `packing`\n"));
    EXPECT_TRUE(
        kvproof("plan scenarios/plans/deepseek-v3.toml --patch nope").err.starts_with("--patch:1:1: error: there is no patch `nope`"));
}

TEST(KvproofPlan, OfSeveralFilesPlansEachOrTellsAllThatIsWrong) {
    const Said both = kvproof("plan scenarios/plans/gpt-oss-120b.toml scenarios/plans/deepseek-v3.toml");
    EXPECT_NE(both.out.find("\n\ndeepseek-v3 on vllm-0.18.0\n"), std::string::npos);
    const Folder folder;
    const std::string wrong = folder.file("wrong.toml", "format = 1\nblock = 272\n").string();
    const Said said = kvproof("plan scenarios/plans/gpt-oss-120b.toml '" + wrong + "' no/such.toml");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
    EXPECT_NE(said.err.find(wrong + ":2:1: error: unknown key `block` in the head of the file"), std::string::npos) << said.err;
    EXPECT_NE(said.err.find("no/such.toml:1:1: error: cannot be read: No such file or directory\n"), std::string::npos) << said.err;
}

TEST(KvproofPlan, SaysALineWithACaretForAWrongFile) {
    const Folder folder;
    const std::string file = folder.file("m.toml", std::string(small_model) + "[cache]\nblock = 272\n").string();
    const Said said = kvproof("plan '" + file + "'");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.err, file + ":11:9: error: `block` needs a unit: write \"272 tokens\"\n   11 | block = 272\n      |         ^~~\n");
}

TEST(KvproofPlan, ReadsTheStandardInput) {
    const Said said = kvproof("plan - < scenarios/plans/deepseek-v3.toml");
    EXPECT_EQ(said.status, 0);
    EXPECT_TRUE(said.out.starts_with("deepseek-v3 on"));
}

TEST(KvproofPlan, SurvivesNonsense) {
    const Folder folder;
    const auto status_of = [&folder](const std::string& text) {
        return kvproof("plan '" + folder.file("n.toml", text).string() + "'").status;
    };
    EXPECT_EQ(status_of(""), 2);
    EXPECT_EQ(status_of(std::string(100'000, '[')), 2);
    EXPECT_EQ(status_of(std::string(1 << 20, '\0')), 2);
    EXPECT_EQ(status_of(std::string(5 << 20, 'a')), 2);
    EXPECT_EQ(status_of("\xff\xfe\x00"), 2);
    EXPECT_EQ(kvproof("plan /").status, 2);
    EXPECT_EQ(kvproof("plan /dev/null").status, 2);
    EXPECT_EQ(kvproof("plan ''").status, 2);
}

TEST(KvproofPlan, GivesJsonThatIsWhole) {
    const Said said = kvproof("plan scenarios/plans/gpt-oss-120b.toml --format json");
    EXPECT_EQ(said.status, 0);
    const auto json = nlohmann::json::parse(said.out);
    EXPECT_EQ(json["format"], 1);
    EXPECT_EQ(json["plans"][0]["capacity"]["reported_tokens"], 78336);
}

TEST(KvproofOutput, IsWrittenWholeOrNotAtAll) {
    const Folder folder;
    const std::string file = (folder / "plan.txt").string();
    const Said said = kvproof("plan scenarios/plans/gpt-oss-120b.toml --output '" + file + "'");
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.out, "");
    EXPECT_EQ(contents(file), kvproof("plan scenarios/plans/gpt-oss-120b.toml").out);
    EXPECT_EQ(kvproof("plan no/such.toml --output '" + file + "'").status, 2);
    EXPECT_TRUE(contents(file).starts_with("gpt-oss-120b")) << "a failed run leaves the old report";
    EXPECT_EQ(folder.size(), 1U);  // And no temporary file.
    const Said nowhere = kvproof("plan scenarios/plans/gpt-oss-120b.toml --output /no/such/folder/plan.txt");
    EXPECT_EQ(nowhere.status, 2);
    EXPECT_EQ(nowhere.err, "kvproof: error: cannot write /no/such/folder/plan.txt: No such file or directory\n");
    EXPECT_EQ(kvproof("plan scenarios/plans/gpt-oss-120b.toml --output /dev/null").status, 0);
}

TEST(KvproofOutput, OfAQuietRunIsNothing) {
    EXPECT_EQ(kvproof("plan scenarios/plans/gpt-oss-120b.toml --quiet").out, "");
    EXPECT_NE(kvproof("plan no/such.toml --quiet").err, "");
}

TEST(KvproofOutput, IsColouredOnATerminalOrWhenItIsAskedFor) {
    const std::string plan = "plan scenarios/plans/gpt-oss-120b.toml ";
    EXPECT_EQ(kvproof(plan).out.find('\x1b'), std::string::npos);
    EXPECT_NE(kvproof(plan + "--color always").out.find('\x1b'), std::string::npos);
    EXPECT_EQ(kvproof(plan + "--color never").out.find('\x1b'), std::string::npos);
    EXPECT_EQ(kvproof(plan + "--color auto", "NO_COLOR=1").out.find('\x1b'), std::string::npos);
}

TEST(KvproofOutput, ToAClosedPipeIsNoError) {
    const Folder folder;
    const int ended = std::system(("cd '" KV_SOURCE_DIR "' && { '" KV_BINARY "' explain --format json; echo $? >'" +
                                   (folder / "status").string() + "'; } 2>'" + (folder / "err").string() + "' | true")
                                      .c_str());
    EXPECT_EQ(ended, 0);
    EXPECT_EQ(contents(folder / "status"), "0\n");
    EXPECT_EQ(contents(folder / "err"), "");
}

// Waits for its input, so that a signal finds it at work.
int status_after(int signal) {
    std::array<int, 2> input{};
    EXPECT_EQ(::pipe(input.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(input[0], STDIN_FILENO);
        ::close(input[1]);
        ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
        ::execl(KV_BINARY, "kvproof", "plan", "-", nullptr);
        ::_exit(99);
    }
    ::close(input[0]);
    ::write(input[1], "format", 6);
    for (int waiting = 1; waiting != 0;) ::ioctl(input[1], FIONREAD, &waiting);  // Until it has read that, its handlers may not stand.
    ::kill(child, signal);
    int ended = 0;
    ::waitpid(child, &ended, 0);
    ::close(input[1]);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
}

TEST(Kvproof, EndsWith130WhenItIsInterruptedAndWith3AfterADefect) {
    EXPECT_EQ(status_after(SIGINT), 130);
    EXPECT_EQ(status_after(SIGABRT), 3);
}

TEST(KvproofExplain, TellsOfOneThingOrSuggestsIt) {
    EXPECT_EQ(kvproof("explain").status, 0);
    const Said patch = kvproof("explain pr-37118");
    EXPECT_EQ(patch.status, 0);
    EXPECT_NE(patch.out.find("  sets                side-buffer = group-slots\n"), std::string::npos);
    const Said unknown = kvproof("explain side-bufer");
    EXPECT_EQ(unknown.status, 2);
    EXPECT_EQ(unknown.err,
              "explain:1:1: error: nothing is called this: did you mean `side-buffer`?\n    1 | side-bufer\n      | ^~~~~~~~~~\n");
    EXPECT_EQ(unknown.out, "");
}

TEST(KvproofExplain, PrintsTheSchemaOfScenarioFiles) {
    const Said said = kvproof("explain scenario-schema");
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.out, kvproof("explain scenario-schema --format json").out);
    EXPECT_TRUE(nlohmann::json::parse(said.out)["properties"].contains("expect"));
    EXPECT_NE(kvproof("explain scenario-shema").err.find("did you mean `scenario-schema`?"), std::string::npos);
}

TEST(KvproofExplain, PrintsAllEventsAndTheSchemaOfTheirFiles) {
    const Said events = kvproof("explain events");
    EXPECT_EQ(events.status, 0);
    EXPECT_NE(events.out.find("\nstep-began: a rank begins to schedule a step\n"), std::string::npos);
    EXPECT_EQ(kvproof("explain events --format md").out, contents(KV_SOURCE_DIR "/docs/events.md"));
    const Said schema = kvproof("explain event-schema");
    EXPECT_EQ(schema.out, kvproof("explain events --format json").out);
    EXPECT_TRUE(nlohmann::json::parse(schema.out).contains("anyOf"));
    EXPECT_EQ(kvproof("explain pr-37118 --format md").status, 2);
}

TEST(KvproofConform, AgreesWithWhatTheEnginesAnswered) {
    const Said said = kvproof("conform tests/golden/plan/plan-vllm-0.18.0.jsonl.gz");
    EXPECT_EQ(said.status, 0) << said.out;
    EXPECT_EQ(said.out, "tests/golden/plan/plan-vllm-0.18.0.jsonl.gz: 400 agree, 0 differ, 0 not known\n");
}

TEST(KvproofConform, LaysAPatchOverTheEngineThatEachLineNames) {
    // Only the side buffer is another one: every other field is still compared with the release that recorded it.
    const Said patched = kvproof("conform tests/golden/plan/plan-vllm-0.18.0.jsonl.gz --patch pr-37118 --differences 1000");
    EXPECT_EQ(patched.status, 1);
    EXPECT_NE(patched.out.find("routed_experts.rows differs"), std::string::npos);
    EXPECT_EQ(patched.out.find("tensors differs"), std::string::npos);
    EXPECT_EQ(patched.out,
              kvproof("conform tests/golden/plan/plan-vllm-0.18.0.jsonl.gz --engine vllm-0.18.0+pr-37118 --differences 1000").out);
}

TEST(KvproofPlan, TakesRulesThatOnlyTogetherMakeATable) {
    const std::string alone = "plan scenarios/plans/gpt-oss-120b.toml --engine vllm-0.18.0 --rule worker-layout=strided-tensors";
    EXPECT_EQ(kvproof(alone).status, 2);
    EXPECT_EQ(kvproof(alone + " --rule smallest-rank=replan").status, 0);
}

TEST(KvproofConform, EndsWithOneWhereTheModelDiffers) {
    const Said said = kvproof("conform tests/golden/plan/plan-vllm-0.18.0.jsonl.gz --patch pr-37118 --engine vllm-0.18.0 --differences 1");
    EXPECT_EQ(said.status, 1);
    EXPECT_NE(said.out.find("routed_experts"), std::string::npos) << said.out;
    EXPECT_EQ(kvproof("conform no/such.jsonl").status, 2);
}

}  // namespace
}  // namespace kv::testing
