#pragma once

#include "properties/property.h"

namespace kv {

class XferMatch {
public:
    static const PropertyText text;
    void see(const TransferOpened& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
