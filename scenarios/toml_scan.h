// What is checked of a TOML text before the library reads it. toml++ 3.3 must not see some texts: a key of thousands of parts
// overflows its stack, and a character outside ASCII where no string is reaches code that it declares unreachable.
#pragma once

#include "scenarios/source_text.h"

#include <cstddef>

namespace kv {

inline constexpr std::size_t toml_key_parts_max = 16;
inline constexpr std::size_t toml_nesting_max = 32;
inline constexpr std::size_t toml_values_max = 200'000;  // Counted by their `=` and `,`.

// Errors go to the source: not UTF-8, control characters, strings that their line does not close, the limits above.
void scan_toml(SourceText& source);

}  // namespace kv
