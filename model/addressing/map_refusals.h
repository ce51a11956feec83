// What an engine raises for a batch whose positions it cannot map.
#pragma once

#include "model/addressing/map_runs.h"

#include <span>

namespace kv {

// `run` is the first of the runs with a token past the columns it may use, or without room in the batch.
[[noreturn]] void refuse_run(const MapTable& table, std::span<const PositionRun> runs, const PositionRun& run);

}  // namespace kv
