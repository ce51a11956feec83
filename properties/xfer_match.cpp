#include "properties/xfer_match.h"

#include "properties/needed.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 1> bugs{"B58"};

}  // namespace

const PropertyText XferMatch::text{
    .id = PropertyId::xfer_match,
    .statement = "both sides of a transfer name the same tokens, and each block of them that will be read is written",
    .why = "tokens land in another's blocks, or a request goes on from blocks that nobody filled",
    .not_checked = "what the other side has in its blocks",
    .bugs = bugs};

void XferMatch::see(const TransferOpened& event, const Ledger& ledger, Findings& findings) {
    const GroupFacts* group = ledger.group(event.group);
    if (group == nullptr || group->family == GroupFamily::encoder_only || group->family == GroupFamily::cross) return;
    const std::int64_t end = event.first + event.tokens.value;
    const std::int64_t source = event.source_block.value;
    Finding finding{.property = text.id, .rank = event.rank, .group = event.group, .request = event.request};
    const std::int64_t sent = ceil_div(end, source) - event.first / source;
    if (event.source_blocks != sent) {
        finding.blocks = event.source_blocks;
        finding.message =
            fmt::format("{} blocks of {} come for positions [{}, {}), which are {}", event.source_blocks, source, event.first, end, sent);
        findings.add(finding);
    }
    const std::int64_t tokens = ledger.column_tokens(event.group);
    if (event.by_position && source != tokens) {
        finding.blocks = std::ssize(event.blocks);
        finding.message = fmt::format("{} blocks of {} tokens are filled each from one of {}", std::ssize(event.blocks), tokens, source);
        findings.add(finding);
    }
    const NeededOfHit needed = needed_of_hit(*group, tokens, end);
    const std::int64_t null_blocks = ledger.rank(event.rank).null_blocks;
    std::int64_t missing = 0;
    for (std::int64_t column = std::max(event.first, needed.first) / tokens; column * tokens < end; ++column) {
        const std::int64_t at = column - event.column;
        const bool there = 0 <= at && at < std::ssize(event.blocks) &&
                           static_cast<std::int64_t>(event.blocks[static_cast<std::size_t>(at)]) >= null_blocks;
        missing += there ? 0 : 1;
    }
    if (missing == 0) return;
    finding.blocks = missing;
    finding.message =
        fmt::format("{} blocks of positions [{}, {}) have no place to go to", missing, std::max(event.first, needed.first), end);
    findings.add(finding);
}

}  // namespace kv
