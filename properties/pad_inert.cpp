#include "properties/pad_inert.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 3> bugs{"B40", "B42", "B48"};

std::int64_t pads_of(std::span<const std::int64_t> slots) { return std::ranges::count(slots, -1); }

}  // namespace

const PropertyText PadInert::text{
    .id = PropertyId::pad_inert,
    .statement = "what stands for nobody, a slot of -1, the null block, padding, writes nothing and is not read",
    .why = "padding overwrites a token that somebody will read",
    .not_checked = "what a kernel loads for masked rows and throws away",
    .bugs = bugs};

// A token that is somebody's has a slot of its own.
void PadInert::look_at_tokens(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
    const GroupFacts* facts = ledger.group(event.group);
    // Cross-attention's blocks are the encoder's tokens', which no position of the request is.
    if (facts == nullptr || facts->family == GroupFamily::states || facts->family == GroupFamily::cross ||
        (facts->sharded && ledger.context_ranks() > 1))
        return;
    const RankFacts& rank = ledger.rank(event.rank);
    const std::int64_t null_slots = rank.null_blocks * facts->block.value;
    std::size_t at = 0;
    for (std::size_t row = 0; row < std::min(event.runs.size(), event.requests.size()); ++row) {
        const PositionRun& run = event.runs[row];
        std::int64_t nobody = 0, first = 0;
        for (std::int64_t i = 0; i < run.count && at < event.slots.size(); ++i, ++at)
            if (event.slots[at] < null_slots && nobody++ == 0) first = i;
        if (nobody == 0) continue;
        const std::int64_t slot = event.slots[at - static_cast<std::size_t>(run.count - first)];
        findings.add(
            {.property = text.id,
             .rank = event.rank,
             .step = event.step,
             .group = event.group,
             .request = event.requests[row],
             .slot = slot,
             .rows = nobody,
             .message = fmt::format("{} tokens from position {} on go to slot {}, which is nobody's", nobody, run.first + first, slot)});
    }
}

void PadInert::look_at_written(const KvWritten& event, const Ledger& ledger, Findings& findings) {
    const std::int64_t pads = pads_of(event.slots);
    if (pads == 0) return;
    const GroupFacts* facts = ledger.group(event.group);
    const std::int64_t block = facts == nullptr ? 1 : facts->block.value;
    const RankFacts& rank = ledger.rank(event.rank);
    const auto id = static_cast<std::size_t>(*event.pad_slot / block);
    const std::string owner = id < rank.holders.size() && rank.holders[id] > 0 ? "of a block that is in use" : "of a free block";
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .group = event.group,
                  .slot = *event.pad_slot,
                  .rows = pads,
                  .message = fmt::format("{} padded rows are written to slot {}, {}", pads, *event.pad_slot, owner)});
}

void PadInert::see(const StatesWritten& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    if (event.padded > 0)
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .group = event.group,
                      .rows = event.padded,
                      .message = fmt::format("{} rows of nobody leave their states in the null block", event.padded)});
    for (const StateWrite& write : event.writes) {
        if (static_cast<std::int64_t>(write.block) >= rank.null_blocks) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .group = event.group,
                      .request = write.request,
                      .blocks = 1,
                      .message = fmt::format("the state of {} tokens is written to the null block", write.position)});
    }
}

void PadInert::look_at_stored(const RowsStored& event, const Ledger&, Findings& findings) {
    if (!event.by_slot) return;
    const std::int64_t pads = pads_of(event.slots);
    if (pads == 0) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .group = event.group,
                  .slot = *event.pad_slot,
                  .rows = pads,
                  .message = fmt::format("{} rows of nobody are stored at slot {} of the side buffer", pads, *event.pad_slot)});
}

}  // namespace kv
