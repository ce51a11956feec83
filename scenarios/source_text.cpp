#include "scenarios/source_text.h"

#include <algorithm>
#include <numeric>

namespace kv {

namespace {
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t diagnostics_max = 100;
}  // namespace

SourceText::SourceText(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {
    if (text_.starts_with(byte_order_mark)) text_.erase(0, byte_order_mark.size());
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
