// Events written down and read back are the same events.
#include "tests/scenarios/events/any_event.h"
#include "tests/scenarios/events/event_texts.h"
#include "tests/support/temporary_file.h"

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <rapidcheck/gtest.h>

#include <set>

namespace kv::testing {
namespace {

void expect_same(const WrittenEvents& told) {
    const ReadEvents read = read_back(told.text);
    EXPECT_TRUE(read.errors.empty()) << to_text(read.errors);
    EXPECT_EQ(read.events, told.events);
    EXPECT_EQ(read.digest, told.digest);
}

std::string lines_of(const std::function<void(EventSink&)>& tell) {
    const std::string text = written(tell).text;
    return text.substr(text.find('\n') + 1);
}

TEST(EventFile, BeginsWithItsKindAndFormat) {
    EXPECT_EQ(written([](EventSink&) {}).text, "{\"kvproof\":\"events\",\"format\":1}\n");
    const EventHeader header{.engine = "vllm-0.32.0+pr-37118", .scenario = "two \"ranks\""};
    const WrittenEvents told = written([](EventSink&) {}, header);
    EXPECT_EQ(told.text, R"({"kvproof":"events","format":1,"engine":"vllm-0.32.0+pr-37118","scenario":"two \"ranks\""})"
                         "\n");
    EXPECT_EQ(read_back(told.text).header, header);
}

TEST(EventFile, SaysAnEventInALine) {
    EXPECT_EQ(lines_of([](EventSink& sink) { sink.see(StepBegan{.rank = RankId{1}, .step = StepId{3}}); }),
              "{\"event\":\"step-began\",\"rank\":1,\"step\":3}\n");
}

TEST(EventFile, LeavesOutWhatIsNoneAndFlagsThatAreAsUsual) {
    const auto stored = [](bool by_slot, std::optional<std::int64_t> pad) {
        return lines_of([&](EventSink& sink) { sink.see(RowsStored{.group = 2, .by_slot = by_slot, .pad_slot = pad}); });
    };
    EXPECT_EQ(stored(true, {}), "{\"event\":\"rows-stored\",\"rank\":0,\"step\":0,\"group\":2,\"slots\":[],\"rows\":[]}\n");
    EXPECT_EQ(stored(false, 7),
              "{\"event\":\"rows-stored\",\"rank\":0,\"step\":0,\"group\":2,\"slots\":[],\"rows\":[],\"by_slot\":false,\"pad_slot\":7}\n");
}

TEST(EventFile, WritesSlotsAndTagsAsRuns) {
    const std::vector<std::int64_t> slots{32, 33, 34, 48, 49, -1, -1, -1, -1};
    std::vector<RowTag> rows(9, never_written_tag);
    tag_run({.producer = 1, .content = 9, .position = 5}, std::span(rows).first(4));
    rows[4] = tag_of({.producer = 0, .content = 9, .position = 9});
    rows[8] = missing_tag;
    const auto tell = [&](EventSink& sink) { sink.see(RowsStored{.slots = slots, .rows = rows}); };
    EXPECT_EQ(lines_of(tell),
              "{\"event\":\"rows-stored\",\"rank\":0,\"step\":0,\"group\":0,\"slots\":[[32,3],48,49,[-1,4]],"
              "\"rows\":[[1,9,5,4],[0,9,9],[\"never-written\",3],\"missing\"]}\n");
    expect_same(written(tell));
}

TEST(EventFile, KeepsRunsApartWhereTheLastPositionOfATextIsFollowedByTheNextText) {
    const std::vector<RowTag> wanted{tag_of({.producer = 0, .content = 4, .position = RowOrigin::position_max}),
                                     tag_of({.producer = 0, .content = 5, .position = 0})};
    expect_same(written([&](EventSink& sink) { sink.see(RowsDelivered{.columns = 1, .rows = wanted, .wanted = wanted}); }));
}

std::vector<BlockId> blocks_of(const std::vector<std::int32_t>& ids) {
    std::vector<BlockId> blocks;
    for (const std::int32_t id : ids) blocks.push_back(BlockId{id});
    return blocks;
}

TEST(EventFile, TellsOnlyWhatHasChangedOfWhatARequestHolds) {
    std::vector<Holding> held(2);
    std::vector<std::string> told;
    const WrittenEvents all = written([&](EventSink& sink) {
        const auto cached = [&] { sink.see(BlocksCached{.rank = RankId{1}, .request = RequestId{4}, .held = held}); };
        held[0].blocks = blocks_of({5, 6, 7, 9});
        held[1].blocks = blocks_of({8});
        cached();
        cached();
        held[0].blocks = blocks_of({0, 6, 7, 9, 12});
        held[1].cached_blocks = 1;
        cached();
        held[0].blocks = blocks_of({0, 0});
        cached();
        sink.see(BlocksFreed{.rank = RankId{1}, .request = RequestId{4}});
        cached();
    });
    std::istringstream lines(all.text);
    for (std::string line; std::getline(lines, line);)
        if (const std::size_t at = line.find(",\"tokens\":0"); at != std::string::npos) told.push_back(line.substr(at + 11));
    EXPECT_EQ(told,
              (std::vector<std::string>{
                  R"(,"held":{"groups":2,"changes":[{"group":0,"blocks":[[0,[5,3],9]]},{"group":1,"blocks":[[0,8]]}]}})", "}",
                  R"(,"held":{"changes":[{"group":0,"blocks":[[0,0],[4,12]]},{"group":1,"cached_blocks":1}]}})",
                  R"(,"held":{"changes":[{"group":0,"length":2,"blocks":[[1,0]]}]}})",
                  R"(,"held":{"groups":2,"changes":[{"group":0,"blocks":[[0,0,0]]},{"group":1,"blocks":[[0,8]],"cached_blocks":1}]}})"}));
    expect_same(all);
}

TEST(EventFile, ForgetsNothingOfAHoldingButWhatIsUsual) {
    std::vector<Holding> held(1);
    expect_same(written([&](EventSink& sink) {
        held[0].states = {.allocated = true, .last_state = 3, .retired_blocks = 2, .partial_hit = Holding::PartialHit{4, BlockId{9}}};
        held[0].listed = held[0].admitted = true;
        sink.see(BlocksCached{.held = held});
        held[0].states = {.retired_blocks = 2};
        held[0].listed = false;
        sink.see(BlocksCached{.held = held});
        held.clear();
        sink.see(BlocksCached{.held = held});
    }));
}

RC_GTEST_PROP(EventFile, KeepsEveryPartOfEveryKindOfEvent, (std::uint64_t seed)) {
    constexpr std::uint64_t rounds = 8;  // So that requests are told of again.
    const WrittenEvents told = written([&](EventSink& sink) {
        for (std::uint64_t round = 0; round < rounds; ++round) tell_every_kind(seed + round, sink);
    });
    RC_ASSERT(told.events == static_cast<std::int64_t>(rounds * AllEvents::count));
    const WrittenEvents again = written([&](EventSink& sink) {
        const ReadEvents read = read_back(told.text, &sink);
        RC_ASSERT(to_text(read.errors) == "");
        RC_ASSERT(read.digest == told.digest);
        RC_ASSERT(read.events == told.events);
    });
    RC_ASSERT(again.text == told.text);
}

TEST(EventFile, IsReadPlainOrPacked) {
    const WrittenEvents told = written([](EventSink& sink) { tell_every_kind(3, sink); }, {.engine = "reference"});
    std::istringstream plain(told.text);
    std::ostringstream packed;
    boost::iostreams::filtering_ostream packer;
    packer.push(boost::iostreams::gzip_compressor());
    packer.push(packed);
    boost::iostreams::copy(plain, packer);
    for (const std::string& bytes : {told.text, packed.str()}) {
        const TemporaryFile file(bytes);
        EventDigest digest;
        const EventFile read = read_events(file.path(), digest);
        EXPECT_TRUE(read.errors.empty()) << to_text(read.errors);
        EXPECT_EQ(read.header.engine, "reference");
        EXPECT_EQ(read.events, told.events);
        EXPECT_EQ(digest.value(), told.digest);
    }
}

TEST(EventFile, SaysWhichEventIsTooLarge) {
    const std::vector<std::int64_t> slots(static_cast<std::size_t>(event_line_memory_max / 8 + 1), -1);
    EventWriter writer({}, [](std::string_view) { return true; });
    writer.sink().see(StepBegan{});
    writer.sink().see(KvWritten{.slots = slots});
    writer.sink().see(StepBegan{});
    EXPECT_FALSE(writer.finish());
    EXPECT_EQ(writer.events(), 1);
    EXPECT_TRUE(writer.failure().starts_with("event 2, kv-written, is larger than")) << writer.failure();
}

TEST(EventFile, IsHandedOnNoFurtherOnceItCannotBeWritten) {
    int chunks = 0;
    EventWriter writer({}, [&](std::string_view) { return ++chunks < 3; });
    for (int i = 0; i < 100'000; ++i) writer.sink().see(StepBegan{});
    EXPECT_EQ(chunks, 3);
    EXPECT_FALSE(writer.finish());
    EXPECT_EQ(writer.failure(), "");
}

}  // namespace
}  // namespace kv::testing
