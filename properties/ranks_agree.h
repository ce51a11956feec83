#pragma once

#include "properties/property.h"

namespace kv {

class RanksAgree {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const BatchSized& event, const Ledger& ledger, Findings& findings);

private:
    static void tell_groups(const PlanMade& event, std::size_t worker, Findings& findings);
    std::optional<BatchSized> first_ = {};  // Of the step at work.
};

}  // namespace kv
