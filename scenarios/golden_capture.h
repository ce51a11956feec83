// One recorded capturer of a real engine: the calls that a step's routers made, and what stood in its step buffer after them. What comes
// out of the reader is checked: ranks are in range, tensors have the rows that are said, the buffer is of bearable size.
#pragma once

#include "model/capture/router_rows.h"
#include "model/capture/step_capture.h"
#include "scenarios/json.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::int64_t capture_cells_max = std::int64_t{1} << 20;  // Of a layer of the buffer,
inline constexpr std::int64_t capture_rows_max = std::int64_t{1} << 22;   // and rows of all tensors of a call together.

// What a cell of a tensor held, so that whoever finds it knows where it was: the recorder's own numbering.
struct CapturedCell {
    std::int64_t call = 0;
    std::int64_t rank = pad_rank;
    std::int64_t row = 0;
    std::int64_t column = 0;
    friend bool operator==(const CapturedCell&, const CapturedCell&) = default;
};
std::int64_t recorded_value(const CapturedCell& cell);
CapturedCell recorded_cell(std::int64_t value);

struct RecordedCall {
    std::int64_t layer = 0;
    std::int64_t columns = 0;
    std::optional<std::vector<std::int64_t>> rank_tokens;
    std::optional<std::vector<std::int64_t>> shard_tokens;
    std::optional<std::int64_t> batch_tokens;
    std::optional<std::int64_t> batch_start;
    std::vector<std::vector<RowSegment>> tensors;  // Of each tensor-parallel rank, or one for all.
};

struct RecordedException {
    std::string type;
    std::string message;
};

// A layer of the buffer, run by run.
struct RecordedLayer {
    using Rows = std::array<std::int64_t, 5>;       // First buffer row, count, call, rank, first source row.
    using Untouched = std::array<std::int64_t, 2>;  // First buffer row, count.
    struct Odd {
        std::int64_t row = 0;
        std::vector<std::int64_t> values = {};
        friend bool operator==(const Odd&, const Odd&) = default;
    };
    std::int64_t layer = 0;
    std::vector<Rows> rows = {};
    std::vector<Untouched> untouched = {};
    std::vector<Odd> odd = {};
};

struct GoldenCapture {
    std::string id;
    std::string engine;
    std::int64_t dp_rank = 0;
    std::int64_t tp_rank = 0;
    std::int64_t tp_size = 1;
    std::optional<StepBufferShape> buffer;  // Empty: the calls came before there was one.
    std::vector<RecordedCall> calls;

    struct CallOutcome {
        std::optional<RecordedException> exception;
        std::int64_t all_gathers = 0;
    };
    std::vector<CallOutcome> outcomes;
    std::vector<RecordedLayer> layers;
    std::vector<std::int64_t> untouched_layers;
};

bool is_golden_capture(JsonValue line);
std::string golden_capture_engine(JsonValue line);
std::variant<GoldenCapture, Diagnostics> read_golden_capture(const JsonDocument& line);

}  // namespace kv
