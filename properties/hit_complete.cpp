#include "properties/hit_complete.h"

#include "properties/needed.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 5> bugs{"B49", "B50", "B52", "R04", "R05"};

// Each such hit is held against all requests: beyond so many a run would take longer than it is worth.
constexpr std::size_t requests_looked_at_max = 4096;

// Of the reader what counts is how far it was before it found the hit.
bool anybody_computed(const Ledger& ledger, RankId rank, RequestId reader, std::int64_t own, std::int64_t tokens) {
    if (own >= tokens || ledger.requests().size() > requests_looked_at_max) return true;
    for (std::size_t other = 0; other < ledger.requests().size(); ++other) {
        const RequestFacts& facts = ledger.requests()[other];
        if (static_cast<std::int64_t>(other) == static_cast<std::int64_t>(reader)) continue;
        if (!facts.known || facts.rank != rank || std::max(facts.computed, facts.reached) < tokens) continue;
        if (ledger.shared_prefix(RequestId{static_cast<std::int64_t>(other)}, reader) >= tokens) return true;
    }
    return false;
}

}  // namespace

const PropertyText HitComplete::text{
    .id = PropertyId::hit_complete,
    .statement =
        "a prefix hit is legal in every group: what the next token reads of it lies in the blocks of the hit, and a state is of its length",
    .why = "the request goes on from keys, values or a state of another length or text, and its answer is wrong",
    .not_checked =
        "tokens of drafts that were rejected after they had been written; in runs of more than 4,096 requests, hits of which a group needs "
        "nothing",
    .bugs = bugs};

void HitComplete::see(const CacheHitFound& event, const Ledger& ledger, Findings&) {
    request_.reset();
    const bool any = std::ranges::any_of(event.blocks, [](const std::vector<BlockId>& blocks) { return !blocks.empty(); });
    if (event.length.value == 0 && !any) return;
    rank_ = event.rank;
    request_ = event.request;
    length_ = event.length.value;
    computed_ = ledger.request(event.request).computed;
    blocks_.assign(event.blocks.begin(), event.blocks.end());
}

void HitComplete::judge(const Ledger& ledger, Findings& findings) const {
    const std::int64_t length = length_;
    const RankFacts& rank = ledger.rank(rank_);
    Finding finding{.property = text.id, .rank = rank_, .request = *request_, .hit = length};
    bool proven = false, wrong = false;
    const auto add = [&](std::size_t group, std::int64_t truth, std::string message) {
        finding.group = static_cast<std::int64_t>(group);
        finding.truth = truth;
        finding.message = std::move(message);
        findings.add(finding);
        wrong = true;
    };
    for (std::size_t index = 0; index < std::min(blocks_.size(), ledger.groups().size()); ++index) {
        const auto group = static_cast<std::int64_t>(index);
        const std::int64_t tokens = ledger.column_tokens(group);
        const std::vector<BlockId>& blocks = blocks_[index];
        if (std::ssize(blocks) > ceil_div(length, tokens)) {
            const auto over = std::ranges::count_if(std::span(blocks).subspan(static_cast<std::size_t>(ceil_div(length, tokens))),
                                                    [&](BlockId id) { return static_cast<std::int64_t>(id) >= rank.null_blocks; });
            if (over > 0) add(index, length, fmt::format("a hit of {} tokens comes with {} blocks more in group {}", length, over, group));
        }
        if (length == 0) continue;
        const NeededOfHit needed = needed_of_hit(ledger.groups()[index], tokens, length);
        for (std::int64_t column = needed.first / tokens; column * tokens < length && needed.first < length; ++column) {
            const std::int64_t from = std::max(needed.first, column * tokens), to = std::min(length, (column + 1) * tokens);
            const auto id = column < std::ssize(blocks) ? static_cast<std::int64_t>(blocks[static_cast<std::size_t>(column)]) : 0;
            const bool there = id >= rank.null_blocks && id < std::ssize(rank.contents);
            const BlockContent content = there ? rank.contents[static_cast<std::size_t>(id)] : BlockContent{};
            if (!there) {
                add(index, from,
                    fmt::format("a hit of {} tokens holds nothing of positions [{}, {}) in group {}", length, from, to, group));
            } else if (needed.state && !(content.state == length && ledger.holds(content, group, *request_, 0, length))) {
                add(index, std::max<std::int64_t>(content.state, 0),
                    fmt::format("a hit of {} tokens goes on from a state of {} in group {}", length, content.state, group));
            } else if (!needed.state && !ledger.holds(content, group, *request_, from, to)) {
                add(index, from,
                    fmt::format("a hit of {} tokens: block {} does not hold positions [{}, {}) of this text in group {}", length, id, from,
                                to, group));
            } else {
                proven = true;
                continue;
            }
            break;
        }
    }
    if (length == 0 || proven || wrong || ledger.groups().empty()) return;
    if (anybody_computed(ledger, rank_, *request_, computed_, length)) return;
    finding.group.reset();
    finding.truth = 0;
    finding.message = fmt::format("a hit of {} tokens that nobody has computed", length);
    findings.add(finding);
}

}  // namespace kv
