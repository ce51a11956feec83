#include "properties/admit_agrees.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 9> bugs{"B21", "B22", "B23", "B24", "B32", "R02", "R07", "R08", "R11"};

// Blocks that one request of model_len_max holds, as start-up counts them; none: a group does not say.
std::optional<std::int64_t> held_by_longest(std::span<const GroupFacts> groups) {
    std::int64_t held = 0;
    for (const GroupFacts& group : groups) {
        if (!group.held_max) return std::nullopt;
        held = checked_add(held, group.held_max->value);
    }
    return held;
}

// Blocks that a request holds at most, with all the tokens that it has; none: a group does not say.
std::optional<std::int64_t> held_by(const BlocksAsked& event, const Ledger& ledger) {
    const Tokens reached = std::max(event.tokens, event.computed + event.hit + event.external + event.new_tokens) + event.lookahead;
    std::int64_t held = 0;
    for (std::int64_t index = 0; index < std::ssize(ledger.groups()); ++index) {
        const GroupFacts& group = ledger.groups()[static_cast<std::size_t>(index)];
        const std::int64_t tokens = ledger.column_tokens(index);
        const bool grows = group.family != GroupFamily::states || group.states == MambaMode::all;
        std::int64_t blocks = ceil_div(group.family == GroupFamily::cross ? event.encoder.value : reached.value, tokens);
        if (group.family == GroupFamily::states) blocks = checked_add(blocks, std::max<std::int64_t>(group.speculative_blocks, 0));
        const bool keeps_all =
            group.family == GroupFamily::full || group.family == GroupFamily::latent || group.family == GroupFamily::cross;
        if (!keeps_all && !group.held_max) return std::nullopt;
        if (!grows) blocks = group.held_max->value;
        else if (!keeps_all && group.states != MambaMode::all) blocks = std::min(blocks, group.held_max->value);
        held = checked_add(held, blocks);
        if (event.hit.value > 0) held = checked_add(held, 1);  // The copy of a block that the hit ends in.
    }
    return held;
}

// Of the engines' functions those that count, take or adopt blocks.
constexpr std::array<std::string_view, 7> hand_out_blocks{
    "allocate_slots", "allocate_new_computed_blocks",     "get_num_blocks_to_allocate",
    "get_new_blocks", "MambaManager.allocate_new_blocks", "_relocate_speculative_block",
    "_apply_cow"};

}  // namespace

const PropertyText AdmitAgrees::text{.id = PropertyId::admit_agrees,
                                     .statement =
                                         "what start-up promises, admission keeps: a request for which there is room is scheduled, what "
                                         "was scheduled can go on, and all finish; "
                                         "and start-up refuses no more than that",
                                     .why = "one request waits for ever, and everybody behind it",
                                     .not_checked = "how long a request waits while others run",
                                     .bugs = bugs};

void AdmitAgrees::see(const PlanMade& event, const Ledger&, Findings& findings) {
    counts_states_ = std::ranges::any_of(
        event.groups, [](const GroupFacts& group) { return group.family == GroupFamily::states && group.states == MambaMode::none; });
    const std::optional<std::int64_t> held = held_by_longest(event.groups);
    const std::int64_t usable = event.blocks.value - 1;
    if (!event.checked || !held || *held <= usable) return;
    findings.add({.property = text.id,
                  .needed = *held,
                  .free = usable,
                  .message = fmt::format("a request of {} tokens holds {} blocks, and the plan that was accepted has {}",
                                         event.model_len_max.value, *held, usable)});
}

// Start-up has refused, and memory was not what was missing.
void AdmitAgrees::see(const PlanRefused& event, const Ledger&, Findings&) { asked_ = event.asked; }

void AdmitAgrees::see(const LengthConstructed& event, const Ledger&, Findings& findings) {
    if (!asked_ || *asked_ > event.length) return;
    findings.add({.property = text.id,
                  .message = fmt::format("the engine does not start for requests of {} tokens, and the memory holds one", asked_->value)});
}

void AdmitAgrees::see(const StepBegan& event, const Ledger&, Findings&) {
    scheduling_ = event.rank;
    refused_.reset();
}

void AdmitAgrees::see(const CacheHitFound& event, const Ledger& ledger, Findings&) {
    looked_up_.reset();
    if (event.length.value == 0 || std::ranges::find(ledger.groups(), GroupFamily::states, &GroupFacts::family) == ledger.groups().end())
        return;
    looked_up_ = event.request;
    last_of_hit_.clear();
    for (const std::vector<BlockId>& blocks : event.blocks) last_of_hit_.push_back(blocks.empty() ? BlockId{0} : blocks.back());
}

// A state that a step under way will leave is there for the step after it.
bool AdmitAgrees::waits_for_state(const BlocksAsked& event, const Ledger& ledger) const {
    if (event.hit.value == 0 || looked_up_ != event.request) return false;
    const RankFacts& rank = ledger.rank(event.rank);
    for (std::size_t index = 0; index < std::min(last_of_hit_.size(), ledger.groups().size()); ++index) {
        if (ledger.groups()[index].family != GroupFamily::states) continue;
        const auto block = static_cast<std::size_t>(last_of_hit_[index]);
        if (block >= rank.contents.size() || rank.contents[block].state != event.hit.value) return true;
    }
    return false;
}

// States of no position: one block, and those of drafts, from the first token to the last.
void AdmitAgrees::look_at_states(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
    const Tokens slots = event.computed + event.hit + event.external + event.new_tokens + event.lookahead;
    for (std::size_t index = 0; index < std::min(event.held.size(), ledger.groups().size()); ++index) {
        const GroupFacts& group = ledger.groups()[index];
        if (group.family != GroupFamily::states || group.states != MambaMode::none || !group.held_max) continue;
        if (slots.value > group.block.value) continue;
        const std::vector<BlockId>& blocks = event.held[index].blocks;
        const std::int64_t held = std::ssize(blocks) - std::ranges::count(blocks, BlockId{0});
        if (held == group.held_max->value) continue;
        findings.add(
            {.property = text.id,
             .rank = event.rank,
             .group = static_cast<std::int64_t>(index),
             .needed = group.held_max->value,
             .blocks = held,
             .message = fmt::format("start-up counts {} blocks of states for a request, which is given {}", group.held_max->value, held)});
    }
}

void AdmitAgrees::look_at_refused(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
    const bool alone = ledger.rank(event.rank).held_blocks == 0;
    if (!event.admission && !alone) return;  // Another gives its blocks up for it.
    Finding finding{
        .property = text.id, .rank = event.rank, .request = event.request, .needed = event.needed.value, .free = event.free.value};
    const std::optional<std::int64_t> own = held_by(event, ledger);
    const std::optional<std::int64_t> bound = held_by_longest(ledger.groups());
    if (own && *own <= event.free.value - event.reserved.value && !waits_for_state(event, ledger)) {
        finding.blocks = *own;
        finding.message = fmt::format("a request of {} tokens is refused {} blocks with {} free; it would hold no more than {}",
                                      event.tokens.value, event.needed.value, event.free.value, *own);
    } else if (alone && event.reserved.value == 0 && bound && *bound <= event.free.value) {
        finding.message =
            fmt::format("a request of {} tokens is refused {} blocks by an empty pool of {}; start-up counts {} for the longest",
                        event.tokens.value, event.needed.value, event.free.value, *bound);
    } else {
        return;  // It waits for blocks that others hold, or start-up would have refused it, and was not asked.
    }
    findings.add(std::move(finding));
    if (alone) refused_ = event.request;
}

void AdmitAgrees::look_behind(const StepScheduled& event, Findings& findings) {
    if (!event.scheduled.empty() || event.running > 0 || event.waiting < 2) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .message = fmt::format("an empty pool refuses a request, and keeps so many waiting behind it: {}", event.waiting - 1)});
}

// A request that was admitted cannot go on.
void AdmitAgrees::see(const EngineFault& event, const Ledger&, Findings& findings) {
    if (scheduling_ != event.rank || std::ranges::find(hand_out_blocks, event.raised_in) == hand_out_blocks.end()) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .message = fmt::format("the engine raises {} while it takes blocks for a request that it has admitted: {}",
                                         name_of(event.type), event.message)});
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
