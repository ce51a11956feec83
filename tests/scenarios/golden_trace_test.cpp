#include "scenarios/golden_trace.h"

#include "tests/support/traces.h"

#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>

namespace kv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using testing::json_line;
using testing::trace_header;

GoldenTrace header_of(const Json& header) {
    auto read = read_trace_header(json_line(header.dump()));
    if (const auto* wrong = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*wrong);
    return std::get<GoldenTrace>(std::move(read));
}

std::string header_error(const Json& header) {
    const auto read = read_trace_header(json_line(header.dump(), 7));
    const auto* wrong = std::get_if<Diagnostics>(&read);
    return wrong == nullptr ? "" : to_text(*wrong);
}

// The message for the last of some lines, those before which are as expected. Empty: it reads.
std::string error_after(const Json& header, const std::vector<std::string>& before, const std::string& last) {
    TraceReader reader(header_of(header));
    for (const std::string& line : before) {
        const auto read = reader.operation(json_line(line));
        if (const auto* wrong = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*wrong);
    }
    const auto read = reader.operation(json_line(last, 5));
    const auto* wrong = std::get_if<Diagnostics>(&read);
    return wrong == nullptr ? "" : to_text(*wrong);
}

const std::string arrives = R"({"op":"new","r":0,"runs":[[1,0,20]]})";
const std::string looked_up = R"({"op":"lookup","r":0,"res":{"n":0,"blocks":[[]]}})";
const std::string allocated = R"({"op":"alloc","r":0,"c":0,"new":20,"hit":0,"res":{"ok":1,"new":[[1,2]],"table":[[1,2]],"free":5}})";
const std::string freed = R"({"op":"free","r":0,"why":"finish","res":{"free":7}})";

struct Counts {
    std::size_t traces = 0, operations = 0, raised = 0;
};

Counts read_all(const std::string& file) {
    Counts counts;
    std::optional<TraceReader> reader;
    std::size_t number = 0;
    for (const std::string& text : testing::lines_of(file)) {
        const JsonDocument line = json_line(text, ++number);
        switch (trace_line(line.root()).value()) {
            case TraceLine::header:
                EXPECT_FALSE(reader.has_value());
                reader.emplace(header_of(Json::parse(text)));
                ++counts.traces;
                break;
            case TraceLine::operation: {
                const auto read = reader.value().operation(line);
                if (const auto* wrong = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*wrong);
                else counts.raised += std::get<TraceOperation>(read).raised.has_value() ? 1 : 0;
                ++counts.operations;
                break;
            }
            case TraceLine::end:
                EXPECT_THAT(reader.value().end(line), IsEmpty());
                reader.reset();
                break;
        }
    }
    EXPECT_FALSE(reader.has_value());
    return counts;
}

TEST(GoldenTrace, EveryRecordedLineReads) {
    const Counts old_counts = read_all(testing::trace_file("trace", "0.18.0"));
    EXPECT_EQ(old_counts.traces, 147U);
    EXPECT_EQ(old_counts.operations, 24446U);
    EXPECT_EQ(old_counts.raised, 6U);
    const Counts new_counts = read_all(testing::trace_file("trace", "0.32.0"));
    EXPECT_EQ(new_counts.traces, 171U);
    EXPECT_EQ(new_counts.operations, 29227U);
    EXPECT_EQ(new_counts.raised, 3U);
}

TEST(GoldenTrace, HoldsWhatTheHeaderSays) {
    Json header = trace_header("0.32.0");
    header["setup"]["groups"].push_back(testing::sliding_group(32, 33));
    header["setup"]["groups"][1]["eagle_group"] = true;
    header["setup"]["retention_interval"] = 64;
    header["setup"]["watermark"] = 0.25;
    header["setup"]["dcp"] = 2;
    const GoldenTrace trace = header_of(header);
    EXPECT_EQ(trace.name, "t");
    EXPECT_EQ(trace.engine, "vllm-0.32.0");
    EXPECT_EQ(trace.shape, RecordShape::vllm_0_32);
    EXPECT_EQ(trace.coordinator, "UnitaryKVCacheCoordinator");
    ASSERT_EQ(trace.setup.groups.size(), 2U);
    EXPECT_EQ(std::get<SlidingWindowSpec>(trace.setup.groups[1].spec).window, Tokens{33});
    EXPECT_FALSE(trace.setup.groups[0].draft);
    EXPECT_TRUE(trace.setup.groups[1].draft);
    EXPECT_EQ(trace.setup.blocks, Blocks{8});
    EXPECT_EQ(trace.setup.retention_interval, Tokens{64});
    EXPECT_EQ(trace.setup.watermark, 0.25);
    EXPECT_EQ(trace.setup.decode_context, 2);
}

TEST(GoldenTrace, FieldsLeftOutHaveTheEnginesDefaults) {
    Json header = trace_header("0.32.0");
    header["setup"]["groups"].push_back(Json::parse(R"({"kind":"mamba","block_size":16,"shapes":[[4]],"dtypes":["float32"]})"));
    const GoldenTrace trace = header_of(header);
    const auto& full = std::get<FullSpec>(trace.setup.groups[0].spec);
    EXPECT_EQ(full.cache.head_size_v, full.cache.head_size);
    EXPECT_EQ(full.cache.sharding, ContextSharding::sharded);
    const auto& mamba = std::get<MambaSpec>(trace.setup.groups[1].spec);
    EXPECT_EQ(mamba.sharding, ContextSharding::replicated);
    EXPECT_EQ(mamba.mode, MambaMode::none);
    EXPECT_EQ(mamba.speculative_blocks, 0);
    EXPECT_EQ(mamba.prefill_checkpoint_alignment, std::nullopt);
    header["setup"]["groups"][0]["dcp_sharded"] = false;
    EXPECT_EQ(std::get<FullSpec>(header_of(header).setup.groups[0].spec).cache.sharding, ContextSharding::replicated);
}

TEST(GoldenTrace, WhatTheOlderEngineLacksIsDerivedFromTheRest) {
    Json header = trace_header("0.18.0");
    header["setup"]["groups"].push_back(testing::sliding_group(24, 8));
    header["setup"]["dcp"] = 2;
    header["setup"]["use_eagle"] = true;
    const CacheSetup setup = header_of(header).setup;
    EXPECT_EQ(setup.scheduler_block, TokensPerBlock{96});
    EXPECT_EQ(setup.in_flight_max, setup.model_len_max);
    EXPECT_EQ(setup.prefill_lookahead, 1);
}

TEST(GoldenTrace, EachKindHasItsNameInTraces) {
    const std::array<std::pair<const char*, const char*>, 10> kinds{{{"full", "full"},
                                                                     {"mla", "mla"},
                                                                     {"sliding", "sliding_window"},
                                                                     {"chunked", "chunked_local"},
                                                                     {"cross", "cross"},
                                                                     {"sink_full", "sink_full"},
                                                                     {"rswa", "rswa"},
                                                                     {"sliding_mla", "sliding_window_mla"},
                                                                     {"circular", "circular_buffer"},
                                                                     {"mamba", "mamba"}}};
    for (const auto& [name, kind] : kinds) {
        Json group = testing::full_group();
        group["kind"] = name;
        if (group["kind"] == "mamba") group = Json::parse(R"({"kind":"mamba","block_size":8,"shapes":[[4]],"dtypes":["float32"]})");
        if (std::string_view(name).starts_with("sliding")) group["sliding_window"] = 8;
        if (group["kind"] == "chunked") group["attention_chunk_size"] = 8;
        if (group["kind"] == "rswa") group["rswa_window"] = 8;
        Json header = trace_header("0.32.0");
        header["setup"]["groups"] = Json::array({group});
        EXPECT_EQ(kind_of(header_of(header).setup.groups.at(0).spec), kind);
    }
}

TEST(GoldenTrace, AKindOrOperationOfAnotherEngineIsUnknownAndNoError) {
    for (const char* kind : {"rswa", "hidden_state", "tree"}) {
        Json header = trace_header("0.18.0");
        header["setup"]["groups"][0]["kind"] = kind;
        const auto read = read_trace_header(json_line(header.dump()));
        ASSERT_TRUE(std::holds_alternative<UnknownInTrace>(read)) << kind;
        EXPECT_THAT(std::get<UnknownInTrace>(read).what, HasSubstr(kind));
    }
    TraceReader reader(header_of(trace_header()));
    const auto read = reader.operation(json_line(R"({"op":"defragment","r":4})"));
    ASSERT_TRUE(std::holds_alternative<UnknownInTrace>(read));
    EXPECT_THAT(std::get<UnknownInTrace>(read).what, HasSubstr("defragment"));
}

TEST(GoldenTrace, AWrongHeaderIsPointedAt) {
    const auto wrong = [](const std::function<void(Json&)>& change) {
        Json header = trace_header("0.32.0");
        change(header);
        return header_error(header);
    };
    EXPECT_EQ(wrong([](Json&) {}), "");
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["num_blocks"] = 0; }), HasSubstr("case.jsonl:7:"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["num_blocks"] = 0; }), HasSubstr("setup.num_blocks: expected an integer from 1"));
    EXPECT_EQ(wrong([](Json& header) { header["setup"]["num_blocks"] = trace_blocks_max; }), "");
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["num_blocks"] = trace_blocks_max + 1; }), HasSubstr("to 1048576, found 1048577"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["blocks"] = 1; }), HasSubstr("unknown key"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["watermark"] = 1.5; }), HasSubstr("expected a share from 0 to 1"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"].erase("watermark"); }), HasSubstr("expected the key `watermark`"));
    EXPECT_THAT(wrong([](Json& header) { header.erase("coordinator"); }), HasSubstr("expected the key `coordinator`"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["groups"][0].erase("head_size"); }), HasSubstr("expected the key `head_size`"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["groups"][0]["block_size"] = 0; }), HasSubstr("expected an integer from 1"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["groups"][0]["kind"] = 3; }), HasSubstr("expected the name of a kind"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["groups"][0]["kind"] = "sliding"; }), HasSubstr("the key `sliding_window`"));
    EXPECT_THAT(wrong([](Json& header) { header["setup"]["groups"] = Json(std::vector<Json>(33, testing::full_group())); }),
                HasSubstr("expected an array of at most 32 values"));
    EXPECT_EQ(wrong([](Json& header) { header["setup"]["groups"] = Json(std::vector<Json>(32, testing::full_group())); }), "");
}

TEST(GoldenTrace, ARequestArrivesOnceAndBeforeItIsUsed) {
    EXPECT_EQ(error_after(trace_header(), {arrives}, looked_up), "");
    EXPECT_THAT(error_after(trace_header(), {}, looked_up),
                HasSubstr("case.jsonl:5:20: error: r: expected the number of a request that has arrived, found 0"));
    EXPECT_THAT(error_after(trace_header(), {arrives}, arrives), HasSubstr("a request that has not arrived yet"));
    for (const char* line : {R"({"op":"append","r":1,"runs":[[1,0,1]]})", R"({"op":"cache","r":1,"c":0,"n":0})",
                             R"({"op":"free","r":1,"why":"abort","res":{"free":7}})", R"({"op":"common","r":1,"res":{"n":[0]}})",
                             R"({"op":"alloc","r":1,"c":0,"new":1,"res":{"ok":0,"table":[[]],"free":7}})"})
        EXPECT_THAT(error_after(trace_header(), {arrives}, line), HasSubstr("a request that has arrived, found 1"));
}

TEST(GoldenTrace, AHitNeedsALookupSinceTheRequestArrivedOrWasFreed) {
    EXPECT_EQ(error_after(trace_header(), {arrives, looked_up}, allocated), "");
    EXPECT_THAT(error_after(trace_header(), {arrives}, allocated), HasSubstr("hit: expected a lookup of this request"));
    EXPECT_THAT(error_after(trace_header(), {arrives, looked_up, freed}, allocated), HasSubstr("hit: expected a lookup of this request"));
    EXPECT_EQ(error_after(trace_header(), {arrives, looked_up, freed, looked_up}, allocated), "");
    Json without = Json::parse(allocated);
    without["hit"] = nullptr;
    EXPECT_EQ(error_after(trace_header(), {arrives}, without.dump()), "");
}

TEST(GoldenTrace, AnAbsentHitIsNotAHitOfNoTokens) {
    TraceReader reader(header_of(trace_header()));
    for (const std::string& line : {arrives, looked_up}) reader.operation(json_line(line));
    const auto with_hit = [&](const Json& line) {
        return std::get<AllocateOperation>(std::get<TraceOperation>(reader.operation(json_line(line.dump()))).call).with_hit;
    };
    Json line = Json::parse(allocated);
    EXPECT_TRUE(with_hit(line));
    line["hit"] = nullptr;
    EXPECT_FALSE(with_hit(line));
    line.erase("hit");
    EXPECT_FALSE(with_hit(line));
}

TEST(GoldenTrace, AnswersAreOfThePoolAndOfEveryGroup) {
    const auto answer = [](const std::string& from, const std::string& to) {
        std::string line = allocated;
        line.replace(line.find(from), from.size(), to);
        return error_after(trace_header(), {arrives, looked_up}, line);
    };
    EXPECT_EQ(answer("[1,2]", "[1,7]"), "");
    EXPECT_THAT(answer("[1,2]", "[1,8]"), HasSubstr("expected an integer from 0 to 7, found 8"));
    EXPECT_THAT(answer("[1,2]", "[-1]"), HasSubstr("expected an integer from 0 to 7, found -1"));
    EXPECT_THAT(answer("[[1,2]]", "[[1,2],[]]"), HasSubstr("expected one element for each of 1 groups"));
    EXPECT_THAT(answer("[[1,2]]", "[]"), HasSubstr("expected one element for each of 1 groups"));
    EXPECT_THAT(answer("\"free\":5", "\"free\":9"), HasSubstr("expected an integer from 0 to 8"));
    EXPECT_THAT(answer("\"ok\":1", "\"ok\":0"), HasSubstr("unknown key"));  // What was refused has no new blocks.
    EXPECT_THAT(answer("\"ok\":1", "\"ok\":2"), HasSubstr("expected an integer from 0 to 1"));
    const auto dump = [](const std::string& fields) { return error_after(trace_header(), {}, R"({"op":"dump","res":{)" + fields + "}}"); };
    EXPECT_EQ(dump(R"("queue":[1],"cached":[[2,0]],"shared":[[2,2]])"), "");
    EXPECT_THAT(dump(R"("queue":[1],"cached":[[2,1]],"shared":[])"), HasSubstr("expected an integer from 0 to 0, found 1"));
    EXPECT_THAT(dump(R"("queue":[1],"cached":[[2]],"shared":[])"), HasSubstr("expected [block, number]"));
    EXPECT_THAT(dump(R"("queue":[1],"cached":[],"shared":[[2,1]])"), HasSubstr("expected an integer from 2"));
    EXPECT_EQ(error_after(trace_header(), {}, R"({"op":"evict","ids":[0,8,2147483647]})"), "");  // To ask for such is a call, too.
    EXPECT_THAT(error_after(trace_header(), {}, R"({"op":"evict","ids":[2147483648]})"), HasSubstr("to 2147483647"));
}

TEST(GoldenTrace, ACallThatAnswersNothingHasNoResultButAnError) {
    EXPECT_EQ(error_after(trace_header(), {}, R"({"op":"evict","ids":[1],"res":{"err":"AssertionError"}})"), "");
    EXPECT_THAT(error_after(trace_header(), {}, R"({"op":"evict","ids":[1],"res":{}})"), HasSubstr("this call answers nothing"));
    EXPECT_THAT(error_after(trace_header(), {}, R"({"op":"reset"})"), HasSubstr("expected the key `res`"));
    EXPECT_THAT(error_after(trace_header(), {}, R"({"op":"reset","res":{"err":"E","ok":1}})"), HasSubstr("unknown key"));
    EXPECT_THAT(error_after(trace_header(), {}, R"({"op":5})"), HasSubstr("expected the key `op` with the name of an operation"));
}

TEST(GoldenTrace, NothingComesAfterAnOperationThatRaised) {
    const std::string raised = R"({"op":"reset","res":{"err":"ValueError"}})";
    EXPECT_THAT(error_after(trace_header(), {raised}, R"({"op":"step"})"), HasSubstr("expected the end line"));
    Json header = trace_header();
    header["res"] = {{"err", "TypeError"}};
    header.erase("coordinator");
    EXPECT_EQ(header_of(header).raised, "TypeError");
    EXPECT_THAT(error_after(header, {}, R"({"op":"step"})"), HasSubstr("expected the end line"));
}

TEST(GoldenTrace, WhatTheNewerEngineAddedIsNoKeyOfTheOlderOne) {
    for (const char* field : {R"("st":"W")", R"("fly":1)", R"("boundary":1)", R"("full":1)", R"("reserved":1)", R"("sched":0)"}) {
        const std::string line = std::string(R"({"op":"alloc","r":0,"c":0,"new":1,)") + field + R"(,"res":{"ok":0,"table":[[]],"free":7}})";
        EXPECT_EQ(error_after(trace_header("0.32.0"), {arrives}, line), "") << field;
        EXPECT_THAT(error_after(trace_header("0.18.0"), {arrives}, line), HasSubstr("unknown key")) << field;
    }
    EXPECT_THAT(error_after(trace_header("0.32.0"), {arrives}, looked_up), HasSubstr("expected the key `boundary`"));
}

TEST(GoldenTrace, ARunStaysInItsStream) {
    const auto run = [](const std::string& text) { return error_after(trace_header(), {}, R"({"op":"new","r":0,"runs":[)" + text + "]}"); };
    EXPECT_EQ(run("[1,0,65536]"), "");
    EXPECT_THAT(run("[1,1,65536]"), HasSubstr("expected an integer from 1 to 65535, found 65536"));  // Its last token is (2, 0).
    EXPECT_EQ(run("[1,65535,1]"), "");
    EXPECT_THAT(run("[1,65536,1]"), HasSubstr("expected an integer from 0 to 65535"));
    EXPECT_THAT(run("[1,0,0]"), HasSubstr("expected an integer from 1"));
    EXPECT_THAT(run("[1,0]"), HasSubstr("expected [stream, first index, tokens]"));
    EXPECT_THAT(run("[1,0,1,1]"), HasSubstr("expected an array of at most 3 values"));
}

// As many full runs as make `tokens`, a multiple of 65536.
std::string arrival(std::int64_t number, std::int64_t tokens) {
    std::string line = R"({"op":"new","r":)" + std::to_string(number) + R"(,"runs":[)";
    for (std::int64_t run = 0; run < tokens / 65536; ++run) line += (run == 0 ? "[1,0,65536]" : ",[1,0,65536]");
    return line + "]}";
}

TEST(GoldenTrace, SizesAreBoundedOfEachRequestAndOfAllTogether) {
    EXPECT_EQ(error_after(trace_header(), {}, arrival(0, trace_tokens_max)), "");
    EXPECT_THAT(error_after(trace_header(), {}, arrival(0, trace_tokens_max + 65536)), HasSubstr("at most 4194304 tokens in a request"));
    std::vector<std::string> all;
    for (std::int64_t request = 0; request < trace_tokens_sum_max / trace_tokens_max; ++request)
        all.push_back(arrival(request, trace_tokens_max));
    EXPECT_THAT(error_after(trace_header(), all, arrival(99, 65536)), HasSubstr("at most 16777216 tokens in all requests"));
    const auto call = [](const std::string& tokens) {
        return R"({"op":"alloc","r":0,"c":)" + tokens + R"(,"new":1,"res":{"ok":0,"table":[[]],"free":7}})";
    };
    EXPECT_EQ(error_after(trace_header(), {arrives}, call("4194304")), "");
    EXPECT_THAT(error_after(trace_header(), {arrives}, call("4194305")), HasSubstr("to 4194304, found 4194305"));
    EXPECT_EQ(error_after(trace_header(), {arrives}, call("-4194304")), "");  // An engine did come below 0.
    EXPECT_THAT(error_after(trace_header(), {arrives}, call("-4194305")), HasSubstr("expected an integer from -4194304"));
}

TEST(GoldenTrace, BlockTablesOfAllRequestsAreBoundedUntilTheyAreFreed) {
    Json header = trace_header();
    header["setup"]["groups"] = Json::array({testing::sliding_group(1, 8)});
    std::vector<std::string> lines;
    const auto call = [](int request) {
        return R"({"op":"alloc","r":)" + std::to_string(request) + R"(,"c":4194303,"new":1,"res":{"ok":0,"table":[[]],"free":7}})";
    };
    for (int request = 0; request < 5; ++request)
        lines.push_back(R"({"op":"new","r":)" + std::to_string(request) + R"(,"runs":[[1,0,20]]})");
    for (int request = 0; request < 3; ++request) lines.push_back(call(request));
    EXPECT_THAT(error_after(
                    header,
                    [&] {
                        std::vector<std::string> more = lines;
                        more.push_back(R"({"op":"alloc","r":3,"c":4194000,"new":1,"res":{"ok":0,"table":[[]],"free":7}})");
                        return more;
                    }(),
                    call(4)),
                HasSubstr("at most 16777216 entries in the block tables of all requests"));
    lines.push_back(freed);
    lines.push_back(call(3));
    EXPECT_EQ(error_after(header, lines, R"({"op":"step"})"), "");
}

TEST(GoldenTrace, TheEndNamesTheTraceAndCountsItsAnswers) {
    TraceReader reader(header_of(trace_header()));
    const auto end = [&](const std::string& text) { return to_text(reader.end(json_line(text, 9))); };
    EXPECT_EQ(end(testing::trace_end(0).dump()), "");
    reader.operation(json_line(R"({"op":"step"})"));
    EXPECT_THAT(end(testing::trace_end(0).dump()), HasSubstr("case.jsonl:9:18: error: ops: expected 1"));
    EXPECT_EQ(end(testing::trace_end(1).dump()), "");
    EXPECT_THAT(end(R"({"end":"u","ops":1,"stats":{}})"), HasSubstr("expected \"t\", the trace that is open"));
    reader.operation(json_line(R"({"op":"reset","res":{"err":"ValueError"}})"));
    EXPECT_EQ(end(testing::trace_end(1).dump()), "");  // What raised is not counted.
    EXPECT_THAT(end(testing::trace_end(2).dump()), HasSubstr("expected 1"));
}

TEST(GoldenTrace, EveryKeyOfAnAnswerIsMissedWhenItIsGone) {
    const std::vector<std::string> lines{arrives,
                                         R"({"op":"lookup","r":0,"res":{"n":0,"blocks":[[]],"boundary":0}})",
                                         allocated,
                                         R"({"op":"reset","res":{"ok":0,"free":5}})",
                                         R"({"op":"common","r":0,"res":{"n":[0]}})",
                                         R"({"op":"zero","res":{"ids":[1]}})",
                                         R"({"op":"cow","res":{"copies":[[1,2]],"free":5}})",
                                         R"({"op":"dump","res":{"queue":[],"cached":[],"shared":[]}})",
                                         freed};
    std::vector<std::string> before;
    for (const std::string& text : lines) {
        const Json line = Json::parse(text);
        EXPECT_EQ(error_after(trace_header("0.32.0"), before, text), "");
        for (const testing::Place& place : testing::places_in(line, [](const Json&) { return true; })) {
            if (place.field.ends_with(']') || place.field == "hit" || place.field == "why" || place.field == "op") continue;
            Json changed = line;
            changed[place.pointer.parent_pointer()].erase(place.pointer.back());
            EXPECT_THAT(error_after(trace_header("0.32.0"), before, changed.dump()), HasSubstr("expected the key")) << place.field;
        }
        before.push_back(text);
    }
}

}  // namespace
}  // namespace kv
