// A worker's batch: which request has which row of the block tables. Rows are kept dense: what leaves makes room, and the last rows move
// down into it, as the engines' input batch does it.
#pragma once

#include "model/addressing/group_tables.h"
#include "model/addressing/position_run.h"
#include "sim/schedule/scheduler.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class BatchRows {
public:
    BatchRows(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch);

    // Makes the batch that of a step: requests that it does not have leave, new ones come, and each row gets the blocks that its request
    // was handed out since.
    void take(std::span<const StepPart> step);

    // The step's parts and their runs of positions, in the order of the rows.
    std::span<const StepPart> parts() const { return parts_; }
    std::span<const PositionRun> runs() const { return runs_; }

    // The slots of the runs' tokens in a group, as its table says; `slots` has room for the largest batch.
    std::span<std::int64_t> map(std::size_t group, std::span<std::int64_t> slots) const {
        return tables_.tables()[group].map(runs_, slots);
    }

    const GroupTables& tables() const { return tables_; }

private:
    struct Row {
        const LiveRequest* request = nullptr;
        std::int64_t admission = 0;  // Of the request, when the row was filled.
    };

    void leave(std::span<const StepPart> step);
    void condense();
    std::int64_t row_of(const LiveRequest& request) const;
    void fill(const LiveRequest& request);
    void extend(std::int64_t row);
    std::int64_t& known(std::int64_t row, std::size_t group) {
        return known_[static_cast<std::size_t>(row) * tables_.tables().size() + group];
    }

    GroupTables tables_;
    std::vector<Row> rows_ = {};
    std::vector<std::int64_t> known_;       // Of each row and group, the blocks that the row has been given.
    std::vector<std::int64_t> holes_ = {};  // Rows that are nobody's, falling.
    std::vector<StepPart> parts_ = {};
    std::vector<PositionRun> runs_ = {};
    std::vector<std::vector<BlockId>> blocks_;  // One list a group, of one call.
};

}  // namespace kv
