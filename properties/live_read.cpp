#include "properties/live_read.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 2> bugs{"B55", "B56"};

}  // namespace

const PropertyText LiveRead::text{
    .id = PropertyId::live_read,
    .statement = "a block that a load has yet to write, or a step in flight to read, is not handed to another request",
    .why = "what arrives late lands in another request's tokens",
    .not_checked = "the order of kernels on a device: steps are computed in the order in which they were scheduled",
    .bugs = bugs};

void LiveRead::see(const TransferOpened& event, const Ledger& ledger, Findings&) {
    Open open{.rank = event.rank, .request = event.request};
    for (const BlockId block : event.blocks)
        if (static_cast<std::int64_t>(block) >= ledger.rank(event.rank).null_blocks) open.blocks.push_back(block);
    open_.push_back(std::move(open));
}

void LiveRead::see(const TransferDone& event, const Ledger&, Findings&) {
    std::erase_if(open_, [&](const Open& open) { return open.rank == event.rank && open.request == event.request; });
}

void LiveRead::look_at_taken(const BlocksAsked& event, Findings& findings) const {
    for (const Open& open : open_) {
        if (open.rank != event.rank || open.request == event.request) continue;
        const auto taken = std::ranges::find_first_of(event.taken, open.blocks);
        if (taken == event.taken.end()) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .request = event.request,
                      .producer = open.request,
                      .message = fmt::format("block {} is handed out while a load of request {} still writes to it",
                                             static_cast<std::int64_t>(*taken), static_cast<std::int64_t>(open.request))});
    }
}

}  // namespace kv
