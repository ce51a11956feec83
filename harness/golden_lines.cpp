#include "harness/golden_lines.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace kv {

namespace {

constexpr std::size_t diagnostics_max = 100;  // Of one file: a file that is not a recording at all has an error on every line.

}  // namespace

GoldenLines::GoldenLines(const std::string& file, Diagnostics& diagnostics) : lines_(file), diagnostics_(&diagnostics) {}

bool GoldenLines::next() {
    if (std::exchange(stays_, false) && document_) return true;
    document_.reset();
    if (ended_) return false;
    std::string line;
    while (lines_.next(line)) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (diagnostics_->size() >= diagnostics_max) {
            const SourceSpan here{.file = file(), .line = line_number()};
            diagnostics_->push_back({.where = here, .message = "too many errors: the file is not read from here on"});
            ended_ = true;
            return false;
        }
        std::variant<JsonDocument, Diagnostics> read =
            read_json({.file = file(), .text = std::move(line), .first_line = line_number(), .non_finite = true});
        if (auto* document = std::get_if<JsonDocument>(&read)) {
            document_.emplace(std::move(*document));
            return true;
        }
        std::ranges::move(std::get<Diagnostics>(read), std::back_inserter(*diagnostics_));
    }
    if (lines_.error()) diagnostics_->push_back(*lines_.error());
    ended_ = true;
    return false;
}

}  // namespace kv
