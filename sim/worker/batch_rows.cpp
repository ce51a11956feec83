#include "sim/worker/batch_rows.h"

#include <algorithm>

namespace kv {

BatchRows::BatchRows(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch)
    : known_(static_cast<std::size_t>(batch.rows) * groups.size(), 0), blocks_(groups.size()) {
    BatchShape place = batch;
    for (place.context.prefill.rank = 0; place.context.prefill.rank < batch.context.prefill.ranks; ++place.context.prefill.rank)
        for (place.context.decode.rank = 0; place.context.decode.rank < batch.context.decode.ranks; ++place.context.decode.rank)
            tables_.emplace_back(engine, groups, place);
    rows_.reserve(static_cast<std::size_t>(batch.rows));
}

void BatchRows::leave() {
    holes_.clear();
    for (std::int64_t row = std::ssize(rows_) - 1; row >= 0; --row) {
        LiveRequest* request = rows_[static_cast<std::size_t>(row)].request;
        if (request->batch_stamp == stamp_) continue;
        request->batch_row = -1;
        rows_[static_cast<std::size_t>(row)] = {};
        holes_.push_back(row);
    }
}

// New requests take the lowest free rows; what is left free is filled from the end.
void BatchRows::condense() {
    while (!holes_.empty()) {
        while (!rows_.empty() && rows_.back().request == nullptr) rows_.pop_back();
        const std::int64_t hole = holes_.back();
        const std::int64_t last = std::ssize(rows_) - 1;
        if (hole > last) return;
        for (GroupTables& tables : tables_) tables.move(last, hole);
        rows_[static_cast<std::size_t>(hole)] = rows_.back();
        rows_.back().request->batch_row = hole;
        for (std::size_t group = 0; group < blocks_.size(); ++group) known(hole, group) = known(last, group);
        rows_.pop_back();
        holes_.pop_back();
    }
}

void BatchRows::fill(LiveRequest& request) {
    std::int64_t row = request.batch_row;
    if (row < 0 && holes_.empty()) {
        row = std::ssize(rows_);
        rows_.emplace_back();
    } else if (row < 0) {
        row = holes_.back();
        holes_.pop_back();
    }
    request.batch_row = row;
    rows_[static_cast<std::size_t>(row)] = {.request = &request, .admission = request.admissions};
    for (std::size_t group = 0; group < blocks_.size(); ++group) {
        const std::span<const BlockId> held = CacheManager::held(request.cache, group);
        blocks_[group].assign(held.begin(), held.end());
        known(row, group) = std::ssize(held);
    }
    for (GroupTables& tables : tables_) tables.add(row, blocks_);
}

void BatchRows::extend(std::int64_t row) {
    const CacheRequest& cache = rows_[static_cast<std::size_t>(row)].request->cache;
    bool any = false;
    for (std::size_t group = 0; group < blocks_.size(); ++group)
        any = any || std::ssize(CacheManager::held(cache, group)) > known(row, group);
    if (!any) return;  // Most steps of most requests.
    for (std::size_t group = 0; group < blocks_.size(); ++group) {
        const std::span<const BlockId> held = CacheManager::held(cache, group);
        const auto since = held.subspan(std::min(held.size(), static_cast<std::size_t>(known(row, group))));
        blocks_[group].assign(since.begin(), since.end());
        known(row, group) = std::ssize(held);
    }
    for (GroupTables& tables : tables_) tables.append(row, blocks_);
}

void BatchRows::take(std::span<const StepPart> step) {
    ++stamp_;
    for (std::size_t part = 0; part < step.size(); ++part) {
        step[part].request->batch_stamp = stamp_;
        step[part].request->batch_part = static_cast<std::int64_t>(part);
    }
    leave();
    for (const StepPart& part : step) {
        const std::int64_t row = part.request->batch_row;
        if (row < 0 || rows_[static_cast<std::size_t>(row)].admission != part.request->admissions) fill(*part.request);
        else extend(row);
    }
    condense();
    parts_.clear();
    runs_.clear();
    requests_.clear();
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const StepPart& part = step[static_cast<std::size_t>(rows_[row].request->batch_part)];
        parts_.push_back(part);
        requests_.push_back(part.request->id);
        runs_.push_back(
            {.row = static_cast<std::int32_t>(row), .count = static_cast<std::int32_t>(part.part.tokens), .first = part.part.first});
    }
}

}  // namespace kv
