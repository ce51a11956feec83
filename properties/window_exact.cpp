#include "properties/window_exact.h"

#include "properties/needed.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 0> bugs{};

}  // namespace

const PropertyText WindowExact::text{
    .id = PropertyId::window_exact,
    .statement = "a block of a bounded group is released when no token in it can be read again, and not later",
    .why = "a token that is still read is overwritten, or the pool holds less than it could",
    .not_checked = "states, whose blocks the engines keep by rules of their own, and requests whose blocks were refused",
    .bugs = bugs};

// Tokens in flight may come back as rejected drafts: the next token may stand as early as behind the settled ones.
void WindowExact::see(const BlocksAsked& event, const Ledger& ledger, Findings& findings) {
    if (!event.changes || !event.granted) return;
    const std::int64_t before = event.admission ? event.hit.value + event.external.value : 0;
    const std::int64_t settled = std::max(event.computed.value + before - event.in_flight.value, ledger.request(event.request).begun_at);
    const std::int64_t null_blocks = ledger.rank(event.rank).null_blocks;
    for (std::size_t index = 0; index < std::min(event.held.size(), ledger.groups().size()); ++index) {
        const GroupFacts& group = ledger.groups()[index];
        if (group.window.value == 0 && group.chunk.value == 0) continue;
        const std::int64_t tokens = ledger.column_tokens(static_cast<std::int64_t>(index));
        const std::int64_t first = first_read(group, std::max<std::int64_t>(settled, 0));
        const std::vector<BlockId>& held = event.held[index].blocks;
        const auto is_held = [&](std::int64_t column) {
            return column < std::ssize(held) && static_cast<std::int64_t>(held[static_cast<std::size_t>(column)]) >= null_blocks;
        };
        std::int64_t early = 0, late = 0;
        for (std::int64_t column = first / tokens; column * tokens < settled && column < std::ssize(held); ++column)
            early += is_held(column) ? 0 : 1;
        for (std::int64_t column = 0; column < first / tokens && column < std::ssize(held); ++column) late += is_held(column) ? 1 : 0;
        const auto add = [&](ReleaseTime released, std::int64_t blocks, std::string message) {
            findings.add({.property = text.id,
                          .rank = event.rank,
                          .group = static_cast<std::int64_t>(index),
                          .request = event.request,
                          .blocks = blocks,
                          .released = released,
                          .message = std::move(message)});
        };
        if (early > 0)
            add(ReleaseTime::early, early,
                fmt::format("{} blocks with positions from {} on are gone, and {} tokens have settled", early, first, settled));
        if (late > 0)
            add(ReleaseTime::late, late,
                fmt::format("{} blocks of positions before {} are held, and {} tokens have settled", late, first, settled));
    }
}

}  // namespace kv
