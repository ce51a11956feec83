// What is wrong in a file of events, told with its place.
#include "tests/scenarios/events/any_event.h"
#include "tests/scenarios/events/event_texts.h"
#include "tests/support/temporary_file.h"

#include <fmt/format.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace kv::testing {
namespace {

const std::string header = "{\"kvproof\":\"events\",\"format\":1}\n";

Diagnostics errors_of(const std::string& text) { return read_back(text).errors; }

// "line:column: message" of the only error.
std::string error_of(const std::string& text) {
    const Diagnostics errors = errors_of(text);
    if (errors.size() != 1) return fmt::format("{} errors: {}", errors.size(), to_text(errors));
    return fmt::format("{}:{}: {}", errors[0].where.line, errors[0].where.column, errors[0].message);
}
std::string error_of_line(const std::string& line) { return error_of(header + line + '\n'); }

TEST(EventErrors, NameTheHeaderThatIsMissing) {
    const std::string expected = R"(expected the header {"kvproof":"events","format":1} in the first line)";
    EXPECT_EQ(error_of(""), "1:1: " + expected + ", found nothing");
    EXPECT_EQ(error_of("{\"event\":\"step-began\",\"rank\":0,\"step\":0}\n"), "1:1: " + expected);
    EXPECT_EQ(error_of("[]\n{}\n"), "1:1: expected an object, found an array of 0 values");
}

TEST(EventErrors, NameAFormatThatIsNotRead) {
    EXPECT_EQ(error_of("{\"kvproof\":\"events\",\"format\":2}\n{}\n"),
              "1:30: format: expected format 1, which this kvproof reads, found 2");
    EXPECT_EQ(error_of("{\"kvproof\":\"plan\",\"format\":1}\n"), "1:12: kvproof: expected \"events\", found \"plan\"");
    EXPECT_EQ(error_of("{\"kvproof\":\"events\",\"format\":1,\"engin\":\"\"}\n"), "1:32: engin: unknown key: did you mean `engine`?");
}

TEST(EventErrors, NameWhatIsNoEvent) {
    EXPECT_EQ(error_of_line(R"({"event":"step-begun","rank":0,"step":0})"),
              "2:10: event: expected the name of an event (did you mean \"step-began\"?), found \"step-begun\"");
    EXPECT_EQ(error_of_line(R"({"rank":0,"step":0})"), "2:1: expected the key `event`, which is missing");
    EXPECT_EQ(error_of_line(R"({"event":3})"), "2:10: event: expected the name of an event, found 3");
    EXPECT_EQ(error_of_line("7"), "2:1: expected an object, found 7");
}

TEST(EventErrors, NameKeysThatAreMissingOrUnknown) {
    EXPECT_EQ(error_of_line(R"({"event":"step-began","rank":0})"), "2:1: expected the key `step`, which is missing");
    EXPECT_EQ(error_of_line(R"({"event":"step-began","rank":0,"step":1,"rnak":1})"), "2:41: rnak: unknown key: did you mean `rank`?");
    EXPECT_EQ(
        error_of_line(
            R"({"event":"step-scheduled","rank":0,"step":1,"scheduled":[{"request":0,"first":0,"drafts":0}],"running":1,"waiting":0})"),
        "2:58: scheduled[0]: expected the key `tokens`, which is missing");
}

TEST(EventErrors, NameValuesOfTheWrongTypeOrRange) {
    EXPECT_EQ(error_of_line(R"({"event":"step-began","rank":-1,"step":1})"),
              "2:30: rank: expected an integer from 0 to 2147483647, found -1");
    EXPECT_EQ(error_of_line(R"({"event":"step-began","rank":2147483648,"step":1})"),
              "2:30: rank: expected an integer from 0 to 2147483647, found 2147483648");
    EXPECT_EQ(error_of_line(R"({"event":"step-began","rank":0,"step":"1"})"), "2:39: step: expected an integer from 0, found \"1\"");
    EXPECT_EQ(error_of_line(R"({"event":"blocks-freed","rank":0,"request":0,"why":"finish","free":1})"),
              "2:52: why: expected one of \"finished\", \"preempted\", \"aborted\", \"load-failed\", found \"finish\": did you mean "
              "\"finished\"?");
    EXPECT_EQ(error_of_line(R"({"event":"table-made","rank":0,"group":0,"rows":1,"columns":1,"block":0,"kernel_block":16})"),
              "2:71: block: expected an integer from 1 to 1152921504606846976, found 0");
    EXPECT_EQ(error_of_line(R"({"event":"capacity-reported","tokens":1,"concurrency":"much","length":1})"),
              R"(2:55: concurrency: expected a number, "Infinity", "-Infinity" or "NaN", found "much")");
    EXPECT_EQ(error_of_line(R"({"event":"cache-reset","rank":0,"done":1,"free":1})"), "2:40: done: expected true or false, found 1");
    EXPECT_EQ(error_of_line(R"({"event":"blocks-zeroed","rank":0,"blocks":7})"), "2:44: blocks: expected an array, found 7");
}

TEST(EventErrors, NameRunsThatDoNotFit) {
    const auto zeroed = [](const std::string& blocks) {
        return error_of_line(R"({"event":"blocks-zeroed","rank":0,"blocks":[)" + blocks + "]}");
    };
    EXPECT_EQ(zeroed("[1,2,3]"), "2:45: blocks[0]: expected an integer or a run [first, count], found an array of 3 values");
    EXPECT_EQ(zeroed("[1,0]"), "2:48: blocks[0][1]: expected an integer from 1 to 2147483647, found 0");
    EXPECT_EQ(zeroed("[2147483647,2]"), "2:57: blocks[0][1]: expected an integer from 1 to 1, found 2");
    const auto captured = [](const std::string& rows) {
        return error_of_line(
            R"({"event":"rows-captured","rank":0,"step":0,"micro_batch":0,"outcome":"copied","buffer_first":0,"first":0,"count":1,"rows":[)" +
            rows + "]}");
    };
    EXPECT_EQ(captured("[1,2,3]"), "0 errors: ");
    EXPECT_EQ(captured("[256,2,3]"), "2:125: rows[0][0]: expected an integer from 0 to 255, found 256");
    EXPECT_EQ(captured("[1,2,134217727,2]"), "2:139: rows[0][3]: expected an integer from 1 to 1, found 2");
    EXPECT_TRUE(captured("\"lost\"").starts_with("2:124: rows[0]: expected [producer, content, position], the same with a count, "));
    EXPECT_EQ(captured("[\"missing\",2]"), "2:123: rows: expected the tags of 1 rows, found 2");
}

TEST(EventErrors, NameListsThatDoNotFitEachOther) {
    const std::string mapped =
        R"({"event":"slots-mapped","rank":0,"step":0,"group":0,"context_rank":0,"requests":[4,6],"runs":[[0,2,5],[1,2,0]],"slots":[7,8)";
    EXPECT_EQ(error_of_line(mapped + ",9,10]}"), "0 errors: ");
    EXPECT_EQ(error_of_line(mapped + ",9,10,-1]}"), "0 errors: ");
    EXPECT_EQ(error_of_line(mapped + ",9]}"), "2:120: slots: expected a slot for each of the runs' 4 tokens, found 3");
    EXPECT_EQ(error_of_line(R"({"event":"kv-written","rank":0,"step":0,"group":0,"context_rank":0,"tokens":3,"slots":[1,2]})"),
              "2:77: tokens: expected tokens that have slots, of which there are 2");
    EXPECT_EQ(error_of_line(R"({"event":"rows-stored","rank":0,"step":0,"group":0,"slots":[1,2],"rows":["missing"]})"),
              "2:73: rows: expected as many tags for each of 2 slots, found 1");
    EXPECT_EQ(
        error_of_line(R"({"event":"rows-delivered","rank":0,"request":0,"first":0,"columns":2,"rows":["missing"],"wanted":["missing"]})"),
        "2:77: rows: expected 2 tags for each of 1 wanted rows, found 1");
}

TEST(EventErrors, NameChangesOfWhatIsNotHeld) {
    const auto cached = [](const std::string& held) {
        return R"({"event":"blocks-cached","rank":0,"request":0,"computed":0,"tokens":0,"held":)" + held + "}";
    };
    EXPECT_EQ(error_of_line(cached(R"({"changes":[{"group":0,"cached_blocks":1}]})")),
              "2:99: held.changes[0].group: expected `groups`, which says how many groups the request has");
    EXPECT_EQ(error_of_line(cached(R"({"groups":1,"changes":[{"group":1}]})")),
              "2:110: held.changes[0].group: expected an integer from 0 to 0, found 1");
    EXPECT_EQ(error_of_line(cached(R"({"groups":1,"changes":[{"group":0,"blocks":[[0,4],[2,5]]}]})")),
              "2:129: held.changes[0].blocks[1][0]: expected an integer from 0 to 1, found 2");
    EXPECT_EQ(error_of_line(cached(R"({"groups":1,"changes":[{"group":0,"length":1}]})")),
              "2:121: held.changes[0].length: expected an integer from 0 to 0, found 1");
    EXPECT_EQ(error_of_line(cached(R"({"groups":1,"changed":[]})")), "2:90: held.changed: unknown key: did you mean `changes`?");
    // After a line that was not understood, what the others go on from is not known.
    const Diagnostics errors = errors_of(header + "{\n" + cached(R"({"changes":[{"group":3,"blocks":[[9,4]],"length":7}]})") + "\n");
    ASSERT_EQ(errors.size(), 1U) << to_text(errors);
    EXPECT_EQ(errors[0].where.line, 2U);
}

TEST(EventErrors, AreAllToldAndEndWhatIsHandedOn) {
    const std::string good = R"({"event":"step-began","rank":0,"step":1})";
    const ReadEvents read = read_back(header + good + "\n{\n" + good + "\nnull\n\n");
    ASSERT_EQ(read.errors.size(), 3U) << to_text(read.errors);
    EXPECT_EQ(read.events, 1);
    const std::vector<std::size_t> lines{read.errors[0].where.line, read.errors[1].where.line, read.errors[2].where.line};
    EXPECT_EQ(lines, (std::vector<std::size_t>{3, 5, 6}));
    EXPECT_EQ(read.errors[1].where.file, "run.jsonl");
}

TEST(EventErrors, AreAHundredAtMost) {
    std::string text = header;
    for (int i = 0; i < 99; ++i) text += "[]\n";
    EXPECT_EQ(errors_of(text).size(), 99U);
    for (int i = 0; i < 300; ++i) text += "[]\n";
    const Diagnostics errors = errors_of(text);
    ASSERT_EQ(errors.size(), 100U);
    EXPECT_EQ(errors.back().where.line, 101U);
    EXPECT_TRUE(errors.back().message.ends_with(" (after 100 errors reading ended here)")) << errors.back().message;
}

TEST(EventErrors, TellOfFilesThatCannotBeReadToTheirEnd) {
    EventDigest nobody;
    const EventFile missing = read_events("/nowhere/run.jsonl", nobody);
    ASSERT_EQ(missing.errors.size(), 1U);
    EXPECT_EQ(missing.errors[0].where.file, "/nowhere/run.jsonl");
    const TemporaryFile broken("\x1f\x8b\x08 and no more of it");
    EXPECT_EQ(read_events(broken.path(), nobody).errors.size(), 1U);
}

// Runs of more than there is memory for, nesting, and lines that each ask for a little more.
TEST(EventErrors, StopHostileLinesBeforeTheyTakeMemory) {
    const auto slots = [](const std::string& list) {
        return error_of_line(R"({"event":"rows-read","rank":0,"request":0,"group":0,"first":0,"slots":[)" + list + "]}");
    };
    const std::string too_much = "expected a line whose lists take at most 33554432 bytes with their runs unrolled";
    EXPECT_EQ(slots("[-1,1152921504606846976]"), "2:72: slots[0]: " + too_much);
    EXPECT_EQ(slots("[0,1152921504606846976]"), "2:72: slots[0]: " + too_much);
    EXPECT_EQ(slots("[-9223372036854775808,1152921504606846976]"), "2:72: slots[0]: " + too_much);
    EXPECT_EQ(slots("[9223372036854775807,2]"), "2:93: slots[0][1]: expected an integer from 1 to 1, found 2");
    EXPECT_EQ(slots("[-1,4194304],5"), "2:85: slots[1]: " + too_much);
    EXPECT_EQ(slots(std::string(100, '[')).substr(0, 6), "2:134:");
    std::string text = header;
    for (int request = 0; request < 40; ++request)
        text += fmt::format(R"({{"event":"blocks-cached","rank":0,"request":{},"computed":0,"tokens":0,)"
                            R"("held":{{"groups":1,"changes":[{{"group":0,"blocks":[[0,[0,4000000]]]}}]}}}})"
                            "\n",
                            request);
    const Diagnostics errors = errors_of(text);
    ASSERT_GE(errors.size(), 1U);
    EXPECT_EQ(errors[0].where.line, 10U);
    EXPECT_EQ(errors[0].message, "held.changes[0]: expected requests that hold at most 33554432 blocks together");
}

// One byte of a good file changed, or its end cut off: it is read, or it is wrong, and nothing else happens.
RC_GTEST_PROP(EventErrors, ComeOfWhateverIsDoneToAFile, (std::uint64_t seed)) {
    AnyParts any(seed);
    std::string text = written([&](EventSink& sink) { tell_every_kind(seed, sink); }).text;
    for (std::int64_t change = any.below(4); change >= 0; --change) {
        const auto at = static_cast<std::size_t>(any.below(std::ssize(text)));
        constexpr std::string_view letters = "0123456789-[]{},:\"eE.ntfx\\ ";
        if (any.below(8) == 0) text.resize(at + 1);
        else if (any.below(2) == 0) text[at] = letters[static_cast<std::size_t>(any.below(std::ssize(letters)))];
        else text.insert(at, 1, letters[static_cast<std::size_t>(any.below(std::ssize(letters)))]);
    }
    const ReadEvents read = read_back(text);
    RC_ASSERT(read.errors.size() <= 101);
    RC_ASSERT(!read.errors.empty() || read.events <= static_cast<std::int64_t>(AllEvents::count));
}

}  // namespace
}  // namespace kv::testing
