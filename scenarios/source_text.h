// The text of one input file and all that is wrong in it, to be said at once and in the order of the file.
#pragma once

#include "scenarios/diagnostic.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kv {

struct TextRange {  // Bytes of the text.
    std::size_t offset = 0;
    std::size_t length = 1;
    friend bool operator==(TextRange, TextRange) = default;
};

class SourceText {
public:
    SourceText(std::string file, std::string text);  // A byte order mark in front is dropped.

    const std::string& file() const { return file_; }
    std::string_view text() const { return text_; }
    std::string_view text(TextRange range) const { return text().substr(range.offset, range.length); }

    void error(TextRange where, std::string message);
    bool failed() const { return !errors_.empty(); }
    bool crowded() const { return errors_.size() > 1000; }  // More errors than anybody is told: spend no time on their wording.
    Diagnostics diagnostics() const;                        // The first hundred by place, then one that counts the rest.

    // A diagnostic without words, for what is found out about this place later.
    Diagnostic place(TextRange where) const;
    std::size_t line_bytes(TextRange where) const;  // Of the whole line.

private:
    std::string file_;
    std::string text_;
    std::vector<std::size_t> line_begins_{0};
    std::vector<std::pair<TextRange, std::string>> errors_;
};

}  // namespace kv
