#include "properties/hit_maximal.h"

#include "properties/needed.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 1> bugs{"B51"};

// Each lookup is held against all requests and blocks: beyond these a run would take longer than it is worth.
constexpr std::int64_t requests_looked_at_max = 4096;
constexpr Blocks blocks_looked_at_max{65536};

}  // namespace

const PropertyText HitMaximal::text{
    .id = PropertyId::hit_maximal,
    .statement =
        "a prefix hit is not shorter than what the pool still has of it by more than one unit of alignment and the block that drafting "
        "drops",
    .why = "prompts are computed again that lie there",
    .not_checked =
        "groups of states, whose past only engines that keep it can hit, blocks that the engine said it would not keep, and runs of more "
        "than 4,096 requests or pools of more than 65,536 blocks",
    .bugs = bugs};

void HitMaximal::see(const PlanMade& event, const Ledger&, Findings&) {
    unit_ = 1;
    for (const GroupFacts& group : event.groups) unit_ = checked_lcm(unit_, group.block.value);
    if (event.scheduler_block) unit_ = std::max(unit_, event.scheduler_block->value);
}

// Only where one kind of group keeps everything: what is there of it is what can be hit.
void HitMaximal::see(const CacheHitFound& event, const Ledger& ledger, Findings& findings) {
    if (unit_ == 0 || !ledger.prefix_caching()) return;
    if (std::ssize(ledger.requests()) > requests_looked_at_max || ledger.rank(event.rank).blocks > blocks_looked_at_max) return;
    const bool full_only = std::ranges::all_of(ledger.groups(), [](const GroupFacts& group) {
        return (group.family == GroupFamily::full || group.family == GroupFamily::latent) && group.prefix_cacheable;
    });
    if (!full_only) return;
    const RankFacts& rank = ledger.rank(event.rank);
    const RequestFacts& reader = ledger.request(event.request);
    // How much of its text the pool has, from the start, group by group.
    std::int64_t shared_most = 0;
    for (std::size_t other = 0; other < ledger.requests().size(); ++other) {
        const RequestId id{static_cast<std::int64_t>(other)};
        if (id != event.request && ledger.requests()[other].rank == event.rank && ledger.requests()[other].computed > 0)
            shared_most = std::max(shared_most, std::min(ledger.shared_prefix(id, event.request), ledger.requests()[other].computed));
    }
    if (shared_most < unit_ && reader.computed == 0) return;
    std::int64_t truth = std::max(reader.tokens - 1, std::int64_t{0});
    for (std::size_t index = 0; index < ledger.groups().size(); ++index) {
        const auto group = static_cast<std::int64_t>(index);
        const std::int64_t tokens = ledger.column_tokens(group);
        longest_.assign(static_cast<std::size_t>(truth / tokens), 0);
        for (std::size_t block = 0; block < rank.contents.size(); ++block) {
            const BlockContent& content = rank.contents[block];
            if (content.writer < 0 || content.group != group || rank.cached[block] == 0) continue;
            const std::int64_t column = content.first / tokens;
            if (column < std::ssize(longest_) && ledger.holds(content, group, event.request, column * tokens, (column + 1) * tokens))
                longest_[static_cast<std::size_t>(column)] = 1;
        }
        const auto gap = std::ranges::find(longest_, 0);
        truth = std::min(truth, (gap - longest_.begin()) * tokens);
    }
    const std::int64_t drop = std::ranges::any_of(ledger.groups(), &GroupFacts::draft) ? unit_ : 0;
    truth = truth / unit_ * unit_;
    if (event.length.value + unit_ + drop >= truth) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .request = event.request,
                  .truth = truth,
                  .hit = event.length.value,
                  .message = fmt::format("a hit of {} tokens where the pool still has {}", event.length.value, truth)});
}

}  // namespace kv
