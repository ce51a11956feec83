#pragma once

#include "properties/property.h"

namespace kv {

class PageUnified {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const PlanRefused& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
