// What the README shows is what the program says.
#include "tests/cli/command.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::testing {
namespace {

// "<!-- output of: kvproof ... -->", a fenced block, and nothing else in between.
TEST(Readme, ShowsTheTrueOutputOfItsExamples) {
    const std::string readme = contents(KV_SOURCE_DIR "/README.md");
    const std::string marker = "<!-- output of: kvproof ";
    std::size_t examples = 0;
    for (std::size_t at = readme.find(marker); at != std::string::npos; at = readme.find(marker, at + 1)) {
        const std::size_t end = readme.find(" -->\n```text\n", at);
        ASSERT_NE(end, std::string::npos) << "a fenced block of text follows the marker";
        const std::string arguments = readme.substr(at + marker.size(), end - at - marker.size());
        const std::size_t begin = end + std::string(" -->\n```text\n").size();
        const std::string shown = readme.substr(begin, readme.find("```\n", begin) - begin);
        const Said said = kvproof(arguments);
        EXPECT_EQ(shown, said.out + said.err) << "the README is old; this is what `kvproof " << arguments << "` says:\n"
                                              << said.out << said.err;
        ++examples;
    }
    EXPECT_GE(examples, 1U);
}

TEST(Readme, ShowsAScenarioFileThatCanBePlanned) {
    const std::string readme = contents(KV_SOURCE_DIR "/README.md");
    const std::string fence = "```toml\n";
    const std::size_t begin = readme.find(fence) + fence.size();
    const Folder folder;
    const std::string file = folder.file("readme.toml", readme.substr(begin, readme.find("```\n", begin) - begin)).string();
    const Said said = kvproof("plan '" + file + "'");
    EXPECT_EQ(said.status, 0) << said.err;
}

TEST(Readme, NamesEveryCommand) {
    const std::string readme = contents(KV_SOURCE_DIR "/README.md");
    for (const char* command : {"`kvproof plan", "`kvproof run", "`kvproof diff", "`kvproof capacity", "`kvproof conform", "`kvproof explain"})
        EXPECT_NE(readme.find(command), std::string::npos) << command;
}

}  // namespace
}  // namespace kv::testing
