#pragma once

#include "properties/property.h"

namespace kv {

class PadInert {
public:
    static const PropertyText text;
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings);
    void see(const KvWritten& event, const Ledger& ledger, Findings& findings);
    void see(const StatesWritten& event, const Ledger& ledger, Findings& findings);
    void see(const RowsStored& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
