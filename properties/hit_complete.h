#pragma once

#include "properties/property.h"

namespace kv {

class HitComplete {
public:
    static const PropertyText text;
    void see(const CacheHitFound& event, const Ledger& ledger, Findings& findings);
    // Who is refused, or told to wait, does not go on from anything.
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
        if (!event.admission || !event.granted || event.rank != rank_ || event.request != request_) return;
        judge(ledger, findings);
        request_.reset();
    }

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
