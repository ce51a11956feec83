// What events have said so far, kept once for all properties: what there is, who holds which blocks, and what lies in them.
#pragma once

#include "model/addressing/divisor.h"
#include "model/events/event_list.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace kv {

// What lies in a block of a rank's pool, as a group sees it: tokens of one text at consecutive positions.
struct BlockContent {
    std::int64_t writer = -1;  // A request's number; negative: nothing was written.
    std::int64_t group = -1;
    std::int64_t first = 0, end = 0;  // Positions [first, end) of that request's text.
    std::int64_t state = -1;          // A Mamba group's: so many tokens are in the state; negative: none.
};

struct RequestFacts {
    bool known = false;  // It arrived.
    bool done = false;
    RankId rank{};
    Tokens prompt = {};
    bool wants_rows = false;
    std::vector<TokenRun> text = {};
    std::int64_t computed = 0;      // Positions [0, computed) were computed or loaded at some time.
    std::int64_t reached = 0;       // Positions [0, reached) were scheduled to be, or are of a hit.
    std::int64_t tokens = 0;        // That it has by now.
    std::int64_t encoder_room = 0;  // Tokens of its encoder's output that it has room for.
    std::int64_t begun_at = 0;      // Tokens that were there when it was last admitted: no step goes back behind them.
    // By group.
    std::vector<std::vector<BlockId>> held = {};
    std::vector<std::vector<BlockId>> last_held = {};  // At each column the last block that was not the null block.
};

// Of a step, in the order of its batch: whose the tokens before `end` are.
struct BatchedTokens {
    RequestId request{};
    std::int64_t end = 0;
    std::int64_t first = 0;  // Position of the first of them.
};

struct RankFacts {
    std::vector<BatchedTokens> batch = {};  // Of the last step.
    Blocks blocks = {};
    std::int64_t null_blocks = 0;
    Blocks free = {};
    Blocks free_at_first = {};  // When nobody held any.
    struct Table {
        std::int64_t rows = 0, columns = 0;
        std::int64_t kernel_block = 1;
        std::int64_t positions = 0;  // Of a row: those that its columns reach.
    };
    std::vector<Table> tables = {};
    std::vector<std::int32_t> holders = {};   // Of each block.
    std::vector<BlockContent> contents = {};  // Of each block.
    std::vector<char> cached = {};            // Of each block: the prefix cache was told that it is full.
    std::int64_t held_blocks = 0;             // With a holder.
    std::int64_t encoder_room = 0;            // Tokens that requests have taken of the room for outputs of encoders.
    std::optional<std::int64_t> side_rows = {}, reader_rows = {}, step_rows = {};
    std::int64_t side_block = 1;  // Slots of a block of the capture group.
    std::int64_t side_group = 0;
    std::optional<std::int64_t> draft_rows = {};  // Of a drafter's own pool.
    std::int64_t draft_group = 0;
    std::int64_t step_ranks = 0;               // Whose rows the step buffer takes; 0: its rank's own.
    std::int64_t row_layers = 0;               // Of the target model.
    std::int64_t row_ids = 1, row_stride = 1;  // Of a captured row and layer: ids, and how far apart rows are written.
};

class Ledger {
public:
    // Every event is entered before the properties see it.
    template <class Event>
    void enter(const Event&) {}
    void enter(const PlanMade& event);
    void enter(const PoolMade& event);
    void enter(const TableMade& event);
    void enter(const BufferMade& event);
    void enter(const RowsFormed& event);
    void enter(const RequestArrived& event);
    void enter(const BlocksAsked& event);
    void enter(const BlocksCached& event);
    void enter(const BlocksFreed& event);
    void enter(const CacheReset& event);
    void enter(const RequestStops& event);
    void enter(const SlotsMapped& event);
    void enter(const StatesWritten& event);
    void enter(const TransferDone& event);
    void enter(const BlocksCopied& event);
    void enter(const EncoderRoomChanged& event);
    void enter(const OutputSettled& event);

    std::span<const GroupFacts> groups() const { return groups_; }
    const GroupFacts* group(std::int64_t index) const {
        return 0 <= index && index < std::ssize(groups_) ? &groups_[static_cast<std::size_t>(index)] : nullptr;
    }
    std::int64_t context_ranks() const { return context_ranks_; }
    // Tokens that context-parallel ranks take in turn; none: that is not how they share them.
    std::optional<Tokens> interleave() const { return interleave_; }
    bool prefix_caching() const { return prefix_caching_; }
    // Tokens of a column of a group's block table: the block's, of all context-parallel ranks that share it.
    const Divisor& column_of(std::int64_t group) const { return columns_[static_cast<std::size_t>(group)]; }
    std::int64_t column_tokens(std::int64_t group) const { return column_of(group).value(); }

    const RankFacts& rank(RankId rank) const {
        return static_cast<std::size_t>(rank) < ranks_.size() ? ranks_[static_cast<std::size_t>(rank)] : none_of_rank();
    }
    const std::vector<RankFacts>& ranks() const { return ranks_; }
    const RequestFacts& request(RequestId request) const {
        return static_cast<std::size_t>(request) < requests_.size() ? requests_[static_cast<std::size_t>(request)] : none_of_request();
    }
    const std::vector<RequestFacts>& requests() const { return requests_; }
    std::span<const BlockId> held(RequestId id, std::int64_t group) const {
        const RequestFacts& facts = request(id);
        if (group < 0 || group >= std::ssize(facts.held)) return {};
        return facts.held[static_cast<std::size_t>(group)];
    }
    // So many first tokens of two requests are the same.
    std::int64_t shared_prefix(RequestId left, RequestId right) const;
    // Whose token of the last step's batch it is; none: padding.
    std::optional<RequestId> request_of_token(RankId rank, std::int64_t token) const;
    // Who had this text first; none: nobody.
    std::optional<RequestId> producer_of(RowTag row) const;
    bool holds(const BlockContent& content, std::int64_t group, RequestId reader, std::int64_t first, std::int64_t end) const;

private:
    static const RankFacts& none_of_rank();
    static const RequestFacts& none_of_request();
    RankFacts& rank_of(RankId rank);
    RequestFacts& request_of(RequestId request);
    void take_held(RequestFacts& request, std::span<const Holding> held);
    void note_cached(RequestId request, std::int64_t tokens);
    bool adds_to_begun(RankFacts& rank, const RequestFacts& request, const BlocksAsked& event, std::int64_t group,
                       std::int64_t first) const;
    void fill(RankFacts& rank, RequestId request, std::int64_t group, std::int64_t first, std::int64_t end);

    std::vector<GroupFacts> groups_ = {};
    std::vector<Divisor> columns_ = {};  // Of each group.
    std::int64_t context_ranks_ = 1;
    std::optional<Tokens> interleave_ = {};
    bool prefix_caching_ = false;
    std::vector<RankFacts> ranks_ = {};
    std::vector<RequestFacts> requests_ = {};
    std::unordered_map<std::int64_t, RequestId> texts_ = {};  // By content: who had it first.
};

}  // namespace kv
