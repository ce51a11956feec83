#pragma once

#include "properties/property.h"

namespace kv {

class HitComplete {
public:
    static const PropertyText text;
    void see(const CacheHitFound& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
