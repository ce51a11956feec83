#pragma once

#include "properties/property.h"

namespace kv {

class BlockConserved {
public:
    static const PropertyText text;
    void see(const StepScheduled& event, const Ledger& ledger, Findings& findings);
    void see(const EncoderRoomChanged& event, const Ledger& ledger, Findings& findings);
    void see(const CacheReset& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
