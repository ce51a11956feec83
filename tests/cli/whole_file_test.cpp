// Files that are there whole or not at all.
#include "cli/output.h"
#include "cli/trace_file.h"
#include "model/events/event_digest.h"
#include "scenarios/events/event_reader.h"
#include "tests/cli/command.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <sys/wait.h>

namespace kv::cli {
namespace {

using testing::contents;
using testing::Folder;

TEST(WholeFile, TakesItsPlaceWhenItIsFinished) {
    const Folder folder;
    const auto path = folder.file("run.jsonl", "old");
    WholeFile file(path.string());
    EXPECT_TRUE(file.write("new "));
    EXPECT_EQ(contents(path), "old");
    EXPECT_TRUE(file.write("and whole"));
    EXPECT_TRUE(file.finish());
    EXPECT_EQ(contents(path), "new and whole");
    EXPECT_EQ(folder.size(), 1U);
}

TEST(WholeFile, LeavesNothingBehindWhenItIsNot) {
    const Folder folder;
    const auto path = folder.file("run.jsonl", "old");
    {
        WholeFile file(path.string());
        file.write("half");
        EXPECT_EQ(folder.size(), 2U);
    }
    EXPECT_EQ(contents(path), "old");
    EXPECT_EQ(folder.size(), 1U);
}

TEST(WholeFile, SaysWhyItCannotBeWritten) {
    const Folder folder;
    WholeFile nowhere((folder / "no" / "such").string());
    EXPECT_EQ(nowhere.error(), ENOENT);
    EXPECT_FALSE(nowhere.write("x"));
    EXPECT_FALSE(nowhere.finish());
    WholeFile full("/dev/full");
    EXPECT_FALSE(full.write("x"));
    EXPECT_EQ(full.error(), ENOSPC);
    EXPECT_FALSE(full.finish());
    WholeFile long_name((folder / std::string(5000, 'a')).string());
    EXPECT_EQ(long_name.error(), ENAMETOOLONG);
}

TEST(WholeFile, IsRemovedByASignalWithAllOthersThatAreNotFinished) {
    const Folder folder;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        watch_signals();
        WholeFile trace((folder / "trace").string()), report((folder / "report").string());
        trace.write("half");
        report.write("half");
        ::raise(folder.size() == 2 ? SIGTERM : SIGKILL);
    }
    int ended = 0;
    ASSERT_EQ(::waitpid(child, &ended, 0), child);
    EXPECT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == interrupted);
    EXPECT_EQ(folder.size(), 0U);
}

TEST(TraceFile, HoldsWhatWasTold) {
    const Folder folder;
    const std::string path = (folder / "run.jsonl").string();
    {
        TraceFile trace(path, {.engine = "reference"});
        for (int step = 0; step < 10'000; ++step) trace.sink().see(StepBegan{.step = StepId{step}});
        EXPECT_EQ(trace.finish(findings), findings);
    }
    EventDigest digest;
    const EventFile read = read_events(path, digest);
    EXPECT_TRUE(read.errors.empty()) << to_text(read.errors);
    EXPECT_EQ(read.events, 10'000);
    EXPECT_EQ(read.header.engine, "reference");
}

TEST(TraceFile, IsBadInputWhereItCannotBeWritten) {
    TraceFile full("/dev/full", {});
    full.sink().see(StepBegan{});
    EXPECT_EQ(full.finish(ok), bad_input);
}

}  // namespace
}  // namespace kv::cli
