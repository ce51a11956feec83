#include "properties/block_conserved.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 2> bugs{"B35", "R06"};

}  // namespace

const PropertyText BlockConserved::text{
    .id = PropertyId::block_conserved,
    .statement = "every block is free or held by somebody, and the engine's count of free ones is right; so is that of the encoders' room",
    .why = "the pool leaks until nothing can be admitted, or hands a block to two",
    .not_checked = "pools of other tiers, and the order of the free list",
    .bugs = bugs};

// Between two steps nothing is held on the way.
void BlockConserved::tell_leak(const StepScheduled& event, const RankFacts& rank, Findings& findings) {
    const std::int64_t free = rank.free_at_first.value - rank.held_blocks;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .free = rank.free.value,
                  .blocks = rank.free.value - free,
                  .message = fmt::format("{} blocks are held and {} are said to be free of {}", rank.held_blocks, rank.free.value,
                                         rank.free_at_first.value)});
}

void BlockConserved::see(const CacheReset& event, const Ledger& ledger, Findings& findings) {
    const RankFacts& rank = ledger.rank(event.rank);
    if (event.done || rank.held_blocks > 0) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .free = event.free.value,
                  .blocks = rank.blocks.value - rank.null_blocks - event.free.value,
                  .message = fmt::format("the prefix cache cannot be reset although no request holds a block: {} of {} are said to be free",
                                         event.free.value, rank.blocks.value)});
}

void BlockConserved::see(const EncoderRoomChanged& event, const Ledger& ledger, Findings& findings) {
    const std::int64_t held = ledger.rank(event.rank).encoder_room;
    if (event.free.value == event.room.value - held) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .request = event.request,
                  .free = event.free.value,
                  .blocks = event.free.value - (event.room.value - held),
                  .message = fmt::format("{} tokens of encoders' outputs have room, and {} are said to be free of {}", held,
                                         event.free.value, event.room.value)});
}

}  // namespace kv
