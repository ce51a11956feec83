#pragma once

#include "properties/property.h"

namespace kv {

class SlotInBounds {
public:
    static const PropertyText text;
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings);
    void see(const KvWritten& event, const Ledger& ledger, Findings& findings);
    void see(const RowsCaptured& event, const Ledger& ledger, Findings& findings);
    void see(const RowsStored& event, const Ledger& ledger, Findings& findings);
    void see(const RowsRead& event, const Ledger& ledger, Findings& findings);

private:
    struct Slots {
        RankId rank{};
        std::optional<StepId> step = {};
        std::int64_t group = 0;
        std::optional<RequestId> request = {};
        std::span<const std::int64_t> slots = {};
        std::int64_t rows = 0;   // Of the buffer that they name.
        std::int64_t block = 0;  // Slots of a block.
        std::string_view what;   // Is done there.
    };
    static void look(const Slots& slots, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
