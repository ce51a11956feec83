// The scheduler of one rank: which tokens of which requests a step computes, and the calls to the cache manager that this takes. The same
// calls, in the same order, that the engine's scheduler makes.
#pragma once

#include "model/events/event_sink.h"
#include "sim/schedule/aligned_chunk.h"
#include "sim/schedule/live_request.h"
#include "sim/schedule/outside.h"
#include "sim/schedule/scheduler_settings.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace kv {

// A part of a step with the request that it is of.
struct StepPart {
    LiveRequest* request = nullptr;
    ScheduledPart part = {};
    std::optional<std::int64_t> accepted = {};  // Of its drafts; empty: who settles the step asks.
};

class Scheduler {
public:
    // All of these outlive the scheduler.
    Scheduler(const Engine& engine, RankId rank, const SchedulerSettings& settings, CacheManager& manager, Outside& outside,
              EventSink& sink);

    void arrive(LiveRequest& request);
    void abort(LiveRequest& request);
    // Preempts what runs first, if asked. False: blocks are in use, and the cache keeps what it has.
    bool reset_prefix_cache(bool preempt_running);

    void schedule(StepId id, std::vector<StepPart>& step);  // Empty: nothing can run.
    void settle(StepId id, const std::vector<StepPart>& step);

    bool idle() const { return waiting_.empty() && running_.empty() && loading_.empty(); }
    bool loading() const { return !loading_.empty(); }
    const std::vector<LiveRequest*>& running() const { return running_; }
    std::int64_t waiting() const { return std::ssize(waiting_); }

private:
    enum class Admitted : std::uint8_t { yes, loads, no };
    struct Proposal {
        std::int64_t tokens = 0;
        std::int64_t drafts = 0;
        bool padded = false;
    };

    bool later() const { return rules_ == SchedulerRules::vllm_0_32; }
    void schedule_running(std::vector<StepPart>& step);
    std::int64_t tokens_of_running(const LiveRequest& request) const;
    bool make_room(LiveRequest& request, std::int64_t tokens);
    void schedule_waiting(std::vector<StepPart>& step);
    Admitted admit(LiveRequest& request, std::vector<StepPart>& step);
    std::optional<Proposal> propose(LiveRequest& request, std::int64_t computed, bool any_scheduled);
    std::int64_t look_up(LiveRequest& request);
    ExternalTokens asked_outside(const LiveRequest& request, std::int64_t hit);
    void open_transfers(const LiveRequest& request, std::int64_t first, const ExternalTokens& external);
    void advance(StepId id, std::vector<StepPart>& step);
    void keep_house();
    void promote_loads();
    Blocks reserved_for_prefills();
    void preempt(LiveRequest& request, bool drop_output);
    void free(LiveRequest& request, FreedWhy why, bool drops_output);
    void finish(LiveRequest& request, FreedWhy why);
    void settle_output(LiveRequest& request, const ScheduledPart& part, std::optional<std::int64_t> told, bool stale);
    bool encoder_fits(const LiveRequest& request) const;
    void take_encoder_room(LiveRequest& request);
    void return_encoder_room(LiveRequest& request);
    std::int64_t ahead_of_drafter(const LiveRequest& request, std::int64_t computed, std::int64_t tokens) const;
    bool allocate(LiveRequest& request, const AllocateCall& call);
    Blocks free_blocks() const { return Blocks(manager_.pool().free_count()); }

    RankId rank_;
    SchedulerRules rules_;
    TransferLists transfer_lists_;
    bool knows_late_;  // Which outputs come after their request was preempted.
    SchedulerSettings settings_;
    CacheManager& manager_;
    Outside& outside_;
    EventSink& sink_;
    std::optional<ChunkAlignment> alignment_ = {};
    bool has_states_ = false;
    std::deque<LiveRequest*> waiting_ = {};
    std::vector<LiveRequest*> running_ = {};
    std::vector<LiveRequest*> loading_ = {};
    EncoderRelease encoder_release_;
    std::int64_t encoder_free_;  // Of the room for their outputs, as the engine counts it.
    // Of the step at work.
    std::int64_t budget_ = 0;
    std::int64_t encoder_budget_ = 0;
    std::int64_t chunk_max_ = 0;
    bool preempted_any_ = false;
    bool any_prefill_ = false;
    std::vector<ScheduledPart> parts_ = {};
};

}  // namespace kv
