#include "sim/worker/batch_rows.h"

#include <algorithm>

namespace kv {

BatchRows::BatchRows(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch)
    : tables_(engine, groups, batch), known_(static_cast<std::size_t>(batch.rows) * groups.size(), 0), blocks_(groups.size()) {
    rows_.reserve(static_cast<std::size_t>(batch.rows));
}

std::int64_t BatchRows::row_of(const LiveRequest& request) const {
    const auto found = std::ranges::find(rows_, &request, &Row::request);
    return found == rows_.end() ? -1 : found - rows_.begin();
}

void BatchRows::leave(std::span<const StepPart> step) {
    holes_.clear();
    for (std::int64_t row = std::ssize(rows_) - 1; row >= 0; --row) {
        const LiveRequest* request = rows_[static_cast<std::size_t>(row)].request;
        if (std::ranges::find(step, request, &StepPart::request) != step.end()) continue;
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
        tables_.move(last, hole);
        rows_[static_cast<std::size_t>(hole)] = rows_.back();
        for (std::size_t group = 0; group < blocks_.size(); ++group) known(hole, group) = known(last, group);
        rows_.pop_back();
        holes_.pop_back();
    }
}

void BatchRows::fill(const LiveRequest& request) {
    std::int64_t row = row_of(request);
    if (row < 0 && holes_.empty()) {
        row = std::ssize(rows_);
        rows_.emplace_back();
    } else if (row < 0) {
        row = holes_.back();
        holes_.pop_back();
    }
    rows_[static_cast<std::size_t>(row)] = {.request = &request, .admission = request.admissions};
    for (std::size_t group = 0; group < blocks_.size(); ++group) {
        const std::span<const BlockId> held = CacheManager::held(request.cache, group);
        blocks_[group].assign(held.begin(), held.end());
        known(row, group) = std::ssize(held);
    }
    tables_.add(row, blocks_);
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
    tables_.append(row, blocks_);
}

void BatchRows::take(std::span<const StepPart> step) {
    leave(step);
    for (const StepPart& part : step) {
        const std::int64_t row = row_of(*part.request);
        if (row < 0 || rows_[static_cast<std::size_t>(row)].admission != part.request->admissions) fill(*part.request);
        else extend(row);
    }
    condense();
    parts_.clear();
    runs_.clear();
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const auto part = std::ranges::find(step, rows_[row].request, &StepPart::request);
        parts_.push_back(*part);
        runs_.push_back(
            {.row = static_cast<std::int32_t>(row), .count = static_cast<std::int32_t>(part->part.tokens), .first = part->part.first});
    }
}

}  // namespace kv
