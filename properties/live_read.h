#pragma once

#include "properties/property.h"

#include <deque>
#include <optional>
#include <vector>

namespace kv {

class LiveRead {
public:
    static const PropertyText text;
    void see(const TransferOpened& event, const Ledger& ledger, Findings& findings);
    void see(const TransferDone& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger&, Findings& findings) {
        if (!open_.empty() && !event.taken.empty()) look_at_taken(event, findings);
    }
    void see(const StepBegan& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksFreed& event, const Ledger& ledger, Findings& findings);
    void see(const OutputSettled& event, const Ledger& ledger, Findings& findings);
    void see(const StepSettled& event, const Ledger& ledger, Findings& findings);

private:
    void look_at_taken(const BlocksAsked& event, Findings& findings) const;

    struct Open {
        RankId rank{};
        RequestId request{};
        std::vector<BlockId> blocks = {};
    };
    std::vector<Open> open_ = {};

    // Of a rank: steps are settled in the order in which they began.
    struct Steps {
        std::deque<StepId> in_flight = {};
    };
    Steps& steps_of(RankId rank);
    std::vector<Steps> steps_ = {};
    std::vector<std::optional<StepId>> preempted_ = {};  // By request: the step in which it last was.
};

}  // namespace kv
