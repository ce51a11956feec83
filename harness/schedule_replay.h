// Drives the scheduler of a rank with the requests of a recorded trace, and compares the calls that it makes with the recorded ones.
#pragma once

#include "harness/conform.h"
#include "scenarios/golden_trace.h"

#include <cstddef>
#include <span>
#include <vector>

namespace kv {

struct ScheduleComparison {
    std::vector<FieldDifference> differences;  // The first call that differs ends the comparison.
    std::size_t calls = 0;                     // Up to there, or to the end.
};

// What a trace says of the world outside its scheduler is taken from it: arrivals, aborts, resets, loads, how many guesses were good, how
// long requests were to be. All else the scheduler must find by itself. For a trace with a driver, whose setup the engine took.
ScheduleComparison compare_schedule(const GoldenTrace& trace, std::span<const TraceOperation> operations, const Engine& engine);

}  // namespace kv
