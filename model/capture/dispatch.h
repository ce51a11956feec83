// What the router of one layer is given of a step's tokens, and what an engine knows when it has to say which of those rows are its own.
#pragma once

#include "model/units.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kv {

// How a step's tokens reach the routers of data-parallel ranks, each of them sharded over tensor-parallel workers.
enum class RouterView : std::uint8_t {
    joined,           // All ranks' tokens, one rank after another.
    local,            // This rank's tokens: the exchange is inside the kernel.
    padded_gather,    // All ranks' tokens, each padded to the largest rank.
    gathered_shards,  // All ranks' shards, each rank padded to whole shards.
    shard,            // This worker's shard of its rank's tokens.
    graph_padded      // This rank's tokens, padded to the size that a graph was captured for.
};
inline constexpr std::array router_view_names{std::string_view("joined"),        std::string_view("local"),
                                              std::string_view("padded-gather"), std::string_view("gathered-shards"),
                                              std::string_view("shard"),         std::string_view("graph-padded")};

// Said by whoever dispatches, who knows: rows need not be guessed from their number.
struct DeclaredLayout {
    RouterView view = RouterView::joined;
    std::span<const std::int64_t> rank_tokens;  // Of each data-parallel rank, padding left out,
    std::span<const std::int64_t> rank_counts;  // and with the padding of its own batch.
    std::int64_t rank_rows = 0;                 // What each rank is padded to, where the view pads.
};

// What the engine's forward context holds during a call.
struct Dispatch {
    std::optional<std::span<const std::int64_t>> rank_tokens;   // Of each data-parallel rank, as padded across them; none: no such ranks.
    std::optional<std::span<const std::int64_t>> shard_tokens;  // Of each shard, tensor-parallel ranks innermost.
    std::optional<std::int64_t> batch_tokens;                   // Of the batch descriptor.
    std::int64_t batch_start = 0;                               // Where this micro-batch begins in its batch.
    std::int64_t dp_rank = 0;
    std::int64_t tp_size = 1;
    std::optional<DeclaredLayout> declared = {};
    std::int64_t graph_rows = 0;                         // Of the graph that is replayed; 0: none.
    std::optional<std::int64_t> decode_graph_rows = {};  // Of the one that a decode step replayed last.
};

// The rows that a router's call brings: `layer` is what the caller says.
struct RouterCall {
    std::int64_t layer = 0;
    std::int64_t rows = 0;     // Of the tensor that this worker was given.
    std::int64_t columns = 0;  // Ids a row.
};

// The rows that are this rank's, of the tensor or of all workers' tensors joined. A range may reach past what there is, as a slice may.
struct RowsTaken {
    bool from_all_workers = false;  // After an all-gather over the tensor-parallel workers.
    std::int64_t first = 0;
    std::int64_t count = 0;
    friend bool operator==(const RowsTaken&, const RowsTaken&) = default;
};

// No layout fits and the engine says so in its log, or nowhere; nothing is captured.
struct RowsSkipped {
    friend bool operator==(const RowsSkipped&, const RowsSkipped&) = default;
};

// Rows of one worker's shard when `tokens` are shared by the workers of a rank.
constexpr std::int64_t shard_rows(std::int64_t tokens, std::int64_t tp_size) { return ceil_div(tokens, tp_size); }

}  // namespace kv
