#pragma once

#include "properties/property.h"

namespace kv {

class AdmitAgrees {
public:
    static const PropertyText text;
    void see(const PlanMade& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
        if (!event.granted) look_at_refused(event, ledger, findings);
    }
    void see(const RunEnded& event, const Ledger& ledger, Findings& findings);

private:
    static void look_at_refused(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
