// Where a report goes: the terminal, a pipe, or a file that is written whole or not at all.
#pragma once

#include "cli/whole_file.h"
#include "reports/text_table.h"

#include <string>
#include <string_view>

namespace kv::cli {

inline constexpr int ok = 0;
inline constexpr int findings = 1;
inline constexpr int bad_input = 2;
inline constexpr int own_defect = 3;
inline constexpr int interrupted = 130;

struct OutputOptions {
    std::string format = "text";  // Or "json".
    std::string file;             // Empty: the standard output.
    std::string color = "auto";   // "always", "never".
    bool quiet = false;
};

// Colour for a report in text, by the options, NO_COLOR and whether a person looks at it.
Color chosen_color(const OutputOptions& options);

// Hands the report on; `status` is what the program ends with when that works, 2 when the file cannot be written.
int deliver(const OutputOptions& options, std::string_view report, int status);

// Complains of a file that did not take all; what the program then ends with.
int unwritable(const WholeFile& file);

// To the standard error output, whatever happens to it.
void complain(std::string_view text);

// Signals end the program with its own exit statuses, and a temporary file does not stay behind.
void watch_signals();

}  // namespace kv::cli
