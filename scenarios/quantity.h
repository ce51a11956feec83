// Numbers with their unit as people write them: "16 GiB", "4096 tokens". What does not fit says what to write instead.
#pragma once

#include "model/units.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace kv {

// What is wrong with a quantity: reads on after its name, as in "`block` needs a unit: write "16 tokens"".
struct QuantityError {
    std::string message;
};

// "40 GiB", "3.18 GiB", "656 B", "656 bytes"; units B, KiB, MiB, GiB, TiB, KB, MB, GB, TB. A decimal is computed exactly and then
// rounded down to whole bytes: "3.18 GiB" is 3,414,499,000 bytes.
std::variant<Bytes, QuantityError> bytes_spelled(std::string_view text);

std::variant<Tokens, QuantityError> tokens_spelled(std::string_view text);  // "4096 tokens", "1 token"; whole numbers only.

// What these read, as regular expressions without anchors; the first takes parts of a byte too.
std::string bytes_pattern();
std::string tokens_pattern();

// The largest unit that gives the same bytes again: "40 GiB", "4719 B". What bytes_spelled reads.
std::string spelled(Bytes bytes);
std::string spelled(Tokens tokens);

}  // namespace kv
