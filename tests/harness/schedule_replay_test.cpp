// The scheduler of a rank makes the calls that the engines' schedulers made.
#include "harness/schedule_replay.h"

#include "tests/support/traces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace kv::testing {
namespace {

struct WholeTrace {
    GoldenTrace trace;
    std::vector<TraceOperation> operations;
};

std::vector<WholeTrace> read_traces(const std::string& file) {
    std::vector<WholeTrace> traces;
    std::optional<TraceReader> reader;
    for (const std::string& text : lines_of(file)) {
        const JsonDocument line = json_line(text);
        const TraceLine kind = trace_line(line.root()).value();
        if (kind == TraceLine::header) {
            traces.push_back({std::get<GoldenTrace>(read_trace_header(line)), {}});
            reader.emplace(traces.back().trace);
        } else if (kind == TraceLine::operation) {
            traces.back().operations.push_back(std::get<TraceOperation>(reader.value().operation(line)));
        }
    }
    return traces;
}

class ScheduledTraces : public ::testing::TestWithParam<std::string> {};

TEST_P(ScheduledTraces, AreMadeCallByCall) {
    const Engine engine = std::get<Engine>(engine_spelled("vllm-" + GetParam()));
    std::size_t scheduled = 0;
    std::size_t calls = 0;
    for (const char* name : {"trace", "trace-102"}) {
        for (const auto& [trace, operations] : read_traces(trace_file(name, GetParam()))) {
            if (!trace.driver || trace.raised) continue;
            const ScheduleComparison compared = compare_schedule(trace, operations, engine);
            for (const FieldDifference& difference : compared.differences)
                ADD_FAILURE() << name << ' ' << trace.name << ' ' << trace.family << ", call " << compared.calls << ": " << difference.at
                              << ": recorded " << difference.recorded << ", ours " << difference.ours;
            ++scheduled;
            calls += compared.calls;
        }
    }
    EXPECT_GT(scheduled, 250U);
    EXPECT_GT(calls, 30'000U);
}

INSTANTIATE_TEST_SUITE_P(Released, ScheduledTraces, ::testing::Values("0.18.0", "0.32.0"),
                         [](const auto& tried) { return tried.param == "0.18.0" ? std::string("Old") : std::string("New"); });

}  // namespace
}  // namespace kv::testing
