#include "sim/request_text.h"

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
    const auto words = {static_cast<std::uint64_t>(before), static_cast<std::uint64_t>(run.stream), static_cast<std::uint64_t>(run.first),
                        static_cast<std::uint64_t>(tokens() - run.count)};
    std::uint64_t content = 0x9e3779b97f4a7c15;
    for (const std::uint64_t word : words) content = mixed(content ^ mixed(word + 0x9e3779b97f4a7c15));
    parts_.push_back({.end = tokens(), .content = static_cast<std::int64_t>(content & RowOrigin::content_max)});
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
