#include "model/capture/router_offer.h"

#include <algorithm>

namespace kv {
namespace {

// Rows [first, first + rows) of a rank of which only the first `tokens` are anybody's.
void add_rows(std::vector<RowSegment>& tensor, std::int64_t rank, std::int64_t first, std::int64_t rows, std::int64_t tokens,
              std::int64_t batch_start) {
    const std::int64_t real = std::clamp<std::int64_t>(tokens - first, 0, rows);
    if (real > 0) tensor.push_back({.rank = rank, .first = batch_start + first, .count = real});
    if (rows > real) tensor.push_back({.rank = pad_rank, .first = batch_start + first + real, .count = rows - real});
}

class Offering {
public:
    Offering(RouterOffer& offer, RouterView view, const StepTokens& step) : step_(step), offer_(offer) {
        offer.view = view;
        offer.rank_tokens.assign(step.rank_tokens.begin(), step.rank_tokens.end());
        const auto counts = step.rank_counts.empty() ? step.rank_tokens : step.rank_counts;
        offer.counted_tokens.assign(counts.begin(), counts.end());
        offer.shard_tokens.clear();
        offer.rank_rows = checked_add(std::ranges::max(counts), step.padding);
        offer.batch_start = step.batch_start;
        offer.dp_rank = step.dp_rank;
        offer.tp_size = step.tp_size;
        offer.graph_rows = step.graph_rows;
        offer.decode_graph_rows = step.decode_graph_rows;
        offer.tensors.resize(view == RouterView::shard ? static_cast<std::size_t>(step.tp_size) : 1);
        for (std::vector<RowSegment>& tensor : offer.tensors) tensor.clear();
    }

    void make() {
        const std::int64_t own = rows(step_.dp_rank);
        switch (offer_.view) {
            case RouterView::joined:
                for (std::int64_t rank = 0; rank < ranks(); ++rank) add(rank, rows(rank));
                break;
            case RouterView::local:
                add(step_.dp_rank, own);
                break;
            case RouterView::padded_gather:
                for (std::int64_t rank = 0; rank < ranks(); ++rank) add(rank, offer_.rank_rows);
                break;
            case RouterView::gathered_shards:
                for (std::int64_t rank = 0; rank < ranks(); ++rank) add(rank, shard_rows(rows(rank), step_.tp_size) * step_.tp_size);
                break;
            case RouterView::shard: {
                const std::int64_t shard = shard_rows(own, step_.tp_size);
                std::int64_t first = 0;
                for (std::vector<RowSegment>& tensor : offer_.tensors) {
                    add_rows(tensor, step_.dp_rank, first, shard, tokens(step_.dp_rank), step_.batch_start);
                    first += shard;
                }
                break;
            }
            case RouterView::graph_padded:
                add(step_.dp_rank, offer_.rank_rows);
                std::ranges::fill(offer_.counted_tokens, offer_.rank_rows);
                break;
        }
        share_out();
    }

private:
    std::int64_t ranks() const { return std::ssize(step_.rank_tokens); }
    std::int64_t tokens(std::int64_t rank) const { return step_.rank_tokens[static_cast<std::size_t>(rank)]; }
    std::int64_t rows(std::int64_t rank) const { return offer_.counted_tokens[static_cast<std::size_t>(rank)]; }
    void add(std::int64_t rank, std::int64_t rows) { add_rows(offer_.tensors.front(), rank, 0, rows, tokens(rank), step_.batch_start); }

    // The sizes of shards that the forward context holds: of each worker where the dispatch shards, else one a rank.
    void share_out() {
        const bool sharded = offer_.view == RouterView::gathered_shards || offer_.view == RouterView::shard;
        const std::int64_t shards = sharded ? step_.tp_size : 1;
        for (const std::int64_t count : offer_.counted_tokens)
            offer_.shard_tokens.insert(offer_.shard_tokens.end(), static_cast<std::size_t>(shards), shard_rows(count, shards));
    }

    const StepTokens& step_;
    RouterOffer& offer_;
};

}  // namespace

std::int64_t RouterOffer::workers_rows() const {
    std::int64_t rows = 0;
    for (const auto& each : tensors) rows = checked_add(rows, rows_of(each));
    return tensors.size() == 1 ? checked_mul(rows, tp_size) : rows;
}

Dispatch RouterOffer::dispatch() const {
    const bool several = rank_tokens.size() > 1;
    Dispatch known{
        .rank_tokens = std::nullopt,
        .shard_tokens = std::nullopt,
        .batch_tokens = counted_tokens[static_cast<std::size_t>(dp_rank)],
        .batch_start = batch_start,
        .dp_rank = dp_rank,
        .tp_size = tp_size,
        .declared = DeclaredLayout{.view = view, .rank_tokens = rank_tokens, .rank_counts = counted_tokens, .rank_rows = rank_rows},
        .graph_rows = graph_rows,
        .decode_graph_rows = decode_graph_rows};
    if (several) known.rank_tokens = counted_tokens;
    if (several) known.shard_tokens = shard_tokens;
    return known;
}

RouterOffer offered(RouterView view, const StepTokens& step) {
    RouterOffer offer;
    offer_into(offer, view, step);
    return offer;
}

void offer_into(RouterOffer& offer, RouterView view, const StepTokens& step) {
    require(!step.rank_tokens.empty(), "a step is of at least one rank");
    require(0 <= step.dp_rank && step.dp_rank < std::ssize(step.rank_tokens), "a rank is one of the ranks");
    require(step.rank_counts.empty() || step.rank_counts.size() == step.rank_tokens.size(), "each rank's batch has a size");
    require(step.tp_size > 0 && step.padding >= 0 && step.batch_start >= 0, "sizes are not negative");
    Offering(offer, view, step).make();
}

}  // namespace kv
