#pragma once

#include "properties/property.h"

#include <algorithm>

namespace kv {

class SlotInBounds {
public:
    static const PropertyText text;
    void see(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
        if (!event.taken.empty()) look_at_taken(event, ledger, findings);
    }
    void see(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
        if (leaves_its_row(event, ledger)) look_at_columns(event, ledger, findings);
    }
    void see(const KvWritten& event, const Ledger& ledger, Findings& findings) {
        const GroupFacts* group = ledger.group(event.group);
        if (group == nullptr || group->family == GroupFamily::states) return;
        const RankFacts& rank = ledger.rank(event.rank);
        const bool of_draft = rank.draft_rows && event.group == rank.draft_group;
        if (!are_rows(event.slots, rank.blocks.value * group->block.value) || (of_draft && !are_rows(event.slots, *rank.draft_rows)))
            look_at_written(event, *group, ledger, findings);
    }
    void see(const RowsStored& event, const Ledger& ledger, Findings& findings) {
        const std::optional<std::int64_t>& rows = ledger.rank(event.rank).side_rows;
        if (event.by_slot && rows && !are_rows(event.slots, *rows)) look_at_stored(event, ledger, findings);
    }
    void see(const RowsCaptured& event, const Ledger& ledger, Findings& findings);
    void see(const RowsRead& event, const Ledger& ledger, Findings& findings);

private:
    // PAD is no row that anybody looks for.
    static bool is_row(std::int64_t slot, std::int64_t rows) { return -1 <= slot && slot < rows; }
    static bool are_rows(std::span<const std::int64_t> slots, std::int64_t rows) {
        return std::ranges::all_of(slots, [&](std::int64_t slot) { return is_row(slot, rows); });
    }
    static bool leaves_its_row(const SlotsMapped& event, const Ledger& ledger) {
        const std::vector<RankFacts::Table>& tables = ledger.rank(event.rank).tables;
        const auto group = static_cast<std::size_t>(event.group);
        if (group >= tables.size()) return false;
        for (const PositionRun& run : event.runs)
            if (run.first + run.count > tables[group].positions) return true;
        return false;
    }
    static void look_at_taken(const BlocksAsked& event, const Ledger& ledger, Findings& findings);
    static void look_at_columns(const SlotsMapped& event, const Ledger& ledger, Findings& findings);

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
    static void look_at_written(const KvWritten& event, const GroupFacts& group, const Ledger& ledger, Findings& findings);
    static void look_at_stored(const RowsStored& event, const Ledger& ledger, Findings& findings);
    static void look(const Slots& slots, const Ledger& ledger, Findings& findings);
};

}  // namespace kv
