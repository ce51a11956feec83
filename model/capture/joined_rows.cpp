#include "model/capture/joined_rows.h"

#include <algorithm>

namespace kv {

void JoinedRows::begin(std::int64_t asked_first, std::int64_t columns) {
    asked_first_ = asked_first;
    columns_ = columns;
    first_.reset();
    type_.reset();
    one_type_ = true;
    rows_.clear();
}

void JoinedRows::join(ResumedRows rule, std::int64_t first, std::span<const RowTag> rows) {
    if (rows.empty()) return;
    if (rule == ResumedRows::appended) {
        if (!first_) first_ = first;
        rows_.insert(rows_.end(), rows.begin(), rows.end());
        return;
    }
    first_ = asked_first_;
    const std::int64_t before = std::clamp<std::int64_t>(asked_first_ - first, 0, std::ssize(rows) / columns_);  // Nobody asked for those.
    if (before == std::ssize(rows) / columns_) return;
    const std::int64_t place = first + before - asked_first_;
    const std::int64_t end = place + std::ssize(rows) / columns_ - before;
    if (end > count()) rows_.resize(static_cast<std::size_t>(end * columns_), missing_tag);
    auto out = rows_.begin() + place * columns_;
    for (const RowTag tag : rows.subspan(static_cast<std::size_t>(before * columns_))) {
        if (tag != missing_tag) *out = tag;
        ++out;
    }
}

void JoinedRows::note_type(RowType type) {
    one_type_ &= !type_ || *type_ == type;
    type_ = type;
}

DeliveredRows JoinedRows::rows_below(ResumedRows rule, std::int64_t end) {
    if (rule == ResumedRows::placed) {
        first_ = asked_first_;
        const std::int64_t wanted = std::max<std::int64_t>(end - asked_first_, 0);
        if (wanted > count()) rows_.resize(static_cast<std::size_t>(wanted * columns_), missing_tag);
    }
    const std::int64_t first = first_.value_or(end);
    const std::int64_t delivered = std::clamp<std::int64_t>(end - first, 0, count());
    return {.first = first, .count = delivered, .rows = std::span(rows_).first(static_cast<std::size_t>(delivered * columns_))};
}

}  // namespace kv
