// Text as code points: where one ends, how wide a terminal draws it, and what is shown in place of one that must not be printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kv {

struct CodePoint {
    char32_t value = 0;
    std::uint8_t bytes = 1;
    bool valid = true;  // False: a byte that is no part of UTF-8; it counts as one code point of its own.
};

CodePoint code_point_at(std::string_view text, std::size_t offset);
std::size_t code_points(std::string_view text);
std::size_t cells(CodePoint point);  // Columns of a terminal: 2 for CJK and emoji, 0 for combining marks.
std::size_t cells(std::string_view text);

// The offset of the first byte that is not UTF-8; npos when the whole text is.
std::size_t invalid_utf8(std::string_view text);

// One printable code point for each of the text's: control characters as their pictures, a tab as a space, bytes that are not UTF-8
// and characters that reorder the line as U+FFFD.
std::string printable(std::string_view text);

// printable(), cut to at most `most` code points with "..." for the rest.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace kv
