#pragma once

#include "properties/property.h"

namespace kv {

class CapacityTrue {
public:
    static const PropertyText text;
    void see(const CapacityReported& event, const Ledger& ledger, Findings& findings);
    void see(const CapacityConstructed& event, const Ledger& ledger, Findings& findings);
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const PlanRefused& event, const Ledger& ledger, Findings& findings);
    void see(const LengthConstructed& event, const Ledger& ledger, Findings& findings);
    void see(const HostTierMade& event, const Ledger& ledger, Findings& findings);
    void see(const HostTierFilled& event, const Ledger& ledger, Findings& findings);

private:
    std::vector<CapacityReported> reported_ = {};
    std::optional<Tokens> length_said_ = {};  // The longest request that fits, by the engine.
    std::int64_t host_keys_ = 0;
};

}  // namespace kv
