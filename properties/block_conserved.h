#pragma once

#include "properties/property.h"

namespace kv {

class BlockConserved {
public:
    static const PropertyText text;
    void see(const StepScheduled& event, const Ledger& ledger, Findings& findings) {
        const RankFacts& rank = ledger.rank(event.rank);
        if (rank.free.value != rank.free_at_first.value - rank.held_blocks) tell_leak(event, rank, findings);
    }
    void see(const EncoderRoomChanged& event, const Ledger& ledger, Findings& findings);
    void see(const CacheReset& event, const Ledger& ledger, Findings& findings);

private:
    static void tell_leak(const StepScheduled& event, const RankFacts& rank, Findings& findings);
};

}  // namespace kv
