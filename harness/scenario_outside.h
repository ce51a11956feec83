// What decides about a scenario's requests from without, as the scenario says it: which drafts are good, what other machines computed.
#pragma once

#include "harness/scenario_requests.h"
#include "sim/schedule/outside.h"

#include <cstdint>
#include <vector>

namespace kv {

class ScenarioOutside : public Outside {
public:
    explicit ScenarioOutside(const ScenarioRequests& requests) : requests_(requests), states_(requests.size()) {}

    void begin(StepId step) { step_ = static_cast<std::int64_t>(step); }  // Of which the next questions are.

    ExternalTokens external(RequestId request, std::int64_t hit) override;
    std::optional<std::int64_t> loaded(RequestId request, std::int64_t tokens) override;
    std::int64_t accepted(RequestId request, std::int64_t drafts) override;
    std::int64_t proposed(RequestId request, std::int64_t drafts_max) override;

private:
    struct State {
        std::int64_t hit = 0;
        std::int64_t due = 0;  // The step in which its load is over.
        bool failed = false;   // Nothing is looked for elsewhere again.
        std::size_t decoded = 0;
        std::size_t put_out = 0;  // Times.
    };
    State& state(RequestId request) { return states_[static_cast<std::size_t>(request)]; }

    const ScenarioRequests& requests_;
    std::vector<State> states_;  // By request.
    std::int64_t step_ = 0;
};

}  // namespace kv
