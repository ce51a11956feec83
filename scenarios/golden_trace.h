// A recorded trace of an engine's cache manager: a header, calls with the engine's answers, and an end, one JSON object a line.
// It is read line by line and never held whole. What comes out is checked: requests are known, ids are the pool's, sizes are bounded.
#pragma once

#include "model/cache/cache_setup.h"
#include "scenarios/json.h"
#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"
#include "scenarios/trace_operation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

namespace kv {

inline constexpr std::size_t trace_groups_max = 32;
inline constexpr std::int64_t trace_blocks_max = std::int64_t{1} << 20;
inline constexpr std::size_t trace_requests_max = std::size_t{1} << 15;
inline constexpr std::int64_t trace_tokens_max = std::int64_t{1} << 22;      // Of one request, and of every figure of a call.
inline constexpr std::int64_t trace_tokens_sum_max = std::int64_t{1} << 24;  // Of all requests of a trace.
inline constexpr std::int64_t trace_entries_max = std::int64_t{1} << 24;     // In the block tables of all requests at a time.

// The scheduler that chose the calls, where the header names its settings.
struct RecordedDriver {
    std::string method;  // How tokens are guessed: "eagle", "draft", "ngram", ...
    std::int64_t drafts = 0;
    std::int64_t lookahead = 0;
    bool asynchronous = false;
    std::int64_t batched_max = 1;
    std::int64_t running_max = 1;
    std::int64_t chunk_max = 0;
    bool whole_request_must_fit = false;
    std::int64_t state_block = 0;  // 0: chunks end anywhere.
};

struct GoldenTrace {
    std::string name;
    std::string family;
    std::string engine;  // "vllm-0.32.0"
    RecordShape shape = RecordShape::vllm_0_32;
    CacheSetup setup;
    std::optional<RecordedDriver> driver = {};
    std::string coordinator;                 // The engine's class; empty where it refused the setup.
    std::optional<std::string> raised = {};  // By the constructor: the exception's class.
};

// Something that a later version of the format or another engine may have, and that there is no model of.
struct UnknownInTrace {
    std::string what;
};

enum class TraceLine : std::uint8_t { header, operation, end };
// What a line of a trace is, whole or not: told by its keys. Empty: of another format.
std::optional<TraceLine> trace_line(JsonValue line);

// The engine that a header says it is from, "vllm-0.18.0"; empty when it does not say.
std::string trace_engine(JsonValue header);

std::variant<GoldenTrace, UnknownInTrace, Diagnostics> read_trace_header(const JsonDocument& line);

// Reads the lines after a header, in order.
class TraceReader {
public:
    explicit TraceReader(const GoldenTrace& trace);

    std::variant<TraceOperation, UnknownInTrace, Diagnostics> operation(const JsonDocument& line);
    Diagnostics end(const JsonDocument& line);  // Empty where it is as expected.

    std::size_t operations() const { return operations_; }

private:
    struct Request {
        std::int64_t tokens = 0;
        std::int64_t entries = 0;  // That its block tables can have by now.
        bool looked_up = false;    // Since it arrived or was freed.
    };
    class Line;  // One operation being read.

    std::string name_;
    RecordShape shape_;
    std::vector<std::int64_t> group_blocks_;  // Tokens per block of each group.
    std::int64_t blocks_;
    std::unordered_map<std::int64_t, Request> requests_ = {};
    std::int64_t tokens_ = 0;
    std::int64_t entries_ = 0;
    std::size_t operations_ = 0;
    bool raised_;
};

}  // namespace kv
