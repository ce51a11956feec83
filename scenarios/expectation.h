// What a scenario expects of the properties: the verdict of each that it names, and figures that a finding must show.
#pragma once

#include "model/finding.h"
#include "model/units.h"
#include "scenarios/diagnostic.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kv {

enum class ExpectedVerdict : std::uint8_t { holds, broken };

// One [[expect]]. What is not there is not looked at.
struct Expectation {
    std::optional<PropertyId> property;  // Empty: `none`, no property at all is broken.
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
    bool none() const { return !property; }
};

}  // namespace kv
