#pragma once

#include "properties/property.h"

namespace kv {

class HitMaximal {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const CacheHitFound& event, const Ledger& ledger, Findings& findings);

private:
    std::int64_t unit_ = 0;  // That hits are multiples of.
    std::vector<std::int64_t> longest_ = {};
};

}  // namespace kv
