// What a property is made of. It is a class that sees events, `see(const Event&, const Ledger&, Findings&)` for each kind that it judges
// by; the ledger has entered an event by then. It steps nothing and knows no engine. What it says of itself is its `text`.
#pragma once

#include "model/finding.h"
#include "properties/findings.h"
#include "properties/ledger.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kv {

struct PropertyText {
    PropertyId id{};
    std::string_view statement;              // What holds.
    std::string_view why;                    // What goes wrong where it does not.
    std::string_view not_checked;            // What it does not look at.
    std::span<const std::string_view> bugs;  // Of the catalogue, those that it catches.
};

}  // namespace kv
