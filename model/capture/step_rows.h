// The step buffer of a worker: what routers captured in one step, a row for each token of the batch.
#pragma once

#include "model/capture/row_format.h"
#include "model/engine.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class StepRows {
public:
    StepRows(const Engine& engine, const RowFormat& format, std::int64_t rows_max);

    void begin();  // Of a step.

    // Rows of the buffer from `first` on, as the target's routers gave them. What nobody gives is left as it is, and what lies past the
    // end is lost.
    void capture(std::int64_t first, std::span<const RowTag> rows);
    // The same of the drafter's, which run after the target's and replace what those gave for the layers that both number alike.
    void capture_draft(std::int64_t first, std::span<const RowTag> rows);

    // `columns` tags each; a row past the end is one that nobody wrote. Until the next call.
    std::span<const RowTag> rows(std::int64_t first, std::int64_t count);
    std::int64_t rows_max() const { return rows_max_; }

private:
    void put(std::int64_t column, std::int64_t first, std::span<const RowTag> rows);

    std::int64_t rows_max_;
    std::int64_t columns_;
    bool target_writes_;
    bool drafter_writes_;
    UnwrittenRows unwritten_;
    std::int64_t touched_ = 0;  // Rows that were ever captured into since they were cleared.
    std::vector<RowTag> tags_;
    std::vector<RowTag> cut_ = {};  // Rows of which some lie past the end.
};

}  // namespace kv
