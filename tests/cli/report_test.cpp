// kvproof capacity as pages and files.
#include "tests/cli/command.h"
#include "tests/support/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string gpt = "scenarios/plans/gpt-oss-120b.toml";

// A word as any shell reads it.
std::string word(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + '\'';
}

TEST(Report, IsTheSameBytesTwiceWhereverItGoes) {
    const Folder folder;
    const std::string page = kvproof("capacity " + gpt + " --format html").out;
    EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
    for (const char* name : {"a.html", "b.html"}) {
        EXPECT_EQ(kvproof("capacity " + gpt + " --format html --output '" + (folder / name).string() + "'").status, 0);
        EXPECT_EQ(contents(folder / name), page);
    }
}

TEST(Report, EndsWithACommandThatWritesItAgain) {
    const Folder folder;
    const std::string toml = contents(KV_SOURCE_DIR "/" + gpt);
    for (const char* name : {"plain.toml", "a b 'c' \"d\" $e `f`.toml", "two\nlines \xE2\x80\xAE\xff.toml", "<b>&amp;.toml"}) {
        const std::string file = folder.file(name, toml).string();
        const Said json = kvproof("capacity " + word(file) + " --sweep memory='6 GiB,8GiB' --engine reference --format json");
        ASSERT_EQ(json.status, 0) << json.err;
        const std::string command = nlohmann::json::parse(json.out)["command"];
        ASSERT_THAT(command, StartsWith("kvproof capacity "));
        const std::string script = folder.file("again.sh", word(KV_BINARY) + command.substr(std::string("kvproof").size()) + '\n').string();
        EXPECT_EQ(std::system(("bash " + word(script) + " >" + word((folder / "again.json").string())).c_str()), 0) << command;
        EXPECT_EQ(contents(folder / "again.json"), json.out) << command;
    }
}

TEST(Report, OfAFileWithAHostileNameIsWholeInEveryFormat) {
    const Folder folder;
    const std::string file = folder.file("\"><img src=x onerror=y>|`\n'\xE2\x80\xAE.toml", contents(KV_SOURCE_DIR "/" + gpt)).string();
    for (const char* format : {"text", "json", "csv", "html", "md"}) {
        const Said said = kvproof("capacity " + word(file) + " --format " + format);
        EXPECT_EQ(said.status, 0) << said.err;
        for (std::size_t at = said.out.find("<img"); at != std::string::npos; at = said.out.find("<img", at + 1)) {
            EXPECT_NE(std::string(format), "html");
            const bool in_code = at > said.out.find("```sh");  // The command, where Markdown shows all as it is.
            EXPECT_TRUE(std::string(format) != "md" || in_code || said.out[at - 1] == '\\') << "Markdown escapes it";
        }
        if (std::string(format) == "html") {
            EXPECT_TRUE(read_page(said.out).mistakes.empty());
        }
        if (std::string(format) != "json") {
            EXPECT_EQ(said.out.find("\xE2\x80\xAE"), std::string::npos) << format;
        }
    }
}

TEST(Report, OnAFullDiskIsAnErrorAndLeavesWhatWasThere) {
    EXPECT_EQ(kvproof("capacity " + gpt + " --format html --output /dev/full").status, 2);
    const Folder folder;
    const std::string file = folder.file("r.html", "old").string();
    // No file may grow past some KiB: neither the report nor what gnuplot draws.
    for (const char* options : {"--no-plots", ""}) {
        const Said said = kvproof("capacity " + gpt + " --format html --output '" + file + "' " + options, "ulimit -f 8 &&");
        EXPECT_EQ(said.status, 2) << said.err;
        EXPECT_THAT(said.err, HasSubstr("error: "));
        EXPECT_EQ(contents(file), "old");
        EXPECT_EQ(folder.size(), 1U) << "no temporary file stays behind";
    }
}

// The same run, ended by a signal at several moments. How many of them left the old file.
std::size_t cut_short(const std::string& signal, const std::string& whole) {
    std::size_t old = 0;
    for (int hundredths = 1; hundredths <= 12; ++hundredths) {
        const Folder folder;
        const std::string file = folder.file("r.html", "old").string();
        kvproof("capacity " + gpt + " --format html --output '" + file + "'",
                "timeout -s " + signal + (hundredths < 10 ? " 0.0" : " 0.") + std::to_string(hundredths));
        const std::string there = contents(file);
        EXPECT_TRUE(there == "old" || there == whole) << there.size() << " bytes";
        if (signal != "KILL") {
            EXPECT_EQ(folder.size(), 1U) << "a temporary file stays behind";
        }
        old += there == "old" ? 1 : 0;
    }
    return old;
}

TEST(Report, ThatIsEndedByASignalIsThereWholeOrNotAtAll) {
    const std::string whole = kvproof("capacity " + gpt + " --format html").out;
    ASSERT_FALSE(whole.empty());
    for (const char* signal : {"KILL", "TERM", "HUP", "INT"}) EXPECT_GT(cut_short(signal, whole), 0U) << "no run was ended in time";
}

TEST(Report, WithoutGnuplotSaysWhatToInstallAndCanBeMadeWithoutPlots) {
    const Said said = kvproof("capacity " + gpt + " --format html", "PATH=/nowhere");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, HasSubstr("install the package gnuplot-nox; --no-plots leaves plots out"));
    const Said without = kvproof("capacity " + gpt + " --format html --no-plots", "PATH=/nowhere");
    EXPECT_EQ(without.status, 0);
    EXPECT_THAT(without.out, HasSubstr("This report was made without plots."));
    EXPECT_EQ(kvproof("capacity " + gpt + " --format md", "PATH=/nowhere").status, 0) << "Markdown has plots only beside it";
}

TEST(Report, WithAGnuplotThatFailsIsAnErrorAndNoFile) {
    const Folder folder;
    for (const char* program :
         {"#!/bin/sh\necho it broke >&2\nexit 3\n", "#!/bin/sh\nexec <&-\nexit 0\n", "#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\ncat\n"}) {
        const std::filesystem::path fake = folder.file("gnuplot", program);
        std::filesystem::permissions(fake, std::filesystem::perms::all);
        const Said said = kvproof("capacity " + gpt + " --format html --output '" + (folder / "r.html").string() + "'",
                                  "PATH='" + fake.parent_path().string() + "':/usr/bin:/bin");
        EXPECT_EQ(said.status, 2) << program;
        EXPECT_THAT(said.err, StartsWith("kvproof: error: gnuplot could not draw the plots")) << program;
        EXPECT_EQ(folder.size(), 1U);
    }
}

TEST(Report, WritesItsPlotsAsSvgAndPngAndMarkdownShowsThem) {
    const Folder folder;
    const std::string plots = (folder / "plots").string();
    const Said said =
        kvproof("capacity " + gpt + " --sweep tp=1,2 --plots '" + plots + "' --format md --output '" + (folder / "r.md").string() + "'");
    ASSERT_EQ(said.status, 0) << said.err;
    const std::string report = contents(folder / "r.md");
    for (const char* name : {"curve", "memory", "heat"}) {
        const std::string file = std::string("plots/gpt-oss-120b-") + name;
        EXPECT_THAT(report, HasSubstr("](" + file + ".svg)"));
        EXPECT_THAT(contents(folder / (file + ".svg")), HasSubstr("</svg>"));
        EXPECT_THAT(contents(folder / (file + ".png")), StartsWith("\x89PNG"));
    }
    const Said again = kvproof("capacity " + gpt + " --plots '" + (folder / "r.md").string() + "'");
    EXPECT_EQ(again.status, 2) << "a file is no folder";
    EXPECT_EQ(again.out, "");
    EXPECT_EQ(kvproof("capacity " + gpt + " --plots x --no-plots").status, 2);
}

}  // namespace
}  // namespace kv::testing
