// `kvproof run` from outside: what it says of scenarios, and of what is none.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* small =
    "format = 1\n[model]\nexperts = 8\ntopk = 2\n[[model.group]]\nkind = \"full\"\nblock = \"16 tokens\"\n[machine]\nblocks = "
    "100\n[capture]\n"
    "[[request]]\nid = \"r\"\ncount = 2\nprompt = \"40 tokens\"\ndecode = \"3 tokens\"\n";

nlohmann::json first_of(const Said& said) { return nlohmann::json::parse(said.out).at("scenarios").at(0); }

TEST(Run, TellsWhatHappened) {
    const Folder folder;
    const std::string file = folder.file("small.toml", small).string();
    const Said said = kvproof("run '" + file + "' --engine vllm-0.18.0+pr-37118");
    EXPECT_EQ(said.status, 0) << said.err;
    for (const char* line :
         {"small on vllm-0.18.0", "with                side-buffer = group-slots", "plan                100 blocks, 1 group: full",
          "requests            2 done", "tokens              84 computed", "rows delivered      84", "ended               all is done"})
        EXPECT_THAT(said.out, HasSubstr(line));
    EXPECT_EQ(kvproof("run '" + file + "' --quiet").out, "");
}

TEST(Run, SaysTheSameToPrograms) {
    const Folder folder;
    const std::string file = folder.file("small.toml", small).string();
    const nlohmann::json ran = first_of(kvproof("run '" + file + "' --format json"));
    EXPECT_EQ(ran.at("engine").at("name"), "vllm-0.32.0");
    EXPECT_EQ(ran.at("end"), "done");
    EXPECT_EQ(ran.at("refusal"), nullptr);
    EXPECT_EQ(ran.at("plan").at("blocks"), 100);
    EXPECT_EQ(ran.at("ranks").at(0).at("done"), 2);
    EXPECT_EQ(ran.at("ranks").at(0).at("rows_delivered"), 84);
    EXPECT_EQ(first_of(kvproof("run '" + file + "' --format json")).at("digest"), ran.at("digest"));
}

// The tests of the threads are their files: each finds what it expects, on one thread and on two, and nothing on the reference.
TEST(Run, FindsInTheThreadsWhatTheirFilesExpect) {
    const Said one = kvproof("run scenarios/threads --jobs 1 --format json");
    EXPECT_EQ(one.status, 0) << one.err;
    EXPECT_EQ(kvproof("run scenarios/threads --jobs 2 --format json").out, one.out);
    std::size_t expected = 0;
    const nlohmann::json report = nlohmann::json::parse(one.out);
    for (const auto& scenario : report.at("scenarios")) expected += scenario.at("expectations").size();
    EXPECT_GE(expected, 4U);
    EXPECT_EQ(kvproof("run scenarios/threads --engine vllm-0.18.0").status, 1);
    EXPECT_EQ(kvproof("run scenarios/threads --engine reference").status, 0);
}

TEST(Run, TellsWhatTheEngineRaisesAndWhatWasFound) {
    const nlohmann::json ran = first_of(kvproof("run scenarios/threads/vllm-37118.toml --format json"));
    EXPECT_EQ(ran.at("end"), "fault");
    EXPECT_EQ(ran.at("refusal").at("type"), "IndexError");
    const auto found = std::ranges::find(ran.at("findings"), "slot-in-bounds", [](const auto& each) { return each.at("property"); });
    ASSERT_NE(found, ran.at("findings").end());
    EXPECT_EQ(found->at("figures").at("slot"), 699312);
    const Said refused = kvproof("run scenarios/plans/pipeline-bottleneck.toml --format json");
    EXPECT_EQ(first_of(refused).at("end"), "plan-refused");
    EXPECT_EQ(first_of(refused).at("refusal").at("type"), "ValueError");
}

TEST(Run, ShowsWhatWasExpectedBesideWhatIs) {
    const Folder folder;
    const std::string file = folder.file("unmet.toml", std::string(small) + "[[expect]]\nproperty = \"row-fresh\"\nrows = 7\n").string();
    const Said said = kvproof("run '" + file + "' --engine-does-not-exist");
    EXPECT_EQ(said.status, 2);
    const Said unmet = kvproof("run '" + file + "'");
    EXPECT_EQ(unmet.status, 1);
    EXPECT_THAT(unmet.out, HasSubstr("expectations        0 of 1 met"));
    EXPECT_THAT(unmet.out, HasSubstr("expected row-fresh broken, actual: no finding"));
    EXPECT_THAT(unmet.out, HasSubstr("rows       expected 7"));
}

TEST(Run, WritesItsEventsWholeOrNotAtAll) {
    const Folder folder;
    const std::string file = folder.file("small.toml", small).string(), trace = (folder / "events.jsonl").string();
    EXPECT_EQ(kvproof("run '" + file + "' --engine reference --trace '" + trace + "'").status, 0);
    const std::string lines = contents(trace);
    EXPECT_THAT(lines.substr(0, lines.find('\n')), HasSubstr("\"format\":1"));
    EXPECT_THAT(lines, HasSubstr("\"event\":\"run-ended\""));
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1)
        EXPECT_TRUE(nlohmann::json::accept(lines.substr(at, lines.find('\n', at) - at)));
    EXPECT_EQ(kvproof("run '" + file + "' '" + file + "' --trace '" + trace + ".2'").status, 2);
    EXPECT_FALSE(std::filesystem::exists(trace + ".2"));
    EXPECT_EQ(kvproof("run '" + file + "' --trace /no/such/folder/events").status, 2);
}

TEST(Run, WalksAFolderInTheOrderOfItsPaths) {
    const Folder folder;
    folder.file("b.toml", small);
    folder.file("a.toml", small);
    folder.file("notes.txt", "no scenario");
    std::filesystem::create_directories(folder / "c");
    std::ofstream(folder / "c" / "d.toml") << small;
    const auto scenarios = nlohmann::json::parse(kvproof("run '" + (folder / "").string() + "' --format json").out).at("scenarios");
    ASSERT_EQ(scenarios.size(), 3U);
    std::vector<std::string> names;
    for (const auto& each : scenarios) names.push_back(each.at("name"));
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "d"}));
    EXPECT_EQ(scenarios[0].at("digest"), scenarios[2].at("digest"));
}

TEST(Run, TellsAllMistakesAtOnceAndWritesNothing) {
    const Folder folder;
    const std::string one = folder.file("one.toml", "format = 1\n").string(), two = folder.file("two.toml", "fromat = 1\n").string();
    const std::string out = (folder / "report").string();
    const Said said = kvproof("run '" + one + "' '" + two + "' --output '" + out + "'");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, HasSubstr("one.toml:1"));
    EXPECT_THAT(said.err, HasSubstr("two.toml:1"));
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_EQ(kvproof("run no-such-file.toml").status, 2);
    std::filesystem::create_directories(folder / "empty");
    EXPECT_THAT(kvproof("run '" + (folder / "empty").string() + "'").err, HasSubstr("has no file that ends in .toml"));
    EXPECT_THAT(kvproof("run '" + folder.file("ok.toml", small).string() + "' --engine vllm-0.19.0").err, HasSubstr("--engine:1:1"));
}

TEST(Run, TakesAnotherSeed) {
    const Folder folder;
    const std::string file =
        folder.file("drawn.toml", std::string(small) + "[workload]\nrequests = 5\nprompt = \"1 to 90 tokens\"\n").string();
    const auto digest = [&](const std::string& more) { return first_of(kvproof("run '" + file + "' --format json" + more)).at("digest"); };
    EXPECT_EQ(digest(""), digest(" --seed 1"));
    EXPECT_NE(digest(""), digest(" --seed 2"));
    EXPECT_EQ(kvproof("run '" + file + "' --seed -1").status, 2);
}

TEST(Run, GoesByABaseline) {
    const Folder folder;
    const std::string base = (folder / "base.json").string(), threads = "run scenarios/threads --engine vllm-0.18.0";
    EXPECT_EQ(kvproof(threads + " --format json --output '" + base + "'").status, 1);
    const Said known = kvproof(threads + " --baseline '" + base + "'");
    EXPECT_EQ(known.status, 0) << known.out;
    EXPECT_THAT(known.out, HasSubstr("0 new, 5 known, 0 vanished"));
    EXPECT_EQ(kvproof("run scenarios/observed --engine vllm-0.18.0 --baseline '" + base + "'").status, 1);
    EXPECT_THAT(kvproof("run scenarios/threads --engine reference --baseline '" + base + "'").out, HasSubstr("0 new, 0 known, 5 vanished"));
    const Said wrong = kvproof("run scenarios/threads --baseline README.md");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(wrong.out, "");
    EXPECT_THAT(wrong.err, HasSubstr("README.md:1:1"));
}

TEST(Run, SaysItInEveryFormat) {
    for (const auto& [format, begins] :
         {std::pair{"json", "{"}, {"junit", "<?xml"}, {"sarif", "{"}, {"github", "::error file=scenarios/"}, {"md", "# "}})
        EXPECT_THAT(kvproof("run scenarios/threads --engine vllm-0.18.0 --format " + std::string(format)).out,
                    ::testing::StartsWith(begins));
    EXPECT_EQ(kvproof("run scenarios/threads --format html").status, 2);
}

TEST(Diff, TellsWhatAPatchFixesLeavesAndAdds) {
    const Said said = kvproof("diff vllm-0.18.0 vllm-0.18.0+pr-40384 scenarios/threads scenarios/plans");
    EXPECT_EQ(said.status, 1) << said.err;
    EXPECT_THAT(said.out, HasSubstr("reported tokens     290864 -> 1165808"));
    EXPECT_THAT(said.out, HasSubstr("fixed               capacity-true: 290864 tokens are reported and 1081344 fit"));
    EXPECT_THAT(said.out, HasSubstr("new                 capacity-true: 1165808 tokens are reported and 1081344 fit"));
    EXPECT_THAT(said.out, HasSubstr("  scenarios/plans/gpt-oss-120b.toml: capacity-true\n")) << "left: windows count as growing";
    EXPECT_EQ(kvproof("diff vllm-0.18.0 reference scenarios/threads").status, 0) << "only fixed";
    EXPECT_EQ(kvproof("diff vllm-0.18.0 reference scenarios/threads --quiet").out, "");
    EXPECT_EQ(kvproof("diff vllm-0.18.0 vllm-0.18.0 scenarios/threads --format sarif --jobs 1").out,
              kvproof("diff vllm-0.18.0 vllm-0.18.0 scenarios/threads --format sarif --jobs 2").out);
}

TEST(Diff, TellsMistakesOfBothEngines) {
    const Said said = kvproof("diff vllm-0.19.0 vllm-0.18.0+pr-1 scenarios/threads");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, HasSubstr("there is no engine `vllm-0.19.0`"));
    EXPECT_THAT(said.err, HasSubstr("there is no patch `pr-1`"));
    EXPECT_EQ(kvproof("diff vllm-0.18.0 scenarios/threads").status, 2);
}

}  // namespace
}  // namespace kv::testing
