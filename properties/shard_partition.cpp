#include "properties/shard_partition.h"

#include <numeric>

namespace kv {
namespace {

constexpr std::array<std::string_view, 1> bugs{"B07"};

}  // namespace

const PropertyText ShardPartition::text{
    .id = PropertyId::shard_partition,
    .statement = "where ranks share tokens or layers, each has exactly one owner; where they do not, each rank has all",
    .why = "a token that nobody stores is attended to as noise, a layer that nobody sends is zeros",
    .not_checked = "which of the ranks owns a token",
    .bugs = bugs};

void ShardPartition::see(const PlanMade& event, const Ledger&, Findings& findings) {
    std::int64_t held = 0;
    for (const WorkerFacts& worker : event.workers) held += worker.layers;
    if (event.workers.empty() || held == event.layers) return;
    findings.add({.property = text.id,
                  .rows = held,
                  .needed = event.layers,
                  .message = fmt::format("the pipeline stages hold {} layers of {}", held, event.layers)});
}

// The context-parallel ranks tell their slots one after another, the first of them last.
void ShardPartition::count_owners(const SlotsMapped& event, const Ledger& ledger, Findings& findings) {
    const std::int64_t ranks = ledger.context_ranks();
    const GroupFacts* facts = ledger.group(event.group);
    if (facts == nullptr || facts->family == GroupFamily::states) return;
    const auto group = static_cast<std::size_t>(event.group);
    if (owners_.size() <= group) owners_.resize(group + 1);
    std::vector<std::int32_t>& owners = owners_[group];
    if (event.context_rank == ranks - 1) owners.clear();
    std::int64_t tokens = 0;
    for (const PositionRun& run : event.runs) tokens += run.count;
    owners.resize(static_cast<std::size_t>(tokens));
    for (std::size_t token = 0; token < std::min(owners.size(), event.slots.size()); ++token)
        if (event.slots[token] >= 0) ++owners[token];
    if (event.context_rank != 0) return;
    const auto wanted = static_cast<std::int32_t>(facts->sharded ? 1 : ranks);
    std::int64_t wrong = 0;
    for (const std::int32_t count : owners) wrong += count == wanted ? 0 : 1;
    if (wrong == 0) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .group = event.group,
                  .rows = wrong,
                  .needed = wanted,
                  .message = fmt::format("{} tokens of a step of {} are not stored by {} of {} context-parallel ranks", wrong, tokens,
                                         wanted, ranks)});
}

void ShardPartition::see(const RowsFormed& event, const Ledger&, Findings& findings) {
    if (event.routes_inside) return;
    for (const RowPart& part : event.layer_parts) {
        if (!part.routed || part.writer != RowWriter::nobody) continue;
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .layer = part.first_layer,
                      .rows = part.layers,
                      .message = fmt::format("nobody sends the rows of {} layers from layer {} on", part.layers, part.first_layer)});
    }
}

}  // namespace kv
