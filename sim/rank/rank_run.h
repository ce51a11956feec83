// One data-parallel rank of an engine in motion: scheduler, cache manager, the worker's batch and its capture path. It tells all that it
// does as events; an error of the engine ends it.
#pragma once

#include "model/events/event_sink.h"
#include "sim/rank/captured_rows.h"
#include "sim/schedule/scheduler.h"
#include "sim/worker/batch_rows.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kv {

struct RankSettings {
    RankId rank{};
    SchedulerSettings scheduler;
    CacheSetup cache;
    std::vector<TableShape> tables;  // One a group.
    BatchShape batch;
    std::optional<CaptureSettings> capture = {};
    std::int64_t steps_in_flight = 1;
};

// A request as it comes: its text is all that it will ever have, drafts past its last output included.
struct NewRequest {
    RequestText text;
    std::int64_t prompt = 1;
    std::int64_t outputs_max = 1;
    bool wants_rows = true;
};

class RankRun : private EventSink {
public:
    // Throws RefusedByEngine where the engine does not start.
    RankRun(const Engine& engine, const RankSettings& settings, Outside& outside, EventSink& sink);

    void arrive(NewRequest request);
    void abort(RequestId request);
    bool reset_prefix_cache(bool preempt_running) { return scheduler_.reset_prefix_cache(preempt_running); }

    // A step is three calls, between which the ranks of an engine wait for each other.
    std::int64_t schedule();  // Tokens of the step; 0: nothing can run.
    std::span<const RowTag> rows() const { return rows_; }
    void compute(const StepOfRanks& ranks);
    void settle();  // The oldest step, once as many are in flight as may be, or this one had nothing.

    bool idle() const { return scheduler_.idle() && in_flight_.empty(); }
    const CacheManager& manager() const { return manager_; }
    const LiveRequest& request(RequestId id) const { return requests_[static_cast<std::size_t>(id)]; }

private:
    using EventSink::see;
    void see(const RequestArrived& event) override { sink_.see(event); }
    void see(const StepBegan& event) override { sink_.see(event); }
    void see(const CacheHitFound& event) override { sink_.see(event); }
    void see(const BlocksAsked& event) override;
    void see(const BlocksCached& event) override { sink_.see(event); }
    void see(const RequestStops& event) override;
    void see(const BlocksFreed& event) override { sink_.see(event); }
    void see(const CacheReset& event) override;
    void see(const BlocksZeroed& event) override { sink_.see(event); }
    void see(const BlocksCopied& event) override { sink_.see(event); }
    void see(const StepScheduled& event) override { sink_.see(event); }
    void see(const StepSettled& event) override { sink_.see(event); }
    void see(const OutputSettled& event) override;

    LiveRequest& of(RequestId id) { return requests_[static_cast<std::size_t>(id)]; }
    void guess(std::vector<StepPart>& step);
    void tag_rows();

    RankId rank_;
    Outside& outside_;
    EventSink& sink_;
    std::int64_t steps_in_flight_;
    CacheManager manager_;
    Scheduler scheduler_;
    BatchRows batch_;
    std::unique_ptr<CapturedRows> capture_;
    std::deque<LiveRequest> requests_ = {};             // By id; their addresses stay.
    std::deque<std::vector<StepPart>> in_flight_ = {};  // The newest last.
    std::vector<std::vector<StepPart>> spare_ = {};     // Vectors whose memory is used again.
    std::vector<std::vector<std::int64_t>> slots_;      // Of each group, as large as a batch can be.
    std::vector<RowTag> rows_ = {};                     // Of the step at work, in the order of the batch.
    std::int64_t steps_ = 0;
};

}  // namespace kv
