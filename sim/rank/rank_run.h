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
    std::optional<Blocks> draft_blocks = {};  // Of a drafter's pool of its own, that the target's slots index; empty: there is none.
};

// A request as it comes: its text is all that it will ever have, drafts past its last output included.
struct NewRequest {
    RequestText text;
    std::int64_t prompt = 1;
    std::int64_t outputs_max = 1;
    bool wants_rows = true;
    std::int64_t encoder_tokens = 0;
};

class RankRun : private EverySink<RankRun> {
public:
    // Throws RefusedByEngine where the engine does not start.
    RankRun(const Engine& engine, const RankSettings& settings, Outside& outside, EventSink& sink);

    // Each rank's ids are its own to choose, as long as no two are equal.
    void arrive(RequestId id, NewRequest request);
    void abort(RequestId id);  // Nothing, where it is done.
    bool reset_prefix_cache(bool preempt_running) { return scheduler_.reset_prefix_cache(preempt_running); }

    // A step is three calls, between which the ranks of an engine wait for each other.
    std::int64_t schedule(StepId id);  // Tokens of the step; 0: nothing can run.
    std::span<const RowTag> rows() const { return rows_; }
    void compute(const StepOfRanks& ranks);
    void settle();  // The oldest step, once as many are in flight as may be, or this one had nothing.

    bool idle() const { return scheduler_.idle() && in_flight_.empty(); }
    bool in_flight() const { return !in_flight_.empty(); }
    bool loading() const { return scheduler_.loading(); }
    std::int64_t left() const { return left_; }  // Requests that are not done.
    bool done(RequestId id) const { return of(id).done; }
    std::int64_t decode_tokens() const { return decode_tokens_; }  // Of a batch of nobody's.
    const CacheManager& manager() const { return manager_; }

private:
    template <class Sink, class Base, class Kinds>
    friend class detail::SeeingAll;

    struct StepInFlight {
        StepId id{};
        std::vector<StepPart> parts = {};
    };

    // What the scheduler says is told on; some of it is the worker's business too.
    template <class Event>
    void any(const Event& event) {
        sink_.see(event);
    }
    using EventSink::see;
    void see(const BlocksAsked& event) override;
    void see(const RequestStops& event) override;
    void see(const OutputSettled& event) override;
    void see(const CacheReset& event) override;

    LiveRequest& of(RequestId id) { return *by_id_[static_cast<std::size_t>(id)]; }
    const LiveRequest& of(RequestId id) const { return *by_id_[static_cast<std::size_t>(id)]; }
    void tell_what_is_made(const Engine& engine, const RankSettings& settings);
    void guess(std::vector<StepPart>& step);
    void tag_rows();
    void tell_draft_pool(const RankSettings& settings);
    void tell_addresses(const Engine& engine, const RankSettings& settings, std::size_t group);
    void map_slots(StepId step, std::int64_t rows);
    void look_up_otherwise(std::size_t group, std::span<std::int64_t> slots) const;
    void write_states(StepId step, std::int64_t padded);

    RankId rank_;
    Outside& outside_;
    EventSink& sink_;
    std::int64_t steps_in_flight_;
    StatesWrittenAt states_written_;
    PaddedStates padded_states_;
    std::int64_t decode_tokens_;
    CacheManager manager_;
    Scheduler scheduler_;
    BatchRows batch_;
    std::unique_ptr<CapturedRows> capture_;
    std::deque<LiveRequest> requests_ = {};  // Their addresses stay.
    std::vector<LiveRequest*> by_id_ = {};
    std::int64_t left_ = 0;
    std::deque<StepInFlight> in_flight_ = {};        // The newest last.
    std::vector<std::vector<StepPart>> spare_ = {};  // Vectors whose memory is used again.
    std::vector<std::size_t> state_groups_ = {};
    WindowTable window_table_;
    DraftSlots draft_slots_;
    std::vector<std::optional<std::int64_t>> pad_slots_ = {};  // Of each group: what PAD writes to.
    std::vector<StateWrite> writes_ = {};
    std::vector<std::vector<std::int64_t>> slots_;  // Of each group, as large as a batch can be.
    std::vector<RowTag> rows_ = {};                 // Of the step at work, in the order of the batch.
};

}  // namespace kv
