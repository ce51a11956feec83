// Where the rows of a request come together, chunk after chunk: the front end's list of what it was sent.
#pragma once

#include "model/capture/row_step.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

class JoinedRows {
public:
    // From the position on that is asked for; `columns` tags a row.
    void begin(std::int64_t asked_first, std::int64_t columns);

    // Rows of consecutive positions from `first` on. A row that is missing replaces none that is there.
    void join(ResumedRows rule, std::int64_t first, std::span<const RowTag> rows);

    // The type of the ids of what was joined last: a second one stays.
    void note_type(RowType type);
    bool of_one_type() const { return one_type_; }

    // All positions below `end`, of which rows from `first` on are there; those that nobody brought are missing.
    DeliveredRows rows_below(ResumedRows rule, std::int64_t end);

private:
    std::int64_t count() const { return std::ssize(rows_) / columns_; }

    std::int64_t asked_first_ = 0;
    std::int64_t columns_ = 1;
    std::optional<std::int64_t> first_ = {};  // Position of the first row.
    std::optional<RowType> type_ = {};
    bool one_type_ = true;
    std::vector<RowTag> rows_;
};

}  // namespace kv
