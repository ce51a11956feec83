// What a scheduler makes of tokens that were computed elsewhere; a part of sim/schedule/scheduler.h.
#include "model/refusal.h"
#include "sim/schedule/scheduler.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

// Mirrors KVTransferTopo.block_size_ratio and NixlConnectorWorker._read_blocks of vllm 0.18.0.
void refuse_uncounted(const TransferOpened& opened, TokensPerBlock block) {
    const std::int64_t source = opened.source_block.value;
    if (block.value % source != 0)
        refuse({.type = Raised::assertion_error,
                .raised_in = "block_size_ratio",
                .message = "a block of " + std::to_string(block.value) + " tokens here is no multiple of one of " + std::to_string(source) +
                           " there",
                .figures = {block.value, source}});
    const std::int64_t needed = ceil_div(opened.first + opened.tokens.value, source) - opened.first / source;
    if (needed > opened.source_blocks)
        refuse({.type = Raised::assertion_error,
                .raised_in = "NixlConnectorWorker._read_blocks",
                .message = std::to_string(needed) + " blocks are asked for, and " + std::to_string(opened.source_blocks) + " are there",
                .figures = {needed, opened.source_blocks}});
}

}  // namespace

// Whoever pairs tokens takes no more of them than the other side has.
ExternalTokens Scheduler::asked_outside(const LiveRequest& request, std::int64_t hit) {
    ExternalTokens external = outside_.external(request.id, hit);
    if (transfer_lists_ == TransferLists::by_tokens && external.source_end)
        external.tokens = std::max<std::int64_t>(0, std::min(external.tokens, *external.source_end - hit));
    if (external.tokens == 0) external.waits = false;
    return external;
}

// Where the tokens that were computed elsewhere go, group by group.
void Scheduler::open_transfers(const LiveRequest& request, std::int64_t first, const ExternalTokens& external) {
    const std::int64_t tokens = external.tokens;
    const std::vector<CacheGroup>& groups = manager_.setup().groups;
    const std::int64_t ranks = checked_mul(manager_.setup().decode_context, manager_.setup().prefill_context);
    for (std::size_t group = 0; group < groups.size(); ++group) {
        const std::int64_t block = checked_mul(block_of(groups[group].spec).value, ranks);
        const std::span<const BlockId> held = CacheManager::held(request.cache, group);
        const std::int64_t column = std::min(first / block, static_cast<std::int64_t>(std::ssize(held)));
        const std::int64_t end = std::min(ceil_div(first + tokens, block), static_cast<std::int64_t>(std::ssize(held)));
        const std::int64_t source_block = external.source_block.value_or(block);
        const std::int64_t there = std::min(first + tokens, external.source_end.value_or(first + tokens));
        const std::int64_t source_blocks = std::max<std::int64_t>(0, ceil_div(there, source_block) - first / source_block);
        TransferOpened opened{.rank = rank_,
                              .request = request.id,
                              .group = static_cast<std::int64_t>(group),
                              .first = first,
                              .tokens = Tokens(tokens),
                              .source_block = TokensPerBlock(source_block),
                              .source_blocks = source_blocks,
                              .column = column};
        std::int64_t filled = std::max(end, column) - column;
        opened.by_position = transfer_lists_ == TransferLists::by_position;
        if (opened.by_position) filled = std::min(filled, source_blocks);
        opened.blocks = held.subspan(static_cast<std::size_t>(column), static_cast<std::size_t>(filled));
        sink_.see(opened);
        if (transfer_lists_ == TransferLists::counted) refuse_uncounted(opened, TokensPerBlock(block));
    }
}

}  // namespace kv
