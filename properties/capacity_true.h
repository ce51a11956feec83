#pragma once

#include "properties/property.h"

namespace kv {

class CapacityTrue {
public:
    static const PropertyText text;
    void see(const CapacityReported& event, const Ledger& ledger, Findings& findings);
    void see(const CapacityConstructed& event, const Ledger& ledger, Findings& findings);

private:
    std::vector<CapacityReported> reported_ = {};
};

}  // namespace kv
