#include "model/capture/step_rows.h"

#include <algorithm>

namespace kv {

StepRows::StepRows(const Engine& engine, const RowFormat& format, std::int64_t rows_max)
    : rows_max_(rows_max),
      columns_(format.columns()),
      target_writes_(format.target_writes()),
      drafter_writes_(format.drafter_writes()),
      unwritten_(engine.unwritten_rows.choice) {
    require(rows_max >= 0, "a step has a number of tokens");
    tags_.assign(static_cast<std::size_t>(rows_max * columns_), unwritten_ == UnwrittenRows::missing ? missing_tag : never_written_tag);
}

void StepRows::begin() {
    if (unwritten_ == UnwrittenRows::last_step) return;
    std::fill_n(tags_.begin(), touched_ * columns_, unwritten_ == UnwrittenRows::missing ? missing_tag : never_written_tag);
    touched_ = 0;
}

void StepRows::capture(std::int64_t first, std::span<const RowTag> rows) {
    for (std::int64_t column = 0; target_writes_ && column < columns_; ++column) put(column, first, rows);
}

void StepRows::capture_draft(std::int64_t first, std::span<const RowTag> rows) {
    if (drafter_writes_) put(1, first, rows);
}

void StepRows::put(std::int64_t column, std::int64_t first, std::span<const RowTag> rows) {
    require(first >= 0, "rows are counted from 0");
    rows = rows.first(static_cast<std::size_t>(std::clamp<std::int64_t>(rows_max_ - first, 0, std::ssize(rows))));
    if (rows.empty()) return;
    touched_ = std::max(touched_, first + std::ssize(rows));
    if (columns_ == 1) {
        std::ranges::copy(rows, tags_.begin() + first);
        return;
    }
    for (std::int64_t i = 0; i < std::ssize(rows); ++i)
        tags_[static_cast<std::size_t>((first + i) * columns_ + column)] = rows[static_cast<std::size_t>(i)];
}

std::span<const RowTag> StepRows::rows(std::int64_t first, std::int64_t count) {
    require(first >= 0 && count >= 0, "a step has a number of rows");
    const std::int64_t there = std::clamp<std::int64_t>(rows_max_ - first, 0, count);
    const std::span<const RowTag> found = std::span(tags_).subspan(static_cast<std::size_t>(std::min(first, rows_max_) * columns_),
                                                                   static_cast<std::size_t>(there * columns_));
    if (there == count) return found;
    cut_.assign(found.begin(), found.end());
    cut_.resize(static_cast<std::size_t>(count * columns_), never_written_tag);
    return cut_;
}

}  // namespace kv
