// One recorded batch of a real engine: how block tables were filled, which positions were asked for, and the slots that came back. What
// comes out of the reader is checked: lists have an entry a group, sizes are bounded (their products may still overflow).
#pragma once

#include "model/addressing/position_run.h"
#include "model/addressing/table_shape.h"
#include "scenarios/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::int64_t table_entries_sum_max = std::int64_t{1} << 24;  // Of all groups' tables together,
inline constexpr std::int64_t edited_entries_max = std::int64_t{1} << 28;     // of all edits, were each of a whole row,
inline constexpr std::int64_t mapped_slots_sum_max = std::int64_t{1} << 22;   // and of all their mappings.

struct TableEdit {
    enum class Kind : std::uint8_t { add, append, move, swap, clear };
    Kind kind = Kind::add;
    std::int64_t row = 0;
    std::int64_t other_row = 0;                     // The target of a move, the other of a swap.
    std::vector<std::vector<BlockId>> blocks = {};  // One list a group, of what is added or appended.
};

struct RecordedSlots {
    std::vector<std::vector<std::int64_t>> row_lengths;  // By group and queried row, in table entries.
    std::vector<std::int64_t> widths;                    // By group.
    std::vector<std::vector<std::int64_t>> slots;        // By group; empty next to an error.
    std::optional<std::string> error;                    // The exception's class. Raised before there were tables: no rows, no widths.
};

struct GoldenSlots {
    std::string id;
    std::string engine;  // "vllm-0.18.0".
    std::vector<TableShape> groups;
    BatchShape batch;
    std::int64_t batched_max = 1;
    std::vector<TableEdit> edits;
    std::vector<PositionRun> runs;  // Of row 0, 1, ...
    RecordedSlots expect;
};

// Whether a line is such a record, whole or not: told by its keys.
bool is_golden_slots(JsonValue line);

// The engine that a record says it is from, as the tables of engines call it; empty where it does not say.
std::string golden_slots_engine(JsonValue line);

std::variant<GoldenSlots, Diagnostics> read_golden_slots(const JsonDocument& line);

}  // namespace kv
