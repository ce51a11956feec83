#include "properties/ledger.h"

#include "model/capture/text_content.h"

#include <algorithm>

namespace kv {
namespace {

template <class Facts>
[[gnu::noinline, gnu::cold]] void grow(std::vector<Facts>& all, std::size_t index) {
    all.resize(index + 1);
}

template <class Facts>
Facts& grown(std::vector<Facts>& all, std::size_t index) {
    if (all.size() <= index) grow(all, index);
    return all[index];
}

std::size_t place(auto id) { return static_cast<std::size_t>(id); }

}  // namespace

const RankFacts& Ledger::none_of_rank() {
    static const RankFacts none{};
    return none;
}
const RequestFacts& Ledger::none_of_request() {
    static const RequestFacts none{};
    return none;
}

RankFacts& Ledger::rank_of(RankId rank) { return grown(ranks_, place(rank)); }

RequestFacts& Ledger::request_of(RequestId request) { return grown(requests_, place(request)); }

std::int64_t Ledger::shared_prefix(RequestId left, RequestId right) const {
    const std::vector<TokenRun>& a = request(left).text;
    const std::vector<TokenRun>& b = request(right).text;
    std::int64_t shared = 0;
    for (std::size_t run = 0; run < std::min(a.size(), b.size()); ++run) {
        if (a[run].stream != b[run].stream || a[run].first != b[run].first) return shared;
        shared += std::min(a[run].count, b[run].count);
        if (a[run].count != b[run].count) return shared;  // Runs are as long as they can be: what follows differs.
    }
    return shared;
}

bool Ledger::holds(const BlockContent& content, std::int64_t group, RequestId reader, std::int64_t first, std::int64_t end) const {
    if (content.writer < 0 || content.group != group || content.first > first || content.end < end) return false;
    const RequestId writer{content.writer};
    return writer == reader || shared_prefix(writer, reader) >= end;
}

std::optional<RequestId> Ledger::request_of_token(RankId id, std::int64_t token) const {
    for (const BatchedTokens& part : rank(id).batch)
        if (token < part.end) return part.request;
    return std::nullopt;
}

std::optional<RequestId> Ledger::producer_of(RowTag row) const {
    const std::optional<RowOrigin> origin = origin_of(row);
    if (!origin) return std::nullopt;
    const auto found = texts_.find(origin->content);
    return found == texts_.end() ? std::nullopt : std::optional(found->second);
}

void Ledger::enter(const PlanMade& event) {
    groups_.assign(event.groups.begin(), event.groups.end());
    context_ranks_ = event.context_ranks;
    columns_.clear();
    for (const GroupFacts& group : groups_)
        columns_.emplace_back(group.sharded ? checked_mul(group.block.value, context_ranks_) : group.block.value);
    prefix_caching_ = event.prefix_caching;
    interleave_ = event.interleave;
}

void Ledger::enter(const PoolMade& event) {
    RankFacts& rank = rank_of(event.rank);
    rank.blocks = event.blocks;
    rank.null_blocks = event.null_blocks;
    rank.free = rank.free_at_first = event.free;
    rank.holders.assign(place(event.blocks.value), 0);
    rank.contents.assign(place(event.blocks.value), {});
    rank.cached.assign(place(event.blocks.value), 0);
}

void Ledger::enter(const TableMade& event) {
    const GroupFacts* facts = group(event.group);
    const std::int64_t ranks = facts != nullptr && !facts->sharded ? 1 : context_ranks_;
    grown(rank_of(event.rank).tables, place(event.group)) = {
        .rows = event.rows,
        .columns = event.columns,
        .kernel_block = event.kernel_block.value,
        .positions = checked_mul(event.columns, checked_mul(event.kernel_block.value, ranks))};
}

void Ledger::enter(const BufferMade& event) {
    RankFacts& rank = rank_of(event.rank);
    if (event.buffer == BufferKind::step) {
        rank.step_rows = event.rows.value;
        rank.step_ranks = event.ranks.value_or(0);
    }
    if (event.buffer == BufferKind::draft) {
        rank.draft_rows = event.rows.value;
        rank.draft_group = event.group.value_or(0);
    }
    if (event.buffer == BufferKind::side_reader) rank.reader_rows = event.rows.value;
    if (event.buffer != BufferKind::side) return;
    rank.side_rows = event.rows.value;
    rank.side_block = event.rows_per_block;
    rank.side_group = event.group.value_or(0);
}

void Ledger::enter(const RowsFormed& event) {
    RankFacts& rank = rank_of(event.rank);
    rank.row_layers = event.layers;
    rank.row_ids = std::max<std::int64_t>(event.topk, 1);
    rank.row_stride = std::max(event.stride.value_or(rank.row_ids), rank.row_ids);
}

void Ledger::enter(const RequestArrived& event) {
    RequestFacts& request = request_of(event.request);
    request.known = true;
    request.rank = event.rank;
    request.prompt = event.prompt;
    request.tokens = event.prompt.value;
    request.wants_rows = event.wants_rows;
    request.text.assign(event.text.begin(), event.text.end());
    std::int64_t content = 0, position = 0;
    for (const TokenRun& run : event.text) {
        content = text_content(content, run, position);
        texts_.try_emplace(content, event.request);
        position += run.count;
    }
}

void Ledger::take_held(RequestFacts& request, std::span<const Holding> held) {
    RankFacts& rank = rank_of(request.rank);
    const auto count = [&](BlockId block, std::int32_t change) {
        const auto id = place(block);
        if (id < place(rank.null_blocks) || id >= rank.holders.size()) return;
        std::int32_t& holders = rank.holders[id];
        rank.held_blocks += (holders + change > 0 ? 1 : 0) - (holders > 0 ? 1 : 0);
        holders += change;
    };
    static const std::vector<BlockId> nothing;
    const std::size_t groups = std::max(request.held.size(), held.size());
    if (request.held.size() < groups) {
        request.held.resize(groups);
        request.last_held.resize(groups);
    }
    for (std::size_t group = 0; group < groups; ++group) {
        std::vector<BlockId>& known = request.held[group];
        const std::vector<BlockId>& now = group < held.size() ? held[group].blocks : nothing;
        if (known == now) continue;  // Most steps take no block.
        std::vector<BlockId>& last = request.last_held[group];
        const std::size_t both = std::min(known.size(), now.size());
        if (last.size() < now.size()) last.resize(now.size());
        for (std::size_t column = 0; column < both; ++column) {
            if (known[column] == now[column]) continue;
            count(known[column], -1);
            count(now[column], 1);
            known[column] = now[column];
            if (place(now[column]) >= place(rank.null_blocks)) last[column] = now[column];
        }
        for (std::size_t column = both; column < known.size(); ++column) count(known[column], -1);
        known.resize(now.size());
        for (std::size_t column = both; column < now.size(); ++column) {
            count(now[column], 1);
            known[column] = last[column] = now[column];
        }
    }
}

// Most steps add tokens to a block that their request has begun.
bool Ledger::adds_to_begun(RankFacts& rank, const RequestFacts& request, const BlocksAsked& event, std::int64_t group,
                           std::int64_t first) const {
    const std::vector<BlockId>& blocks = request.held[place(group)];
    const Divisor& column_of = columns_[place(group)];
    const auto column = place(column_of.quotient(first));
    const std::int64_t end = first + event.new_tokens.value;
    if (column >= blocks.size() || end > static_cast<std::int64_t>(column + 1) * column_of.value()) return false;
    const auto block = place(blocks[column]);
    if (block < place(rank.null_blocks) || block >= rank.contents.size()) return false;
    BlockContent& content = rank.contents[block];
    if (content.writer != static_cast<std::int64_t>(event.request) || content.group != group || content.first > first ||
        content.end < first || first >= end)
        return false;
    content.end = end;
    return true;
}

void Ledger::enter(const BlocksAsked& event) {
    RankFacts& rank = rank_of(event.rank);
    rank.free = event.free;
    RequestFacts& request = request_of(event.request);
    request.tokens = event.tokens.value;
    if (event.changes) take_held(request, event.held);
    // What lay in a block that is handed out anew is nobody's.
    for (const BlockId block : event.taken) {
        if (place(block) >= rank.contents.size()) continue;
        rank.contents[place(block)] = {};
        rank.cached[place(block)] = 0;
    }
    if (event.granted && event.admission) request.begun_at = event.hit.value + event.external.value;
    if (event.granted && event.admission) request.computed = std::max(request.computed, event.hit.value);
    if (event.granted) {
        const Tokens end = event.computed + event.new_tokens + (event.admission ? event.hit + event.external : Tokens{0});
        request.reached = std::max(request.reached, end.value);
    }
    // A step writes its keys and values before it reads any: who is admitted to the same step may go on from them.
    if (event.granted && prefix_caching_) {
        const std::int64_t first = event.computed.value + (event.admission ? event.hit.value + event.external.value : 0);
        for (std::int64_t index = 0; index < std::min(std::ssize(groups_), std::ssize(request.held)); ++index)
            if (groups_[place(index)].family != GroupFamily::states && !adds_to_begun(rank, request, event, index, first))
                fill(rank, event.request, index, first, first + event.new_tokens.value);
    }
    if (prefix_caching_ && event.changes && event.granted && !event.delays_caching) {
        const std::int64_t there = event.computed.value + event.hit.value + event.external.value + event.new_tokens.value;
        note_cached(event.request, std::min(there, event.tokens.value));
    }
}

void Ledger::note_cached(RequestId id, std::int64_t tokens) {
    RankFacts& rank = rank_of(request(id).rank);
    for (std::int64_t index = 0; index < std::ssize(groups_); ++index) {
        const std::span<const BlockId> blocks = held(id, index);
        const std::int64_t full = std::min(tokens / column_tokens(index), static_cast<std::int64_t>(std::ssize(blocks)));
        // From the end on, to the first that is known: most of them are.
        for (std::int64_t column = full - 1; column >= 0; --column) {
            const auto block = place(blocks[place(column)]);
            if (block < place(rank.null_blocks) || block >= rank.cached.size() || rank.cached[block] != 0) break;
            rank.cached[block] = 1;
        }
    }
}

void Ledger::enter(const BlocksCached& event) {
    if (prefix_caching_) note_cached(event.request, event.tokens.value);
}

void Ledger::enter(const CacheReset& event) {
    RankFacts& rank = rank_of(event.rank);
    rank.free = event.free;
    if (event.done) std::ranges::fill(rank.cached, 0);
}

void Ledger::enter(const RequestStops& event) { request_of(event.request).tokens = event.tokens.value; }

void Ledger::enter(const BlocksFreed& event) {
    rank_of(event.rank).free = event.free;
    RequestFacts& request = request_of(event.request);
    take_held(request, {});
    request.held.clear();
    request.last_held.clear();
    request.done = event.why == FreedWhy::finished || event.why == FreedWhy::aborted;
}

void Ledger::fill(RankFacts& rank, RequestId id, std::int64_t group, std::int64_t first, std::int64_t end) {
    const std::int64_t tokens = column_tokens(group);
    const std::span<const BlockId> blocks = held(id, group);
    std::int64_t column = column_of(group).quotient(first);
    for (std::int64_t start = column * tokens; start < end && column < std::ssize(blocks); ++column, start += tokens) {
        const auto block = place(blocks[place(column)]);
        if (block < place(rank.null_blocks) || block >= rank.contents.size()) continue;
        BlockContent& content = rank.contents[block];
        const std::int64_t from = std::max(first, start), to = std::min(end, start + tokens);
        // What a load brings is told after the tokens that the step computes behind it.
        const bool before = content.writer == static_cast<std::int64_t>(id) && content.group == group && from < content.first &&
                            content.first <= to && content.state < 0;
        if (before) {
            content.first = from;
            content.end = std::max(content.end, to);
            continue;
        }
        const bool joins = content.writer >= 0 && content.group == group && content.first <= from && content.end >= from &&
                           (content.writer == static_cast<std::int64_t>(id) || shared_prefix(RequestId{content.writer}, id) >= from);
        content = {.writer = static_cast<std::int64_t>(id), .group = group, .first = joins ? content.first : from, .end = to};
    }
}

void Ledger::enter(const SlotsMapped& event) {
    if (event.group != 0 || event.context_rank != 0) return;
    std::vector<BatchedTokens>& batch = rank_of(event.rank).batch;
    batch.clear();
    std::int64_t tokens = 0;
    for (std::size_t row = 0; row < std::min(event.runs.size(), event.requests.size()); ++row) {
        tokens += event.runs[row].count;
        batch.push_back({.request = event.requests[row], .end = tokens, .first = event.runs[row].first});
        RequestFacts& request = request_of(event.requests[row]);
        request.computed = std::max(request.computed, event.runs[row].first + event.runs[row].count);
    }
}

void Ledger::enter(const StatesWritten& event) {
    RankFacts& rank = rank_of(event.rank);
    for (const StateWrite& write : event.writes)
        if (place(write.block) < rank.contents.size())
            rank.contents[place(write.block)] = {.writer = static_cast<std::int64_t>(write.request),
                                                 .group = event.group,
                                                 .first = 0,
                                                 .end = write.position,
                                                 .state = write.position};
}

// What was loaded lies in the blocks of its positions; a state lies in the last of them.
void Ledger::enter(const TransferDone& event) {
    RequestFacts& request = request_of(event.request);
    const std::int64_t end = event.tokens.value;
    request.computed = std::max(request.computed, end);
    RankFacts& rank = rank_of(event.rank);
    for (std::int64_t index = 0; index < std::ssize(groups_); ++index) {
        if (groups_[place(index)].family != GroupFamily::states) {
            fill(rank, event.request, index, 0, end);
            continue;
        }
        const std::span<const BlockId> blocks = held(event.request, index);
        const std::int64_t column = end > 0 ? (end - 1) / column_tokens(index) : 0;
        if (column < std::ssize(blocks) && place(blocks[place(column)]) < rank.contents.size())
            rank.contents[place(blocks[place(column)])] = {
                .writer = static_cast<std::int64_t>(event.request), .group = index, .first = 0, .end = end, .state = end};
    }
}

void Ledger::enter(const BlocksCopied& event) {
    RankFacts& rank = rank_of(event.rank);
    rank.free = event.free;
    for (const BlockCopy& copy : event.copies)
        if (place(copy.source) < rank.contents.size() && place(copy.destination) < rank.contents.size())
            rank.contents[place(copy.destination)] = rank.contents[place(copy.source)];
}

// Nobody gives back more than it has.
void Ledger::enter(const EncoderRoomChanged& event) {
    RequestFacts& request = request_of(event.request);
    RankFacts& rank = rank_of(event.rank);
    const std::int64_t change = event.taken.value - std::min(event.returned.value, checked_add(request.encoder_room, event.taken.value));
    request.encoder_room = checked_add(request.encoder_room, change);
    rank.encoder_room = checked_add(rank.encoder_room, change);
}

void Ledger::enter(const OutputSettled& event) { request_of(event.request).tokens += event.outputs; }

}  // namespace kv
