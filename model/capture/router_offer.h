// What the routers of one rank are offered of a step: the other side of what capture rules must find out.
#pragma once

#include "model/capture/dispatch.h"
#include "model/capture/router_rows.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

struct StepTokens {
    std::span<const std::int64_t> rank_tokens;       // Of each data-parallel rank.
    std::span<const std::int64_t> rank_counts = {};  // The same with the padding of each rank's batch; empty: it has none.
    std::int64_t padding = 0;                        // Rows that a rank has beyond the largest rank's, where the view pads.
    std::int64_t batch_start = 0;                    // Of this micro-batch, in the batch of each rank.
    std::int64_t dp_rank = 0;
    std::int64_t tp_size = 1;
    std::int64_t graph_rows = 0;                         // Of the graph that is replayed; 0: none.
    std::optional<std::int64_t> decode_graph_rows = {};  // Of the one that a decode step of this rank replayed last.
};

// The tensors and the forward context that an engine would have around them. Engines keep counts by rank only where there are several.
struct RouterOffer {
    std::vector<std::vector<RowSegment>> tensors;  // Of each tensor-parallel worker, or one that all are given.
    std::vector<std::int64_t> counted_tokens;      // By rank, as padded across them.
    std::vector<std::int64_t> shard_tokens;
    std::vector<std::int64_t> rank_tokens;
    RouterView view = RouterView::joined;
    std::int64_t rank_rows = 0;
    std::int64_t batch_start = 0;
    std::int64_t dp_rank = 0;
    std::int64_t tp_size = 1;
    std::int64_t graph_rows = 0;
    std::optional<std::int64_t> decode_graph_rows = {};

    const std::vector<RowSegment>& tensor(std::int64_t worker) const {
        return tensors[tensors.size() == 1 ? 0 : static_cast<std::size_t>(worker)];
    }
    std::int64_t workers_rows() const;
    Dispatch dispatch() const;  // Views into this offer.
};

RouterOffer offered(RouterView view, const StepTokens& step);
void offer_into(RouterOffer& offer, RouterView view, const StepTokens& step);  // The same, in the memory of an earlier one.

}  // namespace kv
