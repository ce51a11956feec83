// Names and values as other languages take them. Whatever comes in is first made printable (scenarios/utf8.h): no control character, no
// byte that is not UTF-8 and nothing that reorders a line gets through, so one name is one line of every format.
#pragma once

#include <string>
#include <string_view>

namespace kv {

std::string html_text(std::string_view text);      // Between tags, and in attributes between double quotes.
std::string html_name(std::string_view name);      // A name of any language, set apart from the direction of the text around it.
std::string markdown_text(std::string_view text);  // In a paragraph or a cell of a table.
std::string gnuplot_text(std::string_view text);   // A string of gnuplot, quotes included.

// A cell of CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it.
std::string csv_text(std::string_view text);

// A word of a command line as bash reads it, on one line: $'...' where there is something that is not printable, so that it can be pasted
// and is exact.
std::string shell_word(std::string_view word);

// A word that is a file's name everywhere: letters, digits, dots, dashes; at most 60 characters, never empty.
std::string file_word(std::string_view name);

}  // namespace kv
