#include "properties/slot_in_bounds.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 8> bugs{"B01", "B02", "B09", "B10", "B14", "B36", "B41", "R09"};

}  // namespace

const PropertyText SlotInBounds::text{
    .id = PropertyId::slot_in_bounds,
    .statement =
        "every slot is a row of the buffer that it indexes, every column one of its block table's row, every block one of the pool",
    .why = "the engine's core dies of an IndexError, or a kernel reads and writes memory of others",
    .not_checked = "addresses inside kernels (see offset-fits), and what a slot within bounds holds (see row-fresh)",
    .bugs = bugs};

void SlotInBounds::look_at_taken(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
    const std::int64_t blocks = ledger.rank(event.rank).blocks.value;
    const auto outside = std::ranges::find_if(
        event.taken, [&](BlockId block) { return static_cast<std::int64_t>(block) < 0 || static_cast<std::int64_t>(block) >= blocks; });
    if (outside == event.taken.end()) return;
    const auto id = static_cast<std::int64_t>(*outside);
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .request = event.request,
                  .blocks = id,
                  .message = fmt::format("block {} is handed out of a pool of {}", id, blocks)});
}

void SlotInBounds::look_at_columns(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    const auto group = static_cast<std::size_t>(event.group);
    if (group >= rank.tables.size() || rank.tables[group].columns == 0) return;
    const RankFacts::Table& table = rank.tables[group];
    const GroupFacts* facts = ledger.group(event.group);
    if (facts != nullptr && facts->family == GroupFamily::states) return;  // Kernels take a column that the position does not say.
    for (std::size_t row = 0; row < event.runs.size(); ++row) {
        const std::int64_t last = event.runs[row].first + event.runs[row].count - 1;
        if (last < table.positions) continue;
        const std::int64_t column = last / (table.positions / std::max<std::int64_t>(table.columns, 1));
        Finding finding{
            .property = text.id, .rank = event.rank, .step = event.step, .group = event.group, .value = column, .limit = table.columns};
        if (row < event.requests.size()) finding.request = event.requests[row];
        finding.message = fmt::format("position {} is in column {} of a block table of {} columns", last, column, table.columns);
        findings.add(std::move(finding));
    }
}

// The first slot that is no row of the buffer, and whose token it is of.
void SlotInBounds::look(const Slots& slots, const Ledger& ledger, Findings& findings) {
    const auto outside = std::ranges::find_if_not(slots.slots, [&](std::int64_t slot) { return is_row(slot, slots.rows); });
    if (outside == slots.slots.end()) return;
    const std::int64_t slot = *outside;
    Finding finding{.property = text.id,
                    .rank = slots.rank,
                    .step = slots.step,
                    .group = slots.group,
                    .request = slots.request,
                    .slot = slot,
                    .rows = slots.rows};
    if (!finding.request) finding.request = ledger.request_of_token(slots.rank, outside - slots.slots.begin());
    finding.message = slots.block > 0 ? fmt::format("{} at slot {} (block {}, offset {}) of {} rows", slots.what, slot, slot / slots.block,
                                                    slot % slots.block, slots.rows)
                                      : fmt::format("{} at slot {} of {} rows", slots.what, slot, slots.rows);
    findings.add(std::move(finding));
}

void SlotInBounds::look_at_written(const KvWritten& event, const GroupFacts& group, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    look({.rank = event.rank,
          .step = event.step,
          .group = event.group,
          .slots = event.slots,
          .rows = rank.blocks.value * group.block.value,
          .block = group.block.value,
          .what = "keys and values are written"},
         ledger, findings);
    if (!rank.draft_rows || event.group != rank.draft_group) return;
    look({.rank = event.rank,
          .step = event.step,
          .group = event.group,
          .slots = event.slots,
          .rows = *rank.draft_rows,
          .block = group.block.value,
          .what = "the drafter's keys and values are written"},
         ledger, findings);
}

// A graph's kernel, and one that writes rows too far apart, go on where the buffer ends.
void SlotInBounds::see(const RowsCaptured& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    if (event.outcome != CaptureOutcome::copied || event.count <= 0 || !rank.step_rows) return;
    std::int64_t last = checked_add(event.buffer_first, event.count - 1);
    if (rank.row_stride > rank.row_ids) last = checked_add(checked_mul(last, rank.row_stride), rank.row_ids - 1) / rank.row_ids;
    if (last < *rank.step_rows) return;
    findings.add(
        {.property = text.id,
         .rank = event.rank,
         .step = event.step,
         .slot = std::max(event.buffer_first, *rank.step_rows),
         .rows = *rank.step_rows,
         .message = fmt::format("captured rows [{}, {}) of a step buffer of {} rows", event.buffer_first, last + 1, *rank.step_rows)});
}

void SlotInBounds::look_at_stored(const RowsStored& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    look({.rank = event.rank,
          .step = event.step,
          .group = event.group,
          .slots = event.slots,
          .rows = *rank.side_rows,
          .block = rank.side_block,
          .what = "rows are stored"},
         ledger, findings);
}

void SlotInBounds::see(const RowsRead& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    if (!rank.reader_rows || are_rows(event.slots, *rank.reader_rows)) return;
    look({.rank = event.rank,
          .group = event.group,
          .request = event.request,
          .slots = event.slots,
          .rows = *rank.reader_rows,
          .block = rank.side_block,
          .what = "rows are read"},
         ledger, findings);
}

}  // namespace kv
