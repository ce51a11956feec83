#include "properties/admit_agrees.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 9> bugs{"B22", "B23", "B24", "B32", "N07", "R02", "R07", "R08", "R11"};

// Blocks that one request of model_len_max holds, as start-up counts them; none: a group does not say.
std::optional<std::int64_t> held_by_longest(std::span<const GroupFacts> groups) {
    std::int64_t held = 0;
    for (const GroupFacts& group : groups) {
        if (!group.held_max) return std::nullopt;
        held = checked_add(held, group.held_max->value);
    }
    return held;
}

}  // namespace

const PropertyText AdmitAgrees::text{
    .id = PropertyId::admit_agrees,
    .statement = "what start-up promises, admission keeps: a request that was accepted is scheduled once the pool is empty, and all finish",
    .why = "one request waits for ever, and everybody behind it",
    .not_checked = "how long a request waits while others run",
    .bugs = bugs};

void AdmitAgrees::see(const PlanMade& event, const Ledger&, Findings& findings) {
    const std::optional<std::int64_t> held = held_by_longest(event.groups);
    const std::int64_t usable = event.blocks.value - 1;
    if (!event.checked || !held || *held <= usable) return;
    findings.add({.property = text.id,
                  .needed = *held,
                  .free = usable,
                  .message = fmt::format("a request of {} tokens holds {} blocks, and the plan that was accepted has {}",
                                         event.model_len_max.value, *held, usable)});
}

void AdmitAgrees::look_at_refused(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    if (rank.held_blocks > 0 || event.reserved.value > 0) return;
    const std::optional<std::int64_t> bound = held_by_longest(ledger.groups());
    if (!bound || *bound > event.free.value) return;  // Start-up would have refused, and was not asked.
    findings.add(
        {.property = text.id,
         .rank = event.rank,
         .request = event.request,
         .needed = event.needed.value,
         .free = event.free.value,
         .message = fmt::format("a request of {} tokens is refused {} blocks by an empty pool of {}; start-up counts {} for the longest",
                                event.tokens.value, event.needed.value, event.free.value, *bound)});
}

void AdmitAgrees::see(const RunEnded& event, const Ledger& ledger, Findings& findings) {
    if (event.why != EndedWhy::stalled || event.waiting == 0) return;
    for (std::size_t index = 0; index < ledger.ranks().size(); ++index) {
        const RankFacts& rank = ledger.ranks()[index];
        const std::optional<std::int64_t> bound = held_by_longest(ledger.groups());
        if (!bound || *bound > rank.blocks.value - rank.null_blocks || rank.held_blocks == 0) continue;
        findings.add({.property = text.id,
                      .rank = RankId{static_cast<std::int32_t>(index)},
                      .free = rank.free.value,
                      .blocks = rank.held_blocks,
                      .message = fmt::format("{} requests wait for each other for ever, holding {} blocks with {} free", event.waiting,
                                             rank.held_blocks, rank.free.value)});
    }
}

}  // namespace kv
