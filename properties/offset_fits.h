#pragma once

#include "properties/property.h"

namespace kv {

class OffsetFits {
public:
    static const PropertyText text;
    void see(const AddressFormed& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
