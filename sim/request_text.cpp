#include "sim/request_text.h"

#include "model/capture/text_content.h"

#include <algorithm>

namespace kv {

void RequestText::append(TokenRun run) {
    if (run.count == 0) return;
    keys_.append(run);
    if (!parts_.empty()) {
        TokenRun& last = runs_.back();
        const bool goes_on = last.stream == run.stream && last.first + last.count == run.first;
        if (goes_on) {  // However a text is cut into runs, it is the same text.
            last.count += run.count;
            parts_.back().end = tokens();
            return;
        }
    }
    const std::int64_t before = parts_.empty() ? 0 : parts_.back().content;
    parts_.push_back({.end = tokens(), .content = text_content(before, run, tokens() - run.count)});
    runs_.push_back(run);
}

void RequestText::rows(std::int64_t producer, std::int64_t first, std::span<RowTag> rows) const {
    require(first >= 0 && first + std::ssize(rows) <= tokens(), "a text has these positions");
    auto part = std::ranges::upper_bound(parts_, first, {}, &Part::end);
    while (!rows.empty()) {
        const auto count = static_cast<std::size_t>(std::min(part->end - first, static_cast<std::int64_t>(std::ssize(rows))));
        tag_run({.producer = producer, .content = part->content, .position = first}, rows.first(count));
        rows = rows.subspan(count);
        first = part->end;
        ++part;
    }
}

}  // namespace kv
