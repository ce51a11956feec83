#include "properties/layout_match.h"

#include <numeric>

namespace kv {
namespace {

constexpr std::array<std::string_view, 6> bugs{"B04", "B05", "B06", "B11", "R10", "R14"};

std::int64_t shards_of(std::int64_t rows, std::int64_t workers) { return ceil_div(rows, workers) * workers; }

}  // namespace

const PropertyText LayoutMatch::text{
    .id = PropertyId::layout_match,
    .statement = "of the rows that its routers are given a rank takes its own, all of them, and nobody else's",
    .why = "the rank stops, loses the step's rows, or keeps those of another",
    .not_checked = "workers of a rank that publish nothing, and what two layouts that cannot be told apart would have meant",
    .bugs = bugs};

// Where this rank's rows stand, by the layout that whoever dispatched them knows.
void LayoutMatch::see(const RowsOffered& event, const Ledger& ledger, Findings&) {
    const auto rank = static_cast<std::size_t>(event.rank);
    if (offers_.size() <= rank) offers_.resize(rank + 1);
    Offer offer{.rows = event.rows,
                .needed = std::accumulate(event.rank_rows.begin(), event.rank_rows.end(), std::int64_t{0}),
                .buffer_first = event.batch_start,
                .workers = event.tp_size,
                .layout = event.layout};
    const RankFacts& facts = ledger.rank(event.rank);
    offer.of_model = facts.row_layers == 0 || (event.columns == facts.row_ids && 0 <= event.layer && event.layer < facts.row_layers);
    if (rank < event.rank_tokens.size()) offer.count = event.rank_tokens[rank];
    const auto before = event.rank_rows.first(std::min(rank, event.rank_rows.size()));
    switch (event.layout) {
        case RouterView::joined:
            for (const std::int64_t rows : before) offer.first += rows;
            break;
        case RouterView::padded_gather:
            if (!event.rank_rows.empty()) offer.first = event.rows / std::ssize(event.rank_rows) * static_cast<std::int64_t>(rank);
            break;
        case RouterView::gathered_shards:
            for (const std::int64_t rows : before) offer.first += shards_of(rows, event.tp_size);
            break;
        case RouterView::shard:
            offer.sharded = true;
            break;
        case RouterView::local:
        case RouterView::graph_padded:
            break;
    }
    offers_[rank] = offer;
}

// What is wrong with what a rank took of an offer; empty: nothing.
std::string LayoutMatch::fault_of(const RowsCaptured& event, const Offer& offer, bool joins_ranks) {
    const auto layout = [&] { return names_of(offer.layout)[static_cast<std::size_t>(offer.layout)]; };
    if (event.outcome != CaptureOutcome::copied) {
        if (event.outcome == CaptureOutcome::skipped && offer.count == 0) return {};
        if (event.outcome == CaptureOutcome::refused && !offer.of_model) return {};  // It is not a row of the model that is refused.
        return fmt::format("{} rows, {}, where all ranks have {}: {}", offer.rows, layout(), offer.needed,
                           event.outcome == CaptureOutcome::refused ? "the engine raises" : "nothing is captured");
    }
    if (offer.count == 0) return {};
    if (event.one_column_for_all) return "one id of each row is copied to all its columns";
    if (offer.workers > 1 && event.from_all_workers != offer.sharded && (event.from_all_workers || event.count < offer.count))
        return fmt::format("{} rows of a {} are taken for all of the rank's {}", event.count, layout(), offer.count);
    if (event.first != offer.first)
        return fmt::format("rows from {} on are taken, and this rank's begin at {} ({})", event.first, offer.first, layout());
    if (event.count < offer.count) return fmt::format("{} rows are taken, and the rank has {} ({})", event.count, offer.count, layout());
    if (event.buffer_first != checked_add(offer.buffer_first, joins_ranks ? offer.first : 0))
        return fmt::format("rows of a micro-batch go to row {} of the step buffer, where {} is theirs", event.buffer_first,
                           offer.buffer_first);
    return {};
}

void LayoutMatch::see(const RowsCaptured& event, const Ledger& ledger, Findings& findings) {
    const auto rank = static_cast<std::size_t>(event.rank);
    if (rank >= offers_.size()) return;
    const Offer& offer = offers_[rank];
    std::string fault = fault_of(event, offer, ledger.rank(event.rank).step_ranks > 0);
    if (fault.empty()) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = offer.rows,
                  .needed = offer.needed,
                  .message = std::move(fault)});
}

}  // namespace kv
