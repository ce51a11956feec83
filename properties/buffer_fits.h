#pragma once

#include "properties/property.h"

namespace kv {

class BufferFits {
public:
    static const PropertyText text;
    void see(const BufferMade& event, const Ledger& ledger, Findings& findings);
    void see(const BatchSized& event, const Ledger& ledger, Findings& findings) {
        const std::optional<std::int64_t>& rows = ledger.rank(event.rank).step_rows;
        if (rows && event.rows > *rows) tell_overflow(event, *rows, findings);
    }

private:
    static void tell_overflow(const BatchSized& event, std::int64_t rows, Findings& findings);
};

}  // namespace kv
