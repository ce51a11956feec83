#pragma once

#include "properties/property.h"

namespace kv {

class AdmitAgrees {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const PlanRefused& event, const Ledger& ledger, Findings& findings);
    void see(const LengthConstructed& event, const Ledger& ledger, Findings& findings);
    void see(const StepBegan& event, const Ledger& ledger, Findings& findings);
    void see(const CacheHitFound& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
        if (!event.granted) look_at_refused(event, ledger, findings);
        else if (event.changes && counts_states_) look_at_states(event, ledger, findings);
    }
    void see(const StepScheduled& event, const Ledger&, Findings& findings) {
        if (scheduling_ == event.rank) scheduling_.reset();
        if (refused_) look_behind(event, findings);
    }
    void see(const EngineFault& event, const Ledger& ledger, Findings& findings);
    void see(const RunEnded& event, const Ledger& ledger, Findings& findings);

private:
    void look_at_refused(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
    static void look_at_states(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
    static void look_behind(const StepScheduled& event, Findings& findings);
    bool waits_for_state(const BlocksAsked& event, const Ledger& ledger) const;

    bool counts_states_ = false;             // A group has states of no position.
    std::optional<Tokens> asked_ = {};       // The longest request, of a plan that was refused.
    std::optional<RankId> scheduling_ = {};  // Whose step is being scheduled.
    std::optional<RequestId> refused_ = {};  // In that step, though nothing holds a block.
    std::optional<RequestId> looked_up_ = {};
    std::vector<BlockId> last_of_hit_ = {};  // Of what was found for it, in each group.
};

}  // namespace kv
