#pragma once

#include "properties/property.h"

namespace kv {

class LiveRead {
public:
    static const PropertyText text;
    void see(const TransferOpened& event, const Ledger& ledger, Findings& findings);
    void see(const TransferDone& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings);

private:
    struct Open {
        RankId rank{};
        RequestId request{};
        std::vector<BlockId> blocks = {};
    };
    std::vector<Open> open_ = {};
};

}  // namespace kv
