#pragma once

#include "properties/property.h"

#include <algorithm>

namespace kv {

class RowFresh {
public:
    static const PropertyText text;
    void see(const RowsDelivered& event, const Ledger& ledger, Findings& findings) {
        // A delivery is whole: what is missing is marked in it, and the last token was never computed.
        const RequestFacts& request = ledger.request(event.request);
        const std::int64_t end = event.first + std::ssize(event.wanted);
        if (request.known && (event.first != 0 || end != request.tokens - 1)) tell_gap(event, request, findings);
        if (event.columns != 1 || !std::ranges::equal(event.rows, event.wanted)) look_at_rows(event, ledger, findings);
    }

private:
    static void tell_gap(const RowsDelivered& event, const RequestFacts& request, Findings& findings);
    static void look_at_rows(const RowsDelivered& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
