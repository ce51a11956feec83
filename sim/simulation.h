// An engine's data-parallel ranks in lockstep: what arrives when, and the steps in which they wait for each other.
#pragma once

#include "sim/rank/rank_run.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kv {

struct TimedRequest {
    NewRequest request;
    std::int64_t step = 0;  // In which it arrives, before the ranks schedule.
    RankId rank{};
};

class Simulation {
public:
    // The requests in the order in which they arrive. Throws RefusedByEngine where the engine does not start.
    Simulation(const Engine& engine, std::span<const RankSettings> ranks, std::vector<TimedRequest> requests, Outside& outside,
               EventSink& sink);

    bool step();  // False: all is done. Throws RefusedByEngine where a rank raises.
    void run(std::int64_t steps_max);

    std::int64_t steps() const { return steps_; }
    const RankRun& rank(RankId id) const { return *ranks_[static_cast<std::size_t>(id)]; }

private:
    std::vector<std::unique_ptr<RankRun>> ranks_;  // Their schedulers refer to them.
    std::vector<TimedRequest> requests_;
    std::size_t arrived_ = 0;
    std::int64_t steps_ = 0;
    std::vector<std::int64_t> tokens_;           // Of this step, by rank,
    std::vector<std::span<const RowTag>> rows_;  // and their rows.
};

}  // namespace kv
