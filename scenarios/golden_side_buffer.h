// One recorded run of a real engine's side buffer: what was saved by slot, what was read by block, and what came back. What comes out of
// the reader is checked: lists have an entry for each step and read, sizes are bounded (their products may still overflow).
#pragma once

#include "model/spec.h"
#include "scenarios/golden_plan.h"
#include "scenarios/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::int64_t saved_rows_sum_max = std::int64_t{1} << 22;     // Of all steps of a line together,
inline constexpr std::int64_t read_rows_sum_max = std::int64_t{1} << 22;      // of all its reads,
inline constexpr std::int64_t recorded_rows_sum_max = std::int64_t{1} << 23;  // and of all its answers.

// The row of token t of step s; a row that nobody wrote has none.
struct SavedRow {
    std::int64_t step = 0;
    std::int64_t token = 0;
    friend bool operator==(const SavedRow&, const SavedRow&) = default;
};
using FoundRow = std::optional<SavedRow>;

struct SideBufferRead {
    std::vector<BlockId> blocks;
    std::int64_t tokens = 1;
};

struct RecordedSave {
    std::optional<RecordedError> error;
    std::vector<std::int64_t> rows_changed;
};

struct RecordedRead {
    std::optional<RecordedError> error;  // Or what was read.
    std::vector<FoundRow> rows;
};

struct RecordedSideBuffer {
    std::int64_t rows = 0;
    std::int64_t capture_group = 0;
    std::int64_t group_slots = 0;
    std::vector<RecordedSave> saves;
    std::vector<std::pair<std::int64_t, SavedRow>> written;  // At the end: which rows hold what.
    std::vector<RecordedRead> reads;
};

struct GoldenSideBuffer {
    std::string id;
    std::string engine;  // "vllm-0.18.0".
    std::vector<KvSpec> groups;
    Blocks blocks;
    std::int64_t layers = 1;
    std::int64_t topk = 1;
    std::vector<std::vector<std::int64_t>> steps;  // Slots of each.
    std::vector<SideBufferRead> reads;
    std::variant<RecordedSideBuffer, RecordedError> expect;
};

// Whether a line is such a record, whole or not: told by its keys.
bool is_golden_side_buffer(JsonValue line);

// The engine that a record says it is from, as the tables of engines call it; empty where it does not say.
std::string golden_side_buffer_engine(JsonValue line);

std::variant<GoldenSideBuffer, Diagnostics> read_golden_side_buffer(const JsonDocument& line);

}  // namespace kv
