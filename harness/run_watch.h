// Counts what happens in a run as it passes by, and makes the run's digest.
#pragma once

#include "harness/scenario_outside.h"
#include "model/events/event_digest.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kv {

// What one rank did.
struct RankTally {
    std::int64_t arrived = 0;
    std::int64_t refused = 0;  // Requests that the front end did not take.
    std::int64_t finished = 0;
    std::int64_t aborted = 0;
    std::int64_t preempted = 0;  // Times.
    std::int64_t tokens = 0;     // Computed, drafts included.
    std::int64_t hit_tokens = 0;
    std::int64_t loaded_tokens = 0;
    std::int64_t rows = 0;                  // Delivered.
    std::int64_t waiting = 0, running = 0;  // After the last step.
    friend bool operator==(const RankTally&, const RankTally&) = default;
};

class RunWatch : public EventDigest {
public:
    RunWatch(EventSink& next, std::size_t ranks) : EventDigest(&next), ranks_(ranks) {}

    // Whose questions are of the step that has begun.
    void tell(ScenarioOutside& outside) { outside_ = &outside; }

    using EventDigest::see;
    void see(const RequestArrived& event) override {
        ++of(event.rank).arrived;
        EventDigest::see(event);
    }
    void see(const RequestRefused& event) override {
        ++of(event.rank).refused;
        EventDigest::see(event);
    }
    void see(const StepBegan& event) override {
        if (outside_ != nullptr) outside_->begin(event.step);
        EventDigest::see(event);
    }
    void see(const BlocksAsked& event) override {
        if (event.granted && event.admission) {
            of(event.rank).hit_tokens += event.hit.value;
            of(event.rank).loaded_tokens += event.external.value;
        }
        EventDigest::see(event);
    }
    void see(const RequestStops& event) override;
    void see(const StepScheduled& event) override;
    void see(const SlotsMapped& event) override {
        work_ += std::ssize(event.slots);
        EventDigest::see(event);
    }
    void see(const RowsOffered& event) override {
        work_ += event.tp_size * std::ssize(ranks_) + event.rows;
        EventDigest::see(event);
    }
    void see(const RowsDelivered& event) override {
        of(event.rank).rows += std::ssize(event.rows) / event.columns;
        work_ += std::ssize(event.rows);
        EventDigest::see(event);
    }
    void see(const EngineFault& event) override {
        faulted_ = event.rank;
        EventDigest::see(event);
    }

    void see(const RunEnded& event) override {
        ended_ = event;
        EventDigest::see(event);
    }

    const std::vector<RankTally>& ranks() const { return ranks_; }
    const std::optional<RunEnded>& ended() const { return ended_; }
    std::optional<RankId> faulted() const { return faulted_; }
    std::int64_t work() const { return work_; }  // About as many nanoseconds.

private:
    RankTally& of(RankId rank) { return ranks_[static_cast<std::size_t>(rank)]; }

    ScenarioOutside* outside_ = nullptr;
    std::vector<RankTally> ranks_;
    std::optional<RankId> faulted_ = {};
    std::optional<RunEnded> ended_ = {};
    std::int64_t work_ = 0;
};

}  // namespace kv
