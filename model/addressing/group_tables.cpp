#include "model/addressing/group_tables.h"

#include "model/contract.h"

namespace kv {

GroupTables::GroupTables(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch) {
    tables_.reserve(groups.size());
    for (const TableShape& group : groups) tables_.emplace_back(engine, group, batch);
}

void GroupTables::add(std::int64_t row, std::span<const std::vector<BlockId>> blocks) {
    require(blocks.size() == tables_.size(), "one list of blocks a group");
    for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].add(row, blocks[i]);
}

void GroupTables::append(std::int64_t row, std::span<const std::vector<BlockId>> blocks) {
    require(blocks.size() == tables_.size(), "one list of blocks a group");
    for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].append(row, blocks[i]);
}

void GroupTables::move(std::int64_t source, std::int64_t target) {
    for (BlockTable& table : tables_) table.move(source, target);
}

void GroupTables::swap(std::int64_t left, std::int64_t right) {
    for (BlockTable& table : tables_) table.swap(left, right);
}

void GroupTables::clear(std::int64_t row) {
    for (BlockTable& table : tables_) table.clear(row);
}

}  // namespace kv
