#pragma once

#include "properties/property.h"

namespace kv {

class LiveRead {
public:
    static const PropertyText text;
    void see(const TransferOpened& event, const Ledger& ledger, Findings& findings);
    void see(const TransferDone& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger&, Findings& findings) {
        if (!open_.empty() && !event.taken.empty()) look_at_taken(event, findings);
    }

private:
    void look_at_taken(const BlocksAsked& event, Findings& findings) const;

    struct Open {
        RankId rank{};
        RequestId request{};
        std::vector<BlockId> blocks = {};
    };
    std::vector<Open> open_ = {};
};

}  // namespace kv
