// Text for terminals: tables with aligned columns, and ink that is there only where it is wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class Color : std::uint8_t { off, on };

std::string bold(std::string_view text, Color color);
std::string red(std::string_view text, Color color);
std::string faint(std::string_view text, Color color);

enum class Align : std::uint8_t { left, right };

// Columns two blanks apart, no wider than their cells; the last one is not filled up.
class TextTable {
public:
    struct Column {
        std::string title;
        Align align = Align::left;
    };

    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> row);  // As many cells as columns.
    std::string text(std::string_view indent, Color color) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// "  key        value": keys of one width.
std::string key_line(std::string_view key, std::string_view value);

}  // namespace kv
