// The formats of recorded answers, in one table: a new one is a file of its own and a line there.
#pragma once

#include "harness/conform.h"
#include "harness/golden_lines.h"

#include <optional>
#include <span>
#include <string_view>

namespace kv {

struct GoldenFormat {
    std::string_view id;
    std::string_view meaning;
    bool (*recognises)(JsonValue first_line);  // By its keys.

    // Compares the unit whose first line `lines` stands on, and leaves it on the unit's last line. Empty where the unit cannot be
    // read: its diagnostics say why.
    std::optional<CaseResult> (*compare)(GoldenLines& lines, const ConformOptions& options);
};

std::span<const GoldenFormat> golden_formats();

// The engine to compare with: the forced one, or the one that a unit names; empty where there is no such engine.
std::optional<Engine> engine_named(const std::string& name, const ConformOptions& options);

}  // namespace kv
