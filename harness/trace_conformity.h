// Makes the calls of a recorded trace to our cache manager and compares every answer with the engine's.
#pragma once

#include "harness/conform.h"
#include "harness/golden_formats.h"
#include "model/cache/cache_manager.h"
#include "scenarios/golden_trace.h"

#include <memory>
#include <optional>
#include <vector>

namespace kv {

// The manager and the requests of one trace. Throws SizeOverflow where a size does not fit 64 bits.
class TraceReplay {
public:
    TraceReplay(const GoldenTrace& trace, const Engine& engine);
    ~TraceReplay();
    TraceReplay(const TraceReplay&) = delete;
    TraceReplay& operator=(const TraceReplay&) = delete;

    // Whether both made the same of the setup. Nothing may be made where a constructor raised.
    const std::vector<FieldDifference>& of_setup() const { return of_setup_; }

    // Makes the call. Answers with what differs; the calls of a trace build on each other, so nothing may be made after a difference.
    std::vector<FieldDifference> make(const TraceOperation& operation);

private:
    struct State;
    std::unique_ptr<State> state_;
    std::vector<FieldDifference> of_setup_;
};

bool recognises_trace(JsonValue line);
std::optional<CaseResult> compare_trace(GoldenLines& lines, const ConformOptions& options);

inline constexpr GoldenFormat trace_format{
    .id = "trace",
    .meaning = "calls to the engine's cache manager and their answers, to the block id; a header, calls and an end, one a line",
    .recognises = recognises_trace,
    .compare = compare_trace};

}  // namespace kv
