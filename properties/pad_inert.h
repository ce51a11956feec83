#pragma once

#include "properties/property.h"

#include <algorithm>

namespace kv {

class PadInert {
public:
    static const PropertyText text;
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
        const GroupFacts* group = ledger.group(event.group);
        const std::int64_t null_slots = group == nullptr ? 0 : ledger.rank(event.rank).null_blocks * group->block.value;
        if (std::ranges::any_of(event.slots, [&](std::int64_t slot) { return slot < null_slots; })) look_at_tokens(event, ledger, findings);
    }
    void see(const KvWritten& event, const Ledger& ledger, Findings& findings) {
        if (event.pad_slot) look_at_written(event, ledger, findings);
    }
    void see(const StatesWritten& event, const Ledger& ledger, Findings& findings);
    void see(const RowsStored& event, const Ledger& ledger, Findings& findings) {
        if (event.pad_slot) look_at_stored(event, ledger, findings);
    }

private:
    static void look_at_tokens(const SlotsMapped& event, const Ledger& ledger, Findings& findings);
    static void look_at_written(const KvWritten& event, const Ledger& ledger, Findings& findings);
    static void look_at_stored(const RowsStored& event, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
