// The published schema says what is written and what the reader reads.
#include "reports/event_schema.h"

#include "reports/event_kinds.h"
#include "tests/reports/schema_checker.h"
#include "tests/scenarios/events/any_event.h"
#include "tests/scenarios/events/event_texts.h"

#include <fstream>
#include <set>

namespace kv::testing {
namespace {

const Json& schema() {
    static const Json parsed = Json::parse(event_schema());
    return parsed;
}

std::vector<std::string> lines_of_every_kind(std::uint64_t rounds) {
    std::vector<std::string> lines;
    std::istringstream text(written([&](EventSink& sink) {
                                for (std::uint64_t seed = 0; seed < rounds; ++seed) tell_every_kind(seed, sink);
                            }).text);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

TEST(EventSchema, TakesEveryLineThatIsWritten) {
    for (const std::string& line : lines_of_every_kind(20)) EXPECT_TRUE(fits_schema(schema(), Json::parse(line))) << line;
}

// The reader's word on a line, after a header.
bool reads(const Json& line) { return read_back("{\"kvproof\":\"events\",\"format\":1}\n" + line.dump() + '\n').errors.empty(); }

void expect_refused(const Json& line) {
    EXPECT_FALSE(fits_schema(schema(), line)) << line;
    EXPECT_FALSE(reads(line)) << line;
}

// Flags, what may be none and what is held may be left out: there the line is still an event.
TEST(EventSchema, RefusesLinesInWhichAPartIsMissingUnknownOrOfAnotherType) {
    std::size_t left_out = 0, refused = 0;
    const std::vector<std::string> lines = lines_of_every_kind(2);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const Json line = Json::parse(lines[i]);
        for (const auto& [key, value] : line.items()) {
            Json without = line;
            without.erase(key);
            fits_schema(schema(), without) ? ++left_out : ++refused;
            Json twisted = line;
            twisted[key] = value.is_boolean() ? Json("yes") : Json(true);
            expect_refused(twisted);
            twisted[key] = nullptr;
            expect_refused(twisted);
        }
        Json more = line;
        more["nobody_knows"] = 1;
        expect_refused(more);
        Json other = line;
        other["event"] = "step-begun";
        expect_refused(other);
    }
    EXPECT_GT(refused, left_out);
    EXPECT_GT(left_out, 0U);
}

TEST(EventSchema, RequiresWhatTheReaderRequires) {
    std::set<std::string> seen;
    for (const std::string& text : lines_of_every_kind(6)) {
        const Json line = Json::parse(text);
        if (!line.contains("event")) continue;
        for (const auto& [key, value] : line.items()) {
            if (!seen.insert(line["event"].get<std::string>() + ' ' + key).second) continue;
            Json without = line;
            without.erase(key);
            if (!fits_schema(schema(), without)) {
                EXPECT_FALSE(reads(without)) << without;
            }
        }
    }
    EXPECT_GT(seen.size(), 150U);
}

TEST(EventSchema, RefusesRunsAndTagsThatTheReaderRefuses) {
    for (
        const char* wrong :
        {R"({"event":"blocks-zeroed","rank":0,"blocks":[[1,2,3]]})", R"({"event":"blocks-zeroed","rank":0,"blocks":[[1]]})",
         R"({"event":"blocks-zeroed","rank":0,"blocks":[[1,0]]})", R"({"event":"blocks-zeroed","rank":0,"blocks":[-1]})",
         R"({"event":"blocks-zeroed","rank":-1,"blocks":[]})", R"({"event":"blocks-copied","rank":0,"copies":[[1]],"free":0})",
         R"({"event":"blocks-copied","rank":0,"copies":[[1,2,3]],"free":0})", R"({"event":"blocks-copied","rank":0,"copies":[7],"free":0})",
         R"({"event":"rows-delivered","rank":0,"request":0,"first":0,"columns":1,"rows":[[256,0,0]],"wanted":["missing"]})",
         R"({"event":"rows-delivered","rank":0,"request":0,"first":0,"columns":1,"rows":["lost"],"wanted":["missing"]})",
         R"({"event":"rows-delivered","rank":0,"request":0,"first":0,"columns":1,"rows":[["missing",0]],"wanted":["missing"]})",
         R"({"event":"table-made","rank":0,"group":0,"rows":1,"columns":1,"block":0,"kernel_block":16})",
         R"({"event":"capacity-reported","tokens":1,"concurrency":"much","length":1})",
         R"({"event":"blocks-cached","rank":0,"request":0,"computed":0,"tokens":0,"held":{"groups":1,"changes":[{"blocks":[]}]}})",
         R"({"event":"blocks-cached","rank":0,"request":0,"computed":0,"tokens":0,"held":{"groups":1,"changes":[{"group":0,"blocks":[[0]]}]}})",
         R"({"event":"blocks-cached","rank":0,"request":0,"computed":0,"tokens":0,"held":{"group":1}})"})
        expect_refused(Json::parse(wrong));
    EXPECT_FALSE(fits_schema(schema(), Json::parse(R"({"kvproof":"events","format":2})")));
    EXPECT_FALSE(fits_schema(schema(), Json::parse(R"({"kvproof":"plan","format":1})")));
}

TEST(EventSchema, SaysWhichDraftOfJsonSchemaItIs) {
    EXPECT_EQ(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema()["anyOf"].size(), AllEvents::count + 1);
}

TEST(EventKinds, AreAllToldWithTheirPartsAndWhoNeedsThem) {
    const std::vector<EventKindWords> kinds = event_kinds();
    ASSERT_EQ(kinds.size(), AllEvents::count);
    const std::string text = events_text(Color::off);
    for (const EventKindWords& kind : kinds) {
        EXPECT_FALSE(kind.properties.empty()) << kind.name;
        EXPECT_NE(text.find('\n' + std::string(kind.name) + ": " + std::string(kind.meaning) + '\n'),
                  kind.name == kinds[0].name ? 0 : std::string::npos);
    }
    EXPECT_NE(text.find("writes.block"), std::string::npos);
}

TEST(EventKinds, AreWhatTheDocsShow) {
    std::ifstream file(KV_SOURCE_DIR "/docs/events.md", std::ios::binary);
    std::stringstream shown;
    shown << file.rdbuf();
    EXPECT_EQ(shown.str(), events_markdown()) << "docs/events.md is old: `kvproof explain events --format md --output docs/events.md`";
}

}  // namespace
}  // namespace kv::testing
