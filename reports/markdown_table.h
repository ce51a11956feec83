// A table of a Markdown document.
#pragma once

#include "reports/quoting.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kv {

// Cells are escaped here, once.
class MarkdownTable {
public:
    explicit MarkdownTable(const std::vector<std::string>& heads, std::size_t left = 1) {
        row(heads);
        text_ += '|';
        for (std::size_t i = 0; i < heads.size(); ++i) text_ += i < left ? " --- |" : " ---: |";
        text_ += '\n';
    }
    void row(const std::vector<std::string>& cells) {
        text_ += '|';
        for (const std::string& cell : cells) text_ += ' ' + markdown_text(cell) + " |";
        text_ += '\n';
    }
    std::string text() const { return text_ + '\n'; }

private:
    std::string text_;
};

}  // namespace kv
