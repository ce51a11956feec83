// Counts what happens in a run as it passes by, and makes the run's digest.
#pragma once

#include "harness/scenario_outside.h"
#include "model/events/event_digest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
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
    RunWatch(EventSink& next, ScenarioOutside& outside, std::size_t ranks) : EventDigest(&next), outside_(outside), ranks_(ranks) {}

    using EventDigest::see;
    void see(const RequestArrived& event) override {
        ++of(event.rank).arrived;
        EventDigest::see(event);
    }
    void see(const StepBegan& event) override {
        outside_.begin(event.rank, event.step);
        EventDigest::see(event);
    }
    void see(const BlocksAsked& event) override {
        if (event.granted && event.call.hit != nullptr) {
            of(event.rank).hit_tokens += event.call.hit_tokens.value;
            of(event.rank).loaded_tokens += event.call.external.value;
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
        work_ += event.dispatch.tp_size * std::ssize(ranks_) + event.call.rows;
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

    const std::vector<RankTally>& ranks() const { return ranks_; }
    bool all_stopped() const {
        return std::ranges::all_of(ranks_, [](const RankTally& rank) { return rank.finished + rank.aborted == rank.arrived; });
    }
    std::optional<RankId> faulted() const { return faulted_; }
    std::int64_t work() const { return work_; }                             // About as many nanoseconds.
    std::int64_t take_scheduled() { return std::exchange(scheduled_, 0); }  // Parts of requests since it was asked last.

private:
    RankTally& of(RankId rank) { return ranks_[static_cast<std::size_t>(rank)]; }

    ScenarioOutside& outside_;
    std::vector<RankTally> ranks_;
    std::optional<RankId> faulted_ = {};
    std::int64_t work_ = 0;
    std::int64_t scheduled_ = 0;
};

}  // namespace kv
