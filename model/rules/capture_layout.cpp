#include "model/rules/capture_layout.h"

#include <algorithm>
#include <numeric>

namespace kv {
namespace {

std::int64_t sum_of(std::span<const std::int64_t> counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}, checked_add);
}

std::int64_t sum_before(std::span<const std::int64_t> counts, std::int64_t rank) {
    return sum_of(counts.first(static_cast<std::size_t>(rank)));
}

std::int64_t own(const Dispatch& dispatch) { return (*dispatch.rank_tokens)[static_cast<std::size_t>(dispatch.dp_rank)]; }

RowsTaken whole(const RouterCall& call) { return {.first = 0, .count = call.rows}; }

RowsTaken of_joined(const Dispatch& dispatch) {
    return {.first = sum_before(*dispatch.rank_tokens, dispatch.dp_rank), .count = own(dispatch)};
}

Refusal unexplained(std::string_view raised_in, const RouterCall& call, std::vector<std::int64_t> expected) {
    Refusal refusal{.type = Raised::assertion_error,
                    .raised_in = raised_in,
                    .message = std::to_string(call.rows) + " rows fit no layout",
                    .figures = {call.rows}};
    refusal.figures.insert(refusal.figures.end(), expected.begin(), expected.end());
    return refusal;
}

constexpr std::string_view capture_of_engines = "RoutedExpertsCapturer.capture";

// Where the shards of a rank begin in the joined shards of all; empty where the shards cannot be dealt out to the ranks.
std::optional<RowsTaken> of_gathered_shards(const Dispatch& dispatch) {
    const std::span<const std::int64_t> shards = *dispatch.shard_tokens;
    const std::int64_t ranks = std::ssize(*dispatch.rank_tokens);
    if (std::ssize(shards) % ranks != 0) return std::nullopt;
    return RowsTaken{.first = sum_before(shards, std::ssize(shards) / ranks * dispatch.dp_rank), .count = own(dispatch)};
}

bool is_gathered_shards(const RouterCall& call, const Dispatch& dispatch) {
    return dispatch.shard_tokens && call.rows == sum_of(*dispatch.shard_tokens);
}

RowsTaken of_all_workers(std::int64_t tokens) { return {.from_all_workers = true, .first = 0, .count = tokens}; }

}  // namespace

RowsAnswer rows_of_joined_ranks(const RouterCall& call, const Dispatch& dispatch) {
    if (!dispatch.rank_tokens) return whole(call);
    if (sum_of(*dispatch.rank_tokens) == call.rows) return of_joined(dispatch);
    return Refusal{.type = Raised::assertion_error,
                   .raised_in = capture_of_engines,
                   .message = std::to_string(call.rows) + " rows are not the " + std::to_string(sum_of(*dispatch.rank_tokens)) +
                              " of all ranks joined"};
}

RowsAnswer rows_by_count(const RouterCall& call, const Dispatch& dispatch) {
    if (!dispatch.rank_tokens) return whole(call);
    if (call.rows == sum_of(*dispatch.rank_tokens)) return of_joined(dispatch);
    if (call.rows == own(dispatch)) return whole(call);
    return RowsSkipped{};
}

RowsAnswer rows_by_padded_count(const RouterCall& call, const Dispatch& dispatch) {
    const RowsAnswer counted = rows_by_count(call, dispatch);
    if (!std::holds_alternative<RowsSkipped>(counted)) return counted;
    const std::int64_t ranks = std::ssize(*dispatch.rank_tokens);
    const std::int64_t padded = std::ranges::max(*dispatch.rank_tokens);
    if (call.rows != checked_mul(ranks, padded)) return RowsSkipped{};
    return RowsTaken{.first = checked_mul(dispatch.dp_rank, padded), .count = own(dispatch)};
}

RowsAnswer rows_by_count_and_shards(const RouterCall& call, const Dispatch& dispatch) {
    if (!dispatch.rank_tokens) return whole(call);
    const std::int64_t total = sum_of(*dispatch.rank_tokens);
    const std::int64_t local = own(dispatch);
    if (call.rows == total) return of_joined(dispatch);
    if (call.rows == local) return whole(call);
    if (is_gathered_shards(call, dispatch)) {
        if (const auto rows = of_gathered_shards(dispatch)) return *rows;
        return Refusal{.type = Raised::assertion_error,
                       .raised_in = capture_of_engines,
                       .message = std::to_string(dispatch.shard_tokens->size()) + " shards cannot be dealt out to the ranks"};
    }
    const std::int64_t shard = shard_rows(local, dispatch.tp_size);
    if (dispatch.tp_size > 1 && call.rows == shard) return of_all_workers(local);
    const std::int64_t gathered = dispatch.shard_tokens ? sum_of(*dispatch.shard_tokens) : -1;
    return unexplained(capture_of_engines, call, {total, local, gathered, shard, dispatch.dp_rank, dispatch.tp_size});
}

RowsAnswer rows_by_descriptor(const RouterCall& call, const Dispatch& dispatch) {
    constexpr std::string_view raised_in = "RoutedExpertsCapturer._restore_local_topk_ids";
    const bool ranks = dispatch.rank_tokens.has_value();
    if (!ranks && !dispatch.batch_tokens) return whole(call);
    const std::int64_t local = ranks ? own(dispatch) : *dispatch.batch_tokens;
    if (ranks && call.rows == sum_of(*dispatch.rank_tokens)) return of_joined(dispatch);
    if (call.rows == local) return whole(call);
    if (ranks && is_gathered_shards(call, dispatch)) {
        if (const auto rows = of_gathered_shards(dispatch)) return *rows;
        const auto shards = std::ssize(*dispatch.shard_tokens);
        return Refusal{
            .type = Raised::value_error,
            .raised_in = raised_in,
            .message = std::to_string(shards) + " shards cannot be dealt out to " + std::to_string(dispatch.rank_tokens->size()) + " ranks",
            .figures = {shards, std::ssize(*dispatch.rank_tokens)}};
    }
    const std::int64_t shard = shard_rows(local, dispatch.tp_size);
    if (call.rows == shard) return of_all_workers(local);
    if (!ranks && call.rows == checked_mul(shard, dispatch.tp_size)) return RowsTaken{.first = 0, .count = local};
    return unexplained(raised_in, call, {local, dispatch.dp_rank, dispatch.tp_size});
}

RowsAnswer rows_by_decode_graph(const RouterCall& call, const Dispatch& dispatch) {
    if (!dispatch.rank_tokens) return whole(call);
    if (dispatch.graph_rows == 0) return of_joined(dispatch);
    if (!dispatch.decode_graph_rows)
        return Refusal{.type = Raised::type_error,
                       .raised_in = "RoutedExpertsCapturer.get_local_slice",
                       .message = "rank " + std::to_string(dispatch.dp_rank) + " times the rows of a decode graph that has not run"};
    const std::int64_t tokens =
        dispatch.declared ? dispatch.declared->rank_tokens[static_cast<std::size_t>(dispatch.dp_rank)] : own(dispatch);
    return RowsTaken{.first = checked_mul(dispatch.dp_rank, *dispatch.decode_graph_rows), .count = tokens};
}

RowsAnswer rows_as_declared(const RouterCall& call, const Dispatch& dispatch) {
    if (!dispatch.declared) return unexplained("kvproof", call, {});
    const DeclaredLayout& layout = *dispatch.declared;
    const std::int64_t ranks = std::ssize(layout.rank_tokens);
    const std::int64_t tokens = layout.rank_tokens[static_cast<std::size_t>(dispatch.dp_rank)];
    const std::int64_t batch = layout.rank_counts[static_cast<std::size_t>(dispatch.dp_rank)];
    const auto joined_shards = [&](std::span<const std::int64_t> of_ranks) {
        std::int64_t rows = 0;
        for (const std::int64_t count : of_ranks)
            rows = checked_add(rows, checked_mul(shard_rows(count, dispatch.tp_size), dispatch.tp_size));
        return rows;
    };
    const auto taken = [&](std::int64_t rows, RowsTaken answer) -> RowsAnswer {
        if (call.rows == rows) return answer;
        return unexplained("kvproof", call, {rows});
    };
    switch (layout.view) {
        case RouterView::joined:
            return taken(sum_of(layout.rank_counts), {.first = sum_before(layout.rank_counts, dispatch.dp_rank), .count = tokens});
        case RouterView::local:
            return taken(batch, {.first = 0, .count = tokens});
        case RouterView::padded_gather:
            return taken(checked_mul(ranks, layout.rank_rows), {.first = checked_mul(dispatch.dp_rank, layout.rank_rows), .count = tokens});
        case RouterView::gathered_shards: {
            const auto before = layout.rank_counts.first(static_cast<std::size_t>(dispatch.dp_rank));
            return taken(joined_shards(layout.rank_counts), {.first = joined_shards(before), .count = tokens});
        }
        case RouterView::shard:
            return taken(shard_rows(batch, dispatch.tp_size), of_all_workers(tokens));
        case RouterView::graph_padded:
            return taken(layout.rank_rows, {.first = 0, .count = tokens});
    }
    return unexplained("kvproof", call, {});
}

}  // namespace kv
