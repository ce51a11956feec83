#pragma once

#include "properties/property.h"

namespace kv {

class BufferFits {
public:
    static const PropertyText text;
    void see(const BufferMade& event, const Ledger& ledger, Findings& findings);
    void see(const RowsOffered& event, const Ledger& ledger, Findings& findings);
    void see(const BatchSized& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
