// What becomes of blocks: who asked for them, holds them, filled them and gave them back. Spans live until the call returns.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/events/event_ids.h"
#include "model/events/scheduling_events.h"

namespace kv {

inline constexpr std::array<std::string_view, 3> request_status_names{"waiting", "preempted", "running"};
constexpr std::span<const std::string_view> names_of(RequestStatus) { return request_status_names; }

// A lookup in the prefix cache.
struct CacheHitFound {
    static constexpr std::string_view name = "cache-hit-found";
    static constexpr std::string_view meaning = "the prefix cache was asked how much it has of a request";
    RankId rank{};
    RequestId request{};
    Tokens length = {};
    Tokens shared_boundary = {};
    std::span<const std::vector<BlockId>> blocks = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("length", event.length, "of the hit");
        each("shared_boundary", event.shared_boundary, "where a group had more than all groups have together; 0: nowhere");
        each("blocks", event.blocks, "of each group; 0 is the null block");
    }
};

// Blocks were asked for: so many were needed as were handed out, or there were too few.
struct BlocksAsked {
    static constexpr std::string_view name = "blocks-asked";
    static constexpr std::string_view meaning = "the scheduler asked for the blocks of a request's next tokens";
    RankId rank{};
    RequestId request{};
    Tokens computed = {};
    Tokens in_flight = {};
    Tokens tokens = {};
    Tokens new_tokens = {};
    Tokens hit = {};
    Tokens external = {};
    Tokens lookahead = {};
    Tokens encoder = {};
    Tokens shared_boundary = {};
    RequestStatus status{};
    bool admission = false;
    bool delays_caching = false;
    bool whole_request = false;
    bool others_scheduled = false;
    Blocks needed = {};
    Blocks reserved = {};
    bool granted = false;
    bool changes = false;
    std::span<const BlockId> taken = {};
    Blocks free = {};
    std::span<const Holding> held = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("computed", event.computed, "tokens that were scheduled before");
        each("in_flight", event.in_flight, "of these, tokens that are not settled");
        each("tokens", event.tokens, "that the request has");
        each("new_tokens", event.new_tokens, "that are to be computed");
        each("hit", event.hit, "tokens that the prefix cache has");
        each("external", event.external, "tokens that are loaded from elsewhere");
        each("lookahead", event.lookahead, "slots for drafts beyond the new tokens");
        each("encoder", event.encoder, "length of its encoder's input");
        each("shared_boundary", event.shared_boundary, "of the lookup, where a prefix parts from others");
        each("status", event.status, "of the request, before the call");
        each("admission", event.admission, "the request held nothing so far");
        each("delays_caching", event.delays_caching, "the load is not over: nothing is told to the prefix cache");
        each("whole_request", event.whole_request, "granted only if the pool can hold all of the request");
        each("others_scheduled", event.others_scheduled, "other requests run");
        each("needed", event.needed, "new blocks that the engine counted");
        each("reserved", event.reserved, "blocks that are kept back for others");
        each("granted", event.granted, "");
        each("changes", event.changes, "false: the request holds what it held");
        each("taken", event.taken, "new blocks, group by group");
        each("free", event.free, "blocks that are left");
        each("held", event.held, "what the request holds after the call, in each group");
    }
};

// The prefix cache was told that the first `tokens` tokens are there.
struct BlocksCached {
    static constexpr std::string_view name = "blocks-cached";
    static constexpr std::string_view meaning = "the prefix cache was told how much of a request is there";
    RankId rank{};
    RequestId request{};
    Tokens computed = {};
    Tokens tokens = {};
    std::span<const Holding> held = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("computed", event.computed, "tokens that were scheduled");
        each("tokens", event.tokens, "that are there");
        each("held", event.held, "by the request, in each group");
    }
};

struct BlocksFreed {
    static constexpr std::string_view name = "blocks-freed";
    static constexpr std::string_view meaning = "a request has given all its blocks back";
    RankId rank{};
    RequestId request{};
    FreedWhy why{};
    Blocks free = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("why", event.why, "");
        each("free", event.free, "blocks that are left");
    }
};

struct CacheReset {
    static constexpr std::string_view name = "cache-reset";
    static constexpr std::string_view meaning = "the prefix cache was to forget all it has";
    RankId rank{};
    bool done = false;
    Blocks free = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("done", event.done, "false: blocks are in use, and nothing was forgotten");
        each("free", event.free, "blocks that are left");
    }
};

struct BlocksZeroed {
    static constexpr std::string_view name = "blocks-zeroed";
    static constexpr std::string_view meaning = "the worker has to zero new blocks before use";
    RankId rank{};
    std::span<const BlockId> blocks = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("blocks", event.blocks, "");
    }
};

struct BlocksCopied {
    static constexpr std::string_view name = "blocks-copied";
    static constexpr std::string_view meaning = "the worker has to copy blocks in which a hit ends";
    RankId rank{};
    std::span<const BlockCopy> copies = {};
    Blocks free = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("copies", event.copies, "from source to destination");
        each("free", event.free, "blocks that are left when those held for it were given back");
    }
};

// The state that a worker leaves in a block.
struct StateWrite {
    RequestId request{};
    std::int64_t position = 0;
    std::int64_t column = 0;
    BlockId block{};

    static constexpr void parts(auto& write, auto&& each) {
        each("request", write.request, "");
        each("position", write.position, "so many tokens are in the state");
        each("column", write.column, "of the request's block table");
        each("block", write.block, "");
    }
};

struct StatesWritten {
    static constexpr std::string_view name = "states-written";
    static constexpr std::string_view meaning = "a step has left states of requests in blocks of a Mamba group";
    RankId rank{};
    StepId step{};
    std::int64_t group = 0;
    std::span<const StateWrite> writes = {};
    std::int64_t padded = 0;

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("group", event.group, "");
        each("writes", event.writes, "in order: a later one replaces an earlier one in its block");
        each("padded", event.padded, "rows of nobody whose states are left in the null block");
    }
};

// Blocks of one group on either side of a transfer.
struct TransferOpened {
    static constexpr std::string_view name = "transfer-opened";
    static constexpr std::string_view meaning = "tokens computed elsewhere are to be loaded into blocks of a group";
    RankId rank{};
    RequestId request{};
    std::int64_t group = 0;
    std::int64_t first = 0;
    Tokens tokens = {};
    TokensPerBlock source_block{1};
    std::int64_t source_blocks = 0;
    std::int64_t column = 0;
    std::span<const BlockId> blocks = {};
    bool by_position = false;

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("group", event.group, "");
        each("first", event.first, "position of the first token");
        each("tokens", event.tokens, "");
        each("source_block", event.source_block, "tokens of a block where they come from");
        each("source_blocks", event.source_blocks, "blocks that come");
        each("column", event.column, "of the request's block table, where the first of them goes");
        each("blocks", event.blocks, "that they are written to");
        each("by_position", event.by_position, "the n-th of them is filled from the n-th that comes, whatever tokens that has");
    }
};

struct TransferDone {
    static constexpr std::string_view name = "transfer-done";
    static constexpr std::string_view meaning = "a load is over";
    RankId rank{};
    RequestId request{};
    Tokens tokens = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("tokens", event.tokens, "of the request that are there now, those that it had before included");
    }
};

}  // namespace kv
