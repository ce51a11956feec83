// How much memory ranks will take, told from their settings before any of it is.
#pragma once

#include "sim/rank/rank_run.h"

#include <array>
#include <cstdint>
#include <string>

namespace kv {

class DeploymentSize {
public:
    explicit DeploymentSize(const Engine& engine) : engine_(engine) {}

    // `rows_max`: of its batches, with padding.
    void add(const RankSettings& rank, std::int64_t rows_max);

    std::int64_t bytes() const;                      // What does not fit 64 bits is the largest number.
    std::string complaint(std::int64_t most) const;  // Names what takes the most.

private:
    enum Part : std::uint8_t { pool, tables, steps, side_buffer, row_blocks, part_count };

    void add(Part part, std::int64_t count, std::int64_t bytes);
    void add_capture(const CaptureSettings& capture);

    const Engine& engine_;
    std::array<std::int64_t, part_count> bytes_{};
    std::int64_t ranks_ = 0;
};

}  // namespace kv
