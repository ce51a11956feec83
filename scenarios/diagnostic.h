// What is wrong in the user's input, and where. Lines and columns start at 1; columns count code points.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct SourceSpan {
    std::string file;
    std::size_t line = 1;
    std::size_t column = 1;
    std::size_t length = 1;  // In code points, within the line.
    friend bool operator==(const SourceSpan&, const SourceSpan&) = default;
};

struct Diagnostic {
    SourceSpan where;
    std::string message;               // What is wrong, and what was expected or should be written instead.
    std::string line_text;             // The line that `where` points into, shortened around it when long; empty when there is none.
    std::size_t line_text_column = 1;  // Where `where.column` stands in `line_text`.
    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

// "file:line:column: error: message", the line and a caret below it. Never a raw control character.
std::string to_text(const Diagnostic& diagnostic);
std::string to_text(const Diagnostics& diagnostics);

// A diagnostic at a byte of a text (a file's whole content). Bytes that are not UTF-8 count as one code point each.
Diagnostic diagnostic_at(const std::string& file, std::string_view text, std::size_t offset, std::size_t length_bytes, std::string message);

// The candidate nearest to `word`, when it is near enough to have been meant.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace kv
