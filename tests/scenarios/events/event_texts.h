// Runs of events written to text and read back.
#pragma once

#include "model/events/event_digest.h"
#include "scenarios/events/event_reader.h"
#include "scenarios/events/event_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <sstream>
#include <string>

namespace kv::testing {

struct WrittenEvents {
    std::string text;
    std::uint64_t digest = 0;
    std::int64_t events = 0;
};

// What `tell` tells a sink.
inline WrittenEvents written(const std::function<void(EventSink&)>& tell, const EventHeader& header = {}) {
    WrittenEvents out;
    EventWriter writer(header, [&](std::string_view chunk) {
        EXPECT_TRUE(chunk.ends_with('\n')) << "a chunk has whole lines";
        out.text += chunk;
        return true;
    });
    EventDigest digest(&writer.sink());
    tell(digest);
    EXPECT_TRUE(writer.finish()) << writer.failure();
    EXPECT_EQ(writer.events(), digest.events());
    out.digest = digest.value();
    out.events = digest.events();
    return out;
}

struct ReadEvents {
    std::optional<EventHeader> header;
    std::uint64_t digest = 0;
    std::int64_t events = 0;
    Diagnostics errors;
};

inline ReadEvents read_back(const std::string& text, EventSink* sink = nullptr) {
    EventDigest digest(sink);
    EventReader reader("run.jsonl", digest);
    std::istringstream lines(text);
    std::string line;
    std::size_t number = 0;
    bool goes_on = true;
    while (goes_on && std::getline(lines, line)) goes_on = reader.line(line, ++number);
    ReadEvents read{.header = {}, .digest = digest.value(), .events = digest.events(), .errors = reader.finish()};
    read.header = reader.header();
    EXPECT_EQ(reader.events(), digest.events());
    return read;
}

}  // namespace kv::testing
