#include "harness/trace_conformity.h"

#include "tests/support/temporary_file.h"
#include "tests/support/traces.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

namespace kv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using ::testing::SizeIs;
using testing::TemporaryFile;
using Counts = std::array<std::size_t, 3>;

Counts counts_of(const ConformFile& file) { return {file.agree, file.differ, file.not_known}; }

ConformFile conform(const std::vector<std::string>& lines, ConformOptions options = {}) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    const TemporaryFile file(text);
    return conform_file(file.path(), options);
}

// Two requests of 20 tokens, the second with the first one's block, on 0.18.0.
std::vector<std::string> small_trace() {
    return {testing::trace_header().dump(),
            R"({"op":"new","r":0,"runs":[[1,0,20]]})",
            R"({"op":"lookup","r":0,"res":{"n":0,"blocks":[[]]}})",
            R"({"op":"alloc","r":0,"c":0,"new":20,"hit":0,"res":{"ok":1,"new":[[1,2]],"table":[[1,2]],"free":5}})",
            R"({"op":"new","r":1,"runs":[[1,0,16],[2,0,1]]})",
            R"({"op":"lookup","r":1,"res":{"n":16,"blocks":[[1]]}})",
            R"({"op":"alloc","r":1,"c":0,"new":1,"hit":16,"res":{"ok":1,"new":[[3]],"table":[[1,3]],"free":4}})",
            R"({"op":"common","r":1,"res":{"n":[1]}})",
            R"({"op":"reset","res":{"ok":0,"free":4}})",
            R"({"op":"zero","res":{"ids":[1,2,3]}})",
            R"({"op":"dump","res":{"queue":[4,5,6,7],"cached":[[1,0]],"shared":[[1,2]]}})",
            R"({"op":"free","r":0,"why":"finish","res":{"free":5}})",
            R"({"op":"evict","ids":[1]})",
            testing::trace_end(12).dump()};
}

void expect_agreement(const std::string& name, const std::string& version, std::size_t traces) {
    const std::string path = testing::trace_file(name, version);
    ConformOptions options;
    options.each = [&](const CaseResult& result) {
        for (const FieldDifference& difference : result.differences)
            ADD_FAILURE() << result.id << ": " << difference.at << ": recorded " << difference.recorded << ", ours " << difference.ours;
    };
    const ConformFile file = conform_file(path, options);
    EXPECT_EQ(counts_of(file), (Counts{traces, 0, 0})) << path;
    EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
}

TEST(TraceConformity, EveryDrawnTraceAgrees) {
    expect_agreement("trace", "0.18.0", 147);
    expect_agreement("trace", "0.32.0", 171);
    expect_agreement("trace-102", "0.18.0", 183);
    expect_agreement("trace-102", "0.32.0", 183);
}

TEST(TraceConformity, EveryTraceAroundAnEdgeAgrees) {
    expect_agreement("edges", "0.18.0", 2118);
    expect_agreement("edges", "0.32.0", 3203);
}

TEST(TraceConformity, ATraceIsOneUnit) {
    std::vector<std::string> twice = small_trace();
    for (const std::string& line : small_trace()) twice.push_back(line);
    std::vector<std::size_t> lines;
    ConformOptions options;
    options.each = [&](const CaseResult& result) {
        EXPECT_EQ(result.id, "t");
        lines.push_back(result.line);
    };
    const ConformFile file = conform(twice, options);
    EXPECT_EQ(counts_of(file), (Counts{2, 0, 0}));
    EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
    EXPECT_THAT(lines, ElementsAre(1U, 15U));
}

TEST(TraceConformity, ADifferenceSaysOperationLineFieldAndBothValues) {
    std::vector<std::string> lines = small_trace();
    lines[6] = R"({"op":"alloc","r":1,"c":0,"new":1,"hit":16,"res":{"ok":1,"new":[[3]],"table":[[1,4]],"free":4}})";
    const ConformFile file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{0, 1, 0}));
    ASSERT_THAT(file.fields, SizeIs(1));
    const FieldDifference& difference = file.fields.front().first;
    EXPECT_EQ(difference.field, "alloc.table[]");
    EXPECT_EQ(difference.at, "operation 6 (line 7): alloc.table[0]");
    EXPECT_EQ(difference.recorded, "... [1] 4 (2 in all)");
    EXPECT_EQ(difference.ours, "... [1] 3 (2 in all)");
}

TEST(TraceConformity, AfterADifferenceTheRestOfTheTraceIsReadButNotCompared) {
    std::vector<std::string> lines = small_trace();
    lines[5] = R"({"op":"lookup","r":1,"res":{"n":0,"blocks":[[1]]}})";
    lines[8] = R"({"op":"reset","res":{"ok":1,"free":4}})";
    ConformFile file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{0, 1, 0}));
    ASSERT_THAT(file.fields, SizeIs(1));
    EXPECT_EQ(file.fields.front().first.field, "lookup.n");
    lines[10] = R"({"op":"dump"})";
    file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{0, 0, 0}));
    EXPECT_THAT(to_text(file.diagnostics), HasSubstr(":11:1: error: expected the key `res`"));
}

TEST(TraceConformity, EveryRecordedNumberOfAnAnswerIsCompared) {
    const std::vector<std::string> lines = small_trace();
    std::set<std::string> changed_fields;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const Json line = Json::parse(lines[at]);
        if (!line.contains("res")) continue;
        for (const testing::Place& place : testing::places_in(line, [](const Json& value) { return value.is_number(); })) {
            if (!place.field.starts_with("res.")) continue;
            std::vector<std::string> changed = lines;
            Json other = line;
            other[place.pointer] = other[place.pointer].get<int>() == 0 ? 1 : other[place.pointer].get<int>() - 1;
            changed[at] = other.dump();
            const ConformFile file = conform(changed);
            EXPECT_TRUE(file.differ == 1 || !file.diagnostics.empty()) << lines[at] << " " << place.pointer.to_string();
            changed_fields.insert(line["op"].get<std::string>() + "." + place.field);
        }
    }
    EXPECT_EQ(changed_fields.size(), 14U);
}

TEST(TraceConformity, EveryRecordedListIsComparedWhole) {
    const std::vector<std::string> lines = small_trace();
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const Json line = Json::parse(lines[at]);
        if (!line.contains("res")) continue;
        for (const testing::Place& place : testing::places_in(line, [](const Json& value) { return value.is_array() && !value.empty(); })) {
            if (!place.field.starts_with("res.")) continue;
            std::vector<std::string> changed = lines;
            Json shorter = line;
            shorter[place.pointer].erase(shorter[place.pointer].size() - 1);
            changed[at] = shorter.dump();
            const ConformFile file = conform(changed);
            EXPECT_TRUE(file.differ == 1 || !file.diagnostics.empty()) << lines[at] << " " << place.pointer.to_string();
        }
    }
}

TEST(TraceConformity, ErrorsAgreeByTheirClass) {
    const std::string misuse = R"({"op":"evict","ids":[8],"res":{"err":")";
    const auto counts = [&](const std::string& line) {
        return counts_of(
            conform({testing::trace_header().dump(), line, testing::trace_end(line.find("err") == std::string::npos ? 1 : 0).dump()}));
    };
    EXPECT_EQ(counts(misuse + "AssertionError\"}}"), (Counts{1, 0, 0}));
    EXPECT_EQ(counts(misuse + "ValueError\"}}"), (Counts{0, 1, 0}));
    EXPECT_EQ(counts(R"({"op":"evict","ids":[8]})"), (Counts{0, 1, 0}));  // Ours raises, the recorded one did not.
    EXPECT_EQ(counts(R"({"op":"evict","ids":[7],"res":{"err":"AssertionError"}})"), (Counts{0, 1, 0}));
}

TEST(TraceConformity, ASetupIsRefusedByBothOrItIsADifference) {
    Json header = testing::trace_header();
    header["setup"]["hash_block_size"] = 8;
    EXPECT_EQ(counts_of(conform({header.dump(), testing::trace_end(0).dump()})), (Counts{0, 1, 0}));
    header.erase("coordinator");
    header["res"] = {{"err", "AssertionError"}};
    EXPECT_EQ(counts_of(conform({header.dump(), testing::trace_end(0).dump()})), (Counts{1, 0, 0}));
    header["setup"]["hash_block_size"] = 16;
    const ConformFile file = conform({header.dump(), testing::trace_end(0).dump()});
    EXPECT_EQ(counts_of(file), (Counts{0, 1, 0}));
    EXPECT_EQ(file.fields.at(0).first.at, "setup (line 1): err");
    header = testing::trace_header();
    header["coordinator"] = "HybridKVCacheCoordinator";
    EXPECT_EQ(conform({header.dump(), testing::trace_end(0).dump()}).fields.at(0).first.field, "coordinator");
}

TEST(TraceConformity, WhatIsNotKnownIsNoAgreement) {
    std::vector<std::string> lines = small_trace();
    lines[8] = R"({"op":"defragment","res":[1]})";
    ConformFile file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{0, 0, 1}));
    EXPECT_THAT(file.diagnostics, IsEmpty()) << to_text(file.diagnostics);
    lines = small_trace();
    Json header = testing::trace_header();
    header["engine"] = "9.9.9";
    lines[0] = header.dump();
    EXPECT_EQ(counts_of(conform(lines)), (Counts{0, 0, 1}));
    EXPECT_EQ(counts_of(conform(lines, {.engine = std::get<Engine>(engine_spelled("vllm-0.18.0"))})), (Counts{1, 0, 0}));
    header = testing::trace_header();
    header["setup"]["groups"][0]["kind"] = "rswa";
    lines[0] = header.dump();
    EXPECT_EQ(counts_of(conform(lines)), (Counts{0, 0, 1}));
}

TEST(TraceConformity, ATraceEndsBeforeTheFileOrTheNextTraceDoes) {
    std::vector<std::string> lines = small_trace();
    lines.pop_back();
    ConformFile file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{0, 0, 0}));
    EXPECT_THAT(to_text(file.diagnostics), HasSubstr(":13:1: error: expected the end line of the trace that begins on line 1"));
    for (const std::string& line : small_trace()) lines.push_back(line);
    file = conform(lines);
    EXPECT_EQ(counts_of(file), (Counts{1, 0, 0}));  // The second one is whole.
    EXPECT_THAT(file.diagnostics, SizeIs(1));
    EXPECT_THAT(to_text(file.diagnostics), HasSubstr(":14:1: error: expected the end line of the trace that begins on line 1"));
}

TEST(TraceConformity, NoLineOfATraceStandsOutsideOfOne) {
    for (const std::string& line : {testing::trace_end(0).dump(), std::string(R"({"op":"step"})")}) {
        std::vector<std::string> lines{line};
        for (const std::string& each : small_trace()) lines.push_back(each);
        const ConformFile file = conform(lines);
        EXPECT_EQ(counts_of(file), (Counts{1, 0, 0}));
        EXPECT_THAT(file.diagnostics, SizeIs(1));
        EXPECT_THAT(to_text(file.diagnostics), HasSubstr(":1:1: error: expected a header line first"));
    }
}

TEST(TraceConformity, ALineThatCannotBeReadTakesItsTraceOutOfTheCounts) {
    for (const char* wrong : {"{\"op\":", "[]", "{\"case\":1}", R"({"op":"free","r":7,"why":"x","res":{"free":4}})"}) {
        std::vector<std::string> lines = small_trace();
        lines[12] = wrong;
        for (const std::string& each : small_trace()) lines.push_back(each);
        const ConformFile file = conform(lines);
        EXPECT_EQ(counts_of(file), (Counts{1, 0, 0})) << wrong;
        EXPECT_FALSE(file.diagnostics.empty()) << wrong;
        EXPECT_EQ(file.diagnostics.front().where.line, 13U) << wrong;
    }
}

TEST(TraceConformity, SizesThatDoNotFitAreToldAndNotComputed) {
    Json header = testing::trace_header();
    header["setup"]["groups"][0]["block_size"] = std::int64_t{1} << 53;
    header["setup"]["dcp"] = std::int64_t{1} << 53;
    const ConformFile file = conform({header.dump(), testing::trace_end(0).dump()});
    EXPECT_EQ(counts_of(file), (Counts{0, 0, 0}));
    EXPECT_THAT(to_text(file.diagnostics), HasSubstr("expected sizes that fit 64 bits"));
}

TEST(TraceConformity, AChangedByteIsToldOrAgreesButNeverCrashes) {
    std::string text;
    for (const std::string& line : small_trace()) text += line + "\n";
    for (std::size_t place = 0; place < text.size(); place += 3) {
        for (const char byte : {'0', '9', '-', '"'}) {
            std::string changed = text;
            changed[place] = byte;
            const TemporaryFile file(changed);
            conform_file(file.path(), {});
        }
    }
}

}  // namespace
}  // namespace kv
