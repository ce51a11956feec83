// The formats of recorded answers, in one table: a new one is a file of its own and a line there.
#pragma once

#include "harness/conform.h"
#include "harness/golden_lines.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

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

// Of a format whose unit is one line: `read` makes of the document what `compare(golden, engine)` compares, or tells what is wrong.
template <class Read, class Compare>
std::optional<CaseResult> compare_line(GoldenLines& lines, const ConformOptions& options, const std::string& engine_name, Read&& read,
                                       Compare&& compare) {
    const std::optional<Engine> engine = engine_named(engine_name, options);
    if (!engine) return CaseResult{.known = false};
    auto golden = read(lines.document());
    if (auto* errors = std::get_if<Diagnostics>(&golden)) {
        lines.diagnostics().insert(lines.diagnostics().end(), errors->begin(), errors->end());
        return std::nullopt;
    }
    try {
        return compare(std::get<0>(golden), *engine);
    } catch (const SizeOverflow& overflow) {
        const std::string message = std::string("expected sizes that fit 64 bits: ") + overflow.what();
        lines.diagnostics().push_back(lines.document().diagnostic(lines.value(), message));
        return std::nullopt;
    }
}

}  // namespace kv
