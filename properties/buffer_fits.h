#pragma once

#include "properties/property.h"

namespace kv {

class BufferFits {
public:
    static const PropertyText text;
    void see(const BufferMade& event, const Ledger& ledger, Findings& findings);
    void see(const RequestArrived& event, const Ledger& ledger, Findings& findings);
    void see(const RowsOffered& event, const Ledger& ledger, Findings& findings) {
        const RankFacts& rank = ledger.rank(event.rank);
        if (rank.step_ranks > 0 && rank.step_rows && event.rows > *rank.step_rows) tell_offer(event, rank, findings);
    }
    void see(const BatchSized& event, const Ledger& ledger, Findings& findings) {
        const std::optional<std::int64_t>& rows = ledger.rank(event.rank).step_rows;
        if (rows && event.rows > *rows) tell_overflow(event, *rows, findings);
    }

private:
    static void tell_offer(const RowsOffered& event, const RankFacts& rank, Findings& findings);
    static void tell_overflow(const BatchSized& event, std::int64_t rows, Findings& findings);
};

}  // namespace kv
