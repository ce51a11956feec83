#pragma once

#include "properties/property.h"

namespace kv {

class ShardPartition {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
        if (ledger.context_ranks() > 1) count_owners(event, ledger, findings);
    }
    void see(const RowsFormed& event, const Ledger& ledger, Findings& findings);

private:
    void count_owners(const SlotsMapped& event, const Ledger& ledger, Findings& findings);

    std::vector<std::vector<std::int32_t>> owners_ = {};  // Of each group, of each token of a step.
};

}  // namespace kv
