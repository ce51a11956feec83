// One recorded line of what really fitted an engine's own cache manager: a case, and for some lengths the requests that it took.
#pragma once

#include "model/capacity_truth.h"
#include "model/settings.h"
#include "scenarios/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::size_t recorded_lengths_max = 32;
inline constexpr std::int64_t recorded_length_max = std::int64_t{1} << 22;

struct RecordedFit {
    std::int64_t requests = 0;
    Tokens further = {};
    Tokens tokens = {};
    double reported_concurrency = 0;  // By the engine's formula, if this length were the longest.
};

struct RecordedTruth {
    Tokens length = {};
    std::variant<RecordedFit, std::string> answer = {};  // Or the exception's class.
};

struct GoldenCapacity {
    std::string id;
    std::string engine;
    CapacityCase given;
    std::vector<RecordedTruth> truths;

    Settings settings(Tokens length) const;  // What the engine's formula is asked with.
};

// Whether a line is such a record, whole or not: told by its keys.
bool is_golden_capacity(JsonValue line);

// Empty: it has a kind that there is no model of.
std::variant<std::optional<GoldenCapacity>, Diagnostics> read_golden_capacity(const JsonDocument& line);

}  // namespace kv
