// What a scenario expects: the verdict of each property that it names and the figures that a finding must show, and how the run ends.
#pragma once

#include "model/finding.h"
#include "model/refusal.h"
#include "model/units.h"
#include "scenarios/diagnostic.h"
#include "scenarios/run_end.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kv {

enum class ExpectedVerdict : std::uint8_t { holds, broken };

// One [[expect]]. What is not there is not looked at.
struct Expectation {
    std::optional<PropertyId> property;  // Empty, and `ends` too: `none`, no property at all is broken.
    std::optional<RunEnd> ends = {};     // Of the run; stands without a property.
    std::optional<Raised> error = {};    // What the engine raises then.
    ExpectedVerdict verdict = ExpectedVerdict::broken;
    std::optional<std::int64_t> rank, step, group, layer;
    std::optional<std::string> request;  // As request_id says it.
    std::optional<std::int64_t> count;
    std::optional<Tokens> reported, truth, length, hit;
    std::optional<FigureDirection> direction;
    std::optional<std::int64_t> slot, rows, needed, free, blocks, value, limit;
    std::optional<RowState> state;
    std::optional<std::string> producer;
    std::optional<Bytes> page;
    std::optional<ReleaseTime> released;
    Diagnostic place = {};
    bool none() const { return !property && !ends; }
};

}  // namespace kv
