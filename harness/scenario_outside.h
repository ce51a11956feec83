// What decides about a scenario's requests from without, as the scenario says it: which drafts are good, what other machines computed.
#pragma once

#include "harness/scenario_requests.h"
#include "sim/schedule/outside.h"

#include <cstdint>
#include <vector>

namespace kv {

class ScenarioOutside : public Outside {
public:
    explicit ScenarioOutside(const ScenarioRequests& requests, std::size_t ranks) : requests_(requests), states_(ranks) {
        for (std::size_t rank = 0; rank < ranks; ++rank) states_[rank].resize(requests.of_rank(rank).size());
    }

    // Whose questions come next: ranks ask one after another, and say no more than their own number of a request.
    void begin(RankId rank, StepId step) {
        rank_ = static_cast<std::size_t>(rank);
        step_ = static_cast<std::int64_t>(step);
    }

    ExternalTokens external(RequestId request, std::int64_t hit) override;
    std::optional<std::int64_t> loaded(RequestId request, std::int64_t tokens) override;
    std::int64_t accepted(RequestId request, std::int64_t drafts) override;

    std::int64_t last_load() const { return last_load_; }  // The step in which the last load is over; -1: there was none.

private:
    struct State {
        std::int64_t hit = 0;
        std::int64_t due = 0;  // The step in which its load is over.
        bool failed = false;   // Nothing is looked for elsewhere again.
        std::size_t decoded = 0;
    };
    State& state(RequestId request) { return states_[rank_][static_cast<std::size_t>(request)]; }
    const ScenarioRequest& listed(RequestId request) const {
        return requests_.listed(requests_.of_rank(rank_)[static_cast<std::size_t>(request)]);
    }

    const ScenarioRequests& requests_;
    std::vector<std::vector<State>> states_;  // By rank and request.
    std::size_t rank_ = 0;
    std::int64_t step_ = 0;
    std::int64_t last_load_ = -1;
};

}  // namespace kv
