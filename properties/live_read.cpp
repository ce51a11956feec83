#include "properties/live_read.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 1> bugs{"B56"};

}  // namespace

const PropertyText LiveRead::text{
    .id = PropertyId::live_read,
    .statement =
        "a block that a load has yet to write, or a step in flight to read, is not handed to another request, and what a step puts out of "
        "a "
        "request that was preempted since changes nothing that it computed anew",
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

LiveRead::Steps& LiveRead::steps_of(RankId rank) {
    const auto place = static_cast<std::size_t>(rank);
    if (steps_.size() <= place) steps_.resize(place + 1);
    return steps_[place];
}

void LiveRead::see(const StepBegan& event, const Ledger&, Findings&) { steps_of(event.rank).in_flight.push_back(event.step); }

void LiveRead::see(const StepSettled& event, const Ledger&, Findings&) {
    std::deque<StepId>& steps = steps_of(event.rank).in_flight;
    while (!steps.empty() && steps.front() <= event.step) steps.pop_front();
}

void LiveRead::see(const BlocksFreed& event, const Ledger&, Findings&) {
    const auto request = static_cast<std::size_t>(event.request);
    const std::deque<StepId>& steps = steps_of(event.rank).in_flight;
    if (event.why != FreedWhy::preempted || steps.empty()) return;
    if (preempted_.size() <= request) preempted_.resize(request + 1);
    preempted_[request] = steps.back();
}

// The step that is settled is the oldest: if the request was preempted in a later one, what it computed since is not this step's.
void LiveRead::see(const OutputSettled& event, const Ledger&, Findings& findings) {
    const auto request = static_cast<std::size_t>(event.request);
    const std::deque<StepId>& steps = steps_of(event.rank).in_flight;
    if (event.taken_back.value_or(0) <= 0 || steps.empty() || request >= preempted_.size() || !preempted_[request]) return;
    if (*preempted_[request] <= steps.front()) return;
    findings.add(
        {.property = text.id,
         .rank = event.rank,
         .step = steps.front(),
         .request = event.request,
         .rows = *event.taken_back,
         .message = fmt::format("{} rejected drafts of a step before request {} was preempted are taken back from what it computed "
                                "since",
                                *event.taken_back, static_cast<std::int64_t>(event.request))});
}

}  // namespace kv
