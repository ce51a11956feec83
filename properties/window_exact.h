#pragma once

#include "properties/property.h"

namespace kv {

class WindowExact {
public:
    static const PropertyText text;
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
