#include "scenarios/source_text.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace kv {

namespace {
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t diagnostics_max = 100;
}  // namespace

SourceText::SourceText(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {
    if (text_.starts_with(byte_order_mark)) text_.erase(0, byte_order_mark.size());
    for (std::size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', end + 1)) line_begins_.push_back(end + 1);
}

// Only its line is looked at: a file may have many places.
Diagnostic SourceText::place(TextRange where) const {
    const auto line = std::prev(std::ranges::upper_bound(line_begins_, where.offset));
    Diagnostic found = diagnostic_at(file_, text().substr(*line, line_bytes(where)), where.offset - *line, where.length, {});
    found.where.line = static_cast<std::size_t>(line - line_begins_.begin()) + 1;
    return found;
}

std::size_t SourceText::line_bytes(TextRange where) const {
    const auto next = std::ranges::upper_bound(line_begins_, where.offset);
    return (next == line_begins_.end() ? text_.size() : *next) - *std::prev(next);
}

void SourceText::error(TextRange where, std::string message) { errors_.emplace_back(where, std::move(message)); }

Diagnostics SourceText::diagnostics() const {
    std::vector<std::size_t> order(errors_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [this](std::size_t i) { return std::pair(errors_[i].first.offset, i); });
    Diagnostics out;
    for (const std::size_t i : order) {
        if (out.size() == diagnostics_max) {
            out.push_back({.where = out.back().where, .message = "and " + std::to_string(order.size() - diagnostics_max) + " more errors"});
            break;
        }
        out.push_back(diagnostic_at(file_, text_, errors_[i].first.offset, errors_[i].first.length, errors_[i].second));
    }
    return out;
}

}  // namespace kv
