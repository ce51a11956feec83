// An engine's data-parallel ranks in lockstep: what arrives when, and the steps in which they wait for each other.
#pragma once

#include "sim/rank/rank_run.h"

#include <cstdint>
#include <memory>
#include <optional>
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

    // False: all is done, or a rank has raised: its peers would wait for it in their next exchange.
    bool step();
    void run(std::int64_t steps_max);

    std::int64_t steps() const { return steps_; }
    const std::optional<Refusal>& fault() const { return fault_; }
    const RankRun& rank(RankId id) const { return *ranks_[static_cast<std::size_t>(id)]; }

private:
    // What a rank does; false: it raised.
    template <class Do>
    bool let(std::size_t rank, Do act);

    EventSink& sink_;
    std::vector<std::unique_ptr<RankRun>> ranks_;  // Their schedulers refer to them.
    std::vector<TimedRequest> requests_;
    std::size_t arrived_ = 0;
    std::int64_t steps_ = 0;
    std::optional<Refusal> fault_ = {};
    std::vector<std::int64_t> tokens_;           // Of this step, by rank,
    std::vector<std::span<const RowTag>> rows_;  // and their rows.
};

}  // namespace kv
