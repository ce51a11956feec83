#include "scenarios/source_text.h"

#include <algorithm>

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
    std::vector<const std::pair<TextRange, std::string>*> sorted;
    for (const auto& error : errors_) sorted.push_back(&error);
    std::ranges::stable_sort(sorted, {}, [](const auto* error) { return error->first.offset; });
    Diagnostics out;
    for (const auto* error : sorted) {
        if (out.size() == diagnostics_max) {
            out.push_back(
                {.where = out.back().where, .message = "and " + std::to_string(sorted.size() - diagnostics_max) + " more errors"});
            break;
        }
        out.push_back(diagnostic_at(file_, text_, error->first.offset, error->first.length, error->second));
    }
    return out;
}

}  // namespace kv
