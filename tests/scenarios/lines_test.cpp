#include "scenarios/lines.h"

#include "tests/support/temporary_file.h"

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace kv {
namespace {

using testing::TemporaryFile;

std::string packed(const std::string& text) {
    std::istringstream in(text);
    boost::iostreams::filtering_istream filter;
    filter.push(boost::iostreams::gzip_compressor());
    filter.push(in);
    std::ostringstream out;
    boost::iostreams::copy(filter, out);
    return out.str();
}

struct Lines {
    std::vector<std::string> all;
    std::string error;  // "line: message"
};

Lines lines_of_file(const std::string& path) {
    LineReader reader(path);
    Lines lines;
    std::string line;
    while (reader.next(line)) {
        lines.all.push_back(line);
        EXPECT_EQ(reader.line_number(), lines.all.size());
    }
    EXPECT_FALSE(reader.next(line)) << "the end stays the end";
    if (reader.error()) lines.error = std::to_string(reader.error()->where.line) + ": " + reader.error()->message;
    return lines;
}

Lines lines_of(const std::string& bytes) {
    const TemporaryFile file(bytes);
    return lines_of_file(file.path());
}

TEST(Lines, ComeOneAfterAnotherWithoutTheirLineFeeds) {
    EXPECT_EQ(lines_of("").all, std::vector<std::string>{});
    EXPECT_EQ(lines_of("a").all, std::vector<std::string>{"a"});
    EXPECT_EQ(lines_of("a\n").all, std::vector<std::string>{"a"});
    EXPECT_EQ(lines_of("a\n\nb").all, (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(lines_of("\n").all, std::vector<std::string>{""});
}

TEST(Lines, OfAGzipFileAreToldByItsBytesNotByItsName) {
    EXPECT_EQ(lines_of(packed("a\nb\n")).all, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(lines_of(packed("")).all, std::vector<std::string>{});
    EXPECT_EQ(lines_of("\x1f").all, std::vector<std::string>{"\x1f"});
}

TEST(Lines, OfSeveralGzipMembersRunOn) {
    EXPECT_EQ(lines_of(packed("a\nb") + packed("c\nd")).all, (std::vector<std::string>{"a", "bc", "d"}));
}

TEST(Lines, LongerThanTheBufferAreWhole) {
    const std::string long_line(1000003, 'x');
    EXPECT_EQ(lines_of(long_line + "\n" + long_line + "\n").all, (std::vector<std::string>{long_line, long_line}));
    EXPECT_EQ(lines_of(packed(long_line + "\n" + long_line)).all, (std::vector<std::string>{long_line, long_line}));
}

TEST(Lines, AreAtMostSixteenMebibytesLong) {
    const std::string longest(line_bytes_max, 'x');
    EXPECT_EQ(lines_of("a\n" + longest + "\nb").all.size(), 3U);
    const Lines lines = lines_of("a\n" + longest + "x\nb");
    EXPECT_EQ(lines.all, std::vector<std::string>{"a"});
    EXPECT_EQ(lines.error, "2: the line is longer than 16 MiB");
    EXPECT_EQ(lines_of(packed("a\n" + longest + "x")).error, "2: the line is longer than 16 MiB");
}

TEST(Lines, OfAGzipFileCutAnywhereEndInAnError) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "line " + std::to_string(i * i * 7919) + "\n";
    const std::string whole = packed(text);
    ASSERT_EQ(lines_of(whole).all.size(), 40U);
    for (std::size_t size = 2; size < whole.size(); ++size) {
        const Lines lines = lines_of(whole.substr(0, size));
        EXPECT_LE(lines.all.size(), 40U);
        EXPECT_NE(lines.error.find("damaged or break off"), std::string::npos) << size << ": " << lines.error;
    }
}

TEST(Lines, OfAGzipFileWithAChangedByteNeverCrashAndNeverPassAsOtherText) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "line " + std::to_string(i * i * 7919) + "\n";
    const std::string whole = packed(text);
    constexpr std::size_t header_bytes = 10;  // Time and system: no part of the text.
    for (std::size_t place = header_bytes; place < whole.size(); ++place) {
        std::string changed = whole;
        changed[place] = static_cast<char>(changed[place] ^ 0x10);
        const Lines lines = lines_of(changed);
        std::string read;
        for (const std::string& line : lines.all) read += line + "\n";
        EXPECT_TRUE(!lines.error.empty() || read == text) << place;
    }
    EXPECT_NE(lines_of(whole + "tail").error, "");
}

TEST(Lines, OfWhatCannotBeReadAreNoneButAnError) {
    EXPECT_EQ(lines_of_file("/nonexistent/file").error, "1: cannot open: No such file or directory");
    EXPECT_EQ(lines_of_file(std::filesystem::temp_directory_path().string()).error, "1: is a directory: expected a file");
    EXPECT_EQ(lines_of_file("").error, "1: cannot open: No such file or directory");
}

TEST(Lines, OfAFileThatMayNotBeReadAreNoneButAnError) {
    if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
    const TemporaryFile file("a\n");
    std::filesystem::permissions(file.path(), std::filesystem::perms::none);
    EXPECT_EQ(lines_of_file(file.path()).error, "1: cannot open: Permission denied");
}

}  // namespace
}  // namespace kv
