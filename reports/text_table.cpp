#include "reports/text_table.h"

#include "model/contract.h"
#include "scenarios/utf8.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t key_width = 20;

std::string inked(std::string_view code, std::string_view text, Color color) {
    if (color == Color::off || text.empty()) return std::string(text);
    return "\x1b[" + std::string(code) + 'm' + std::string(text) + "\x1b[0m";
}

std::string filled(std::string_view cell, std::size_t width, Align align) {
    const std::string blanks(width - std::min(width, cells(cell)), ' ');
    return align == Align::left ? std::string(cell) + blanks : blanks + std::string(cell);
}

void end_line(std::string& line, std::string& out) {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
}

}  // namespace

std::string bold(std::string_view text, Color color) { return inked("1", text, color); }
std::string red(std::string_view text, Color color) { return inked("1;31", text, color); }
std::string faint(std::string_view text, Color color) { return inked("2", text, color); }

void TextTable::add(std::vector<std::string> row) {
    require(row.size() == columns_.size(), "a row has a cell for each column");
    rows_.push_back(std::move(row));
}

std::string TextTable::text(std::string_view indent, Color color) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        widths.push_back(cells(columns_[c].title));
        for (const auto& row : rows_) widths[c] = std::max(widths[c], cells(row[c]));
    }
    std::string out, line;
    for (std::size_t c = 0; c < columns_.size(); ++c)
        line += (c == 0 ? "" : "  ") + filled(columns_[c].title, widths[c], columns_[c].align);
    line.erase(line.find_last_not_of(' ') + 1);
    out = std::string(indent) + faint(line, color) + '\n';
    for (const auto& row : rows_) {
        line = indent;
        for (std::size_t c = 0; c < columns_.size(); ++c) line += (c == 0 ? "" : "  ") + filled(row[c], widths[c], columns_[c].align);
        end_line(line, out);
    }
    return out;
}

std::string key_line(std::string_view key, std::string_view value) {
    std::string line = "  " + filled(key, key_width - 1, Align::left) + ' ' + std::string(value), out;
    end_line(line, out);
    return out;
}

}  // namespace kv
