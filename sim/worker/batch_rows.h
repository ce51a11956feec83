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
    // The context-parallel ranks of the batch have tables of their own, in which alike blocks stand for other tokens.
    BatchRows(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch);

    // Makes the batch that of a step: requests that it does not have leave, new ones come, and each row gets the blocks that its request
    // was handed out since.
    void take(std::span<const StepPart> step);

    // The step's parts and their runs of positions, in the order of the rows.
    std::span<const StepPart> parts() const { return parts_; }
    std::span<const PositionRun> runs() const { return runs_; }
    std::span<const RequestId> requests() const { return requests_; }

    std::int64_t context_ranks() const { return std::ssize(tables_); }

    // The slots of the runs' tokens in a group, as its table says; `slots` has room for the batch.
    std::span<std::int64_t> map(std::int64_t context_rank, std::size_t group, std::span<std::int64_t> slots) const {
        return tables_[static_cast<std::size_t>(context_rank)].tables()[group].map(runs_, slots);
    }

    const GroupTables& tables() const { return tables_.front(); }

private:
    struct Row {
        LiveRequest* request = nullptr;
        std::int64_t admission = 0;  // Of the request, when the row was filled.
    };

    void leave();
    void condense();
    void fill(LiveRequest& request);
    void extend(std::int64_t row);
    std::int64_t& known(std::int64_t row, std::size_t group) { return known_[static_cast<std::size_t>(row) * blocks_.size() + group]; }

    std::vector<GroupTables> tables_ = {};  // One a context-parallel rank.
    std::vector<Row> rows_ = {};
    std::vector<std::int64_t> known_;       // Of each row and group, the blocks that the row has been given.
    std::vector<std::int64_t> holes_ = {};  // Rows that are nobody's, falling.
    std::vector<StepPart> parts_ = {};
    std::vector<PositionRun> runs_ = {};
    std::vector<RequestId> requests_ = {};
    std::vector<std::vector<BlockId>> blocks_;  // One list a group, of one call.
    std::int64_t stamp_ = 0;                    // Of the step at work.
};

}  // namespace kv
