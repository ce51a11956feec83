#pragma once

#include "properties/property.h"

namespace kv {

class HitComplete {
public:
    static const PropertyText text;
    void see(const CacheHitFound& event, const Ledger& ledger, Findings& findings);
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings);

private:
    void judge(const Ledger& ledger, Findings& findings) const;

    // The last lookup: it is judged when the request is admitted with it.
    RankId rank_{};
    std::optional<RequestId> request_ = {};
    std::int64_t length_ = 0;
    std::int64_t computed_ = 0;  // Of the request, before it goes on from the hit.
    std::vector<std::vector<BlockId>> blocks_ = {};
};

}  // namespace kv
