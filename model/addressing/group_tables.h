// The block tables of all groups: a row is one request in each of them.
#pragma once

#include "model/addressing/block_table.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class GroupTables {
public:
    GroupTables(const Engine& engine, std::span<const TableShape> groups, const BatchShape& batch);

    // One list of blocks a group.
    void add(std::int64_t row, std::span<const std::vector<BlockId>> blocks);
    void append(std::int64_t row, std::span<const std::vector<BlockId>> blocks);
    void move(std::int64_t source, std::int64_t target);
    void swap(std::int64_t left, std::int64_t right);
    void clear(std::int64_t row);

    std::span<const BlockTable> tables() const { return tables_; }

private:
    std::vector<BlockTable> tables_;
};

}  // namespace kv
