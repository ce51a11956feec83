// A whole file as text, or why it could not be read.
#pragma once

#include "scenarios/diagnostic.h"

#include <cstddef>
#include <string>
#include <variant>

namespace kv {

// "-" is the standard input. A larger file is refused before it is read on.
std::variant<std::string, Diagnostic> read_text_file(const std::string& file, std::size_t bytes_max);

}  // namespace kv
