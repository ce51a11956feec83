#pragma once

#include "properties/property.h"

namespace kv {

class IdSpace {
public:
    static const PropertyText text;
    void see(const RowsFormed& event, const Ledger& ledger, Findings& findings);
    void see(const RowsCaptured& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
