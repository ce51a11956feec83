#pragma once

#include "properties/property.h"

#include <cstdint>
#include <vector>

namespace kv {

class IdSpace {
public:
    static const PropertyText text;
    void see(const RowsFormed& event, const Ledger& ledger, Findings& findings);
    void see(const RowsOffered& event, const Ledger& ledger, Findings& findings);
    void see(const RowsCaptured& event, const Ledger& ledger, Findings& findings);

private:
    std::vector<std::int64_t> layers_ = {};  // Of each rank, as its first router said it last.
};

}  // namespace kv
