// An engine's data-parallel ranks in lockstep: what comes from without and when, and the steps in which they wait for each other.
#pragma once

#include "sim/lockstep.h"
#include "sim/rank/rank_run.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kv {

struct TimedRequest {
    std::int64_t step = 0;  // In which it arrives, before the ranks schedule.
    RankId rank{};
    std::optional<std::int64_t> abort_at = {};  // Step before which it is aborted.
    std::optional<std::size_t> after = {};      // Place of the request that has to be done before, a turn of the same session.
};

struct TimedReset {
    std::int64_t step = 0;
    std::optional<RankId> rank = {};  // None: all.
    bool preempt_running = false;
};

// What happens to an engine. A request is known by its place in the list: it is its id on its rank, too.
struct Happenings {
    std::vector<TimedRequest> requests = {};
    std::vector<TimedReset> resets = {};
    // Called once for each, when it arrives. None: the front end refuses it, and has said so to the sink.
    std::function<std::optional<NewRequest>(std::size_t place)> make;
};

class Simulation {
public:
    // An engine that does not start is an EngineFault of the first step.
    Simulation(const Engine& engine, std::span<const RankSettings> ranks, LockstepSettings lockstep, Happenings happenings,
               Outside& outside, EventSink& sink);
    ~Simulation();

    // False: all is done, nothing that is left can ever run, or a rank has raised: its peers would wait for it in their next exchange.
    bool step();
    // Ends with RunEnded.
    void run(std::int64_t steps_max);

    std::int64_t steps() const { return steps_; }  // That were made.
    const std::optional<Refusal>& fault() const { return fault_; }
    const RankRun& rank(RankId id) const { return *ranks_[static_cast<std::size_t>(id)]; }
    std::int64_t left() const;  // Requests that are not done, those that have not come yet included.

private:
    class Calendar;  // What comes when.

    // What a rank does; false: it raised.
    template <class Do>
    bool let(std::size_t rank, Do act);
    bool happen();
    bool work();

    EventSink& sink_;
    LockstepSettings lockstep_;
    std::unique_ptr<Calendar> calendar_;
    std::vector<std::unique_ptr<RankRun>> ranks_;  // Their schedulers refer to them.
    std::int64_t time_ = 0;                        // Number of the next step.
    std::int64_t steps_ = 0;
    std::int64_t idle_steps_ = 0;  // In a row, in which no rank could run anything.
    std::optional<Refusal> fault_ = {};
    std::vector<std::int64_t> tokens_;           // Of this step, by rank,
    std::vector<BatchSize> batches_ = {};        // the sizes of their batches
    std::vector<std::span<const RowTag>> rows_;  // and their rows.
};

}  // namespace kv
