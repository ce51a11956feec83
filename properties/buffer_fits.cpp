#include "properties/buffer_fits.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 5> bugs{"B01", "B09", "B10", "B34", "B36"};

}  // namespace

const PropertyText BufferFits::text{
    .id = PropertyId::buffer_fits,
    .statement = "a buffer has a row for everything that can come: each slot of the pool's blocks, and each row of the largest batch",
    .why = "the first block past the end is only a question of time",
    .not_checked = "buffers of other engines' kernels that no event names",
    .bugs = bugs};

void BufferFits::see(const BufferMade& event, const Ledger& ledger, Findings& findings) {
    if (event.buffer != BufferKind::side && event.buffer != BufferKind::side_reader && event.buffer != BufferKind::draft) return;
    const std::string_view what = event.buffer == BufferKind::side    ? "side buffer"
                                  : event.buffer == BufferKind::draft ? "drafter's pool"
                                                                      : "side buffer of the reader";
    const std::int64_t needed = checked_mul(ledger.rank(event.rank).blocks.value, event.rows_per_block);
    if (event.rows.value >= needed) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .group = event.group,
                  .rows = event.rows.value,
                  .needed = needed,
                  .message = fmt::format("the {} has {} rows, and the pool's {} blocks of {} slots reach {}", what, event.rows.value,
                                         ledger.rank(event.rank).blocks.value, event.rows_per_block, needed)});
}

// A buffer that takes the rows of all ranks has to hold what all are offered together.
void BufferFits::tell_offer(const RowsOffered& event, const RankFacts& rank, Findings& findings) {
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = *rank.step_rows,
                  .needed = event.rows,
                  .message = fmt::format("the routers of {} ranks are given {} rows together, and the step buffer has {}", rank.step_ranks,
                                         event.rows, *rank.step_rows)});
}

void BufferFits::tell_overflow(const BatchSized& event, std::int64_t rows, Findings& findings) {
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = rows,
                  .needed = event.rows,
                  .message = fmt::format("a batch of {} rows, padding included, and a step buffer of {}", event.rows, rows)});
}

// Cross-attention's tables name the blocks of the encoder's tokens.
void BufferFits::see(const RequestArrived& event, const Ledger& ledger, Findings& findings) {
    if (event.encoder.value == 0) return;
    const RankFacts& rank = ledger.rank(event.rank);
    for (std::size_t index = 0; index < std::min(ledger.groups().size(), rank.tables.size()); ++index) {
        const std::int64_t positions = rank.tables[index].positions;
        if (ledger.groups()[index].family != GroupFamily::cross || event.encoder.value <= positions) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .group = static_cast<std::int64_t>(index),
                      .request = event.request,
                      .rows = positions,
                      .needed = event.encoder.value,
                      .message = fmt::format("an encoder's input of {} tokens, and a block table for {}", event.encoder.value, positions)});
    }
}

}  // namespace kv
