#include "properties/map_agrees.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 10> bugs{"B02", "B03", "B41", "B42", "B43", "B44", "B45", "B47", "R03", "R09"};

// Whether slots are those of a run's positions in the blocks that are held; of what nobody holds nothing is said.
bool agree(const PositionRun& run, std::span<const std::int64_t> slots, std::span<const BlockId> held, const Divisor& column_of) {
    const std::int64_t block = column_of.value();
    std::int64_t column = column_of.quotient(run.first), offset = run.first - column * block;
    for (std::size_t i = 0; i < slots.size() && column < std::ssize(held); ++column, offset = 0) {
        const std::int64_t truth = static_cast<std::int64_t>(held[static_cast<std::size_t>(column)]) * block;
        for (; offset < block && i < slots.size(); ++offset, ++i)
            if (slots[i] != truth + offset) return false;
    }
    return true;
}

struct Differs {
    std::int64_t tokens = 0;
    std::int64_t position = 0, slot = 0, truth = 0;
    void count(std::int64_t at, std::int64_t found, std::int64_t right) {
        if (tokens++ > 0) return;
        position = at;
        slot = found;
        truth = right;
    }
};

// A column's tokens as ranks that share them take turns.
struct Turns {
    std::int64_t ranks = 1, rank = 0, tokens = 1;

    // Of the token at `offset` of a column whose block begins at slot `first`; -1: it is another rank's.
    std::int64_t slot(std::int64_t first, std::int64_t offset) const {
        const std::int64_t turn = offset / tokens;
        return turn % ranks == rank ? first + turn / ranks * tokens + offset % tokens : -1;
    }
};

}  // namespace

const PropertyText MapAgrees::text{
    .id = PropertyId::map_agrees,
    .statement =
        "worker, reader and scheduler agree on the slot of every token: the block that the request holds there, and the offset in it",
    .why = "keys and values, or rows, of one token are written and read at two places",
    .not_checked = "slots of prefill context-parallel ranks (see shard-partition), and tokens whose block nobody holds",
    .bugs = bugs};

// Who follows the cache's events takes each for a block of so many tokens.
void MapAgrees::see(const PlanMade& event, const Ledger&, Findings& findings) {
    if (!event.router_block || !event.hash_block || !event.prefix_caching || *event.router_block == *event.hash_block) return;
    findings.add({.property = text.id,
                  .value = event.router_block->value,
                  .limit = event.hash_block->value,
                  .message = fmt::format("a router takes the blocks of cache events for {} tokens, and they have {}",
                                         event.router_block->value, event.hash_block->value)});
}

// Each token's slot against the blocks that its request holds.
void MapAgrees::see(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
    const GroupFacts* facts = ledger.group(event.group);
    if (facts == nullptr || facts->family == GroupFamily::states) return;
    const bool dealt = facts->sharded && ledger.context_ranks() > 1;
    if (dealt ? !ledger.interleave() : event.context_rank != 0) return;
    const Divisor& column_of = ledger.column_of(event.group);
    const std::int64_t block = facts->block.value;
    const Turns turns{.ranks = ledger.context_ranks(), .rank = event.context_rank, .tokens = dealt ? ledger.interleave()->value : block};
    std::size_t at = 0;
    for (std::size_t row = 0; row < std::min(event.runs.size(), event.requests.size()); ++row) {
        const PositionRun& run = event.runs[row];
        const std::span<const BlockId> held = ledger.held(event.requests[row], event.group);
        const std::size_t count = std::min(static_cast<std::size_t>(run.count), event.slots.size() - at);
        if (column_of.value() == block && agree(run, event.slots.subspan(at, count), held, column_of)) {  // Nearly always.
            at += count;
            continue;
        }
        Differs differs;
        for (std::int64_t i = 0; i < run.count && at < event.slots.size(); ++i, ++at) {
            const std::int64_t position = run.first + i, column = column_of.quotient(position);
            if (column >= std::ssize(held)) continue;
            const std::int64_t first = static_cast<std::int64_t>(held[static_cast<std::size_t>(column)]) * block;
            const std::int64_t truth = dealt ? turns.slot(first, position - column * column_of.value()) : first + position - column * block;
            if (event.slots[at] != truth) differs.count(position, event.slots[at], truth);
        }
        if (differs.tokens == 0) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .group = event.group,
                      .request = event.requests[row],
                      .slot = differs.slot,
                      .rows = differs.tokens,
                      .message = fmt::format("the worker has position {} at slot {}, the scheduler at {}", differs.position, differs.slot,
                                             differs.truth)});
    }
}

// Where the rows of a step's tokens are stored, against the slots that the tokens have in the group by which they will be read.
void MapAgrees::see(const RowsStored& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    const GroupFacts* facts = ledger.group(rank.side_group);
    if (!event.by_slot || !rank.side_rows || facts == nullptr || ledger.context_ranks() > 1) return;
    const Divisor& column_of = ledger.column_of(rank.side_group);
    std::int64_t at = 0;
    for (const BatchedTokens& part : rank.batch) {
        const std::span<const BlockId> held = ledger.held(part.request, rank.side_group);
        const std::int64_t end = std::min<std::int64_t>(part.end, std::ssize(event.slots));
        Differs differs;
        for (std::int64_t position = part.first; at < end;) {
            const std::int64_t column = column_of.quotient(position), next = (column + 1) * column_of.value();
            const std::int64_t count = std::min(end - at, next - position);
            if (column < std::ssize(held)) {
                const std::int64_t id = static_cast<std::int64_t>(held[static_cast<std::size_t>(column)]);
                const std::int64_t first = (id - column) * column_of.value();  // Slot of position 0, were it in this block.
                for (std::int64_t i = 0; i < count; ++i)
                    if (const std::int64_t slot = event.slots[static_cast<std::size_t>(at + i)]; slot != first + position + i)
                        differs.count(position + i, slot, first + position + i);
            }
            at += count;
            position += count;
        }
        if (differs.tokens == 0) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .group = rank.side_group,
                      .request = part.request,
                      .slot = differs.slot,
                      .rows = differs.tokens,
                      .message = fmt::format("the row of position {} is stored at slot {}, and will be read at {}", differs.position,
                                             differs.slot, differs.truth)});
    }
}

// The reader's slots against those where the request's tokens were at any time.
void MapAgrees::see(const RowsRead& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    const RequestFacts& request = ledger.request(event.request);
    const auto group = static_cast<std::size_t>(rank.side_group);
    if (group >= request.last_held.size() || ledger.context_ranks() > 1) return;
    const std::vector<BlockId>& blocks = request.last_held[group];
    if (ledger.group(rank.side_group) == nullptr) return;
    const std::int64_t block = ledger.column_tokens(rank.side_group);
    Differs differs;
    for (std::size_t i = 0; i < event.slots.size(); ++i) {
        const std::int64_t position = event.first + static_cast<std::int64_t>(i), column = position / block;
        if (event.slots[i] < 0 || column >= std::ssize(blocks)) continue;
        const auto id = static_cast<std::int64_t>(blocks[static_cast<std::size_t>(column)]);
        const std::int64_t truth = id < rank.null_blocks ? -1 : id * block + position % block;
        if (event.slots[i] != truth) differs.count(position, event.slots[i], truth);
    }
    if (differs.tokens == 0) return;
    Finding finding{.property = text.id,
                    .rank = event.rank,
                    .group = event.group,
                    .request = event.request,
                    .slot = differs.slot,
                    .rows = differs.tokens};
    finding.message = differs.truth < 0 ? fmt::format("the reader takes the row of position {} from slot {}, where it never was",
                                                      differs.position, differs.slot)
                                        : fmt::format("the reader takes the row of position {} from slot {}, the worker put it at {}",
                                                      differs.position, differs.slot, differs.truth);
    findings.add(std::move(finding));
}

}  // namespace kv
