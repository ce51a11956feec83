#pragma once

#include "properties/property.h"

namespace kv {

class RowFresh {
public:
    static const PropertyText text;
    void see(const RowsDelivered& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
