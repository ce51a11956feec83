#pragma once

#include "properties/property.h"

namespace kv {

class MapAgrees {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings);
    void see(const RowsStored& event, const Ledger& ledger, Findings& findings);
    void see(const RowsRead& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
