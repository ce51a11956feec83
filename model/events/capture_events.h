// What becomes of a step's tokens: which slots they have, and the rows of routed experts that are captured, kept and delivered. Spans live
// until the call returns.
#pragma once

#include "model/addressing/position_run.h"
#include "model/capture/dispatch.h"
#include "model/capture/provenance.h"
#include "model/capture/row_format.h"
#include "model/events/event_ids.h"
#include "model/refusal.h"

#include <array>
#include <cstdint>

namespace kv {

constexpr std::span<const std::string_view> names_of(RouterView) { return router_view_names; }
inline constexpr std::array<std::string_view, 3> row_writer_names{"nobody", "target", "drafter"};
constexpr std::span<const std::string_view> names_of(RowWriter) { return row_writer_names; }

struct SlotsMapped {
    static constexpr std::string_view name = "slots-mapped";
    static constexpr std::string_view meaning = "a worker has looked up the slots of a step's tokens in a group";
    RankId rank{};
    StepId step{};
    std::int64_t group = 0;
    std::int64_t context_rank = 0;
    std::span<const RequestId> requests = {};
    std::span<const PositionRun> runs = {};
    std::span<const std::int64_t> slots = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("group", event.group, "");
        each("context_rank", event.context_rank, "of the ranks that share a request's tokens");
        each("requests", event.requests, "of each row of the batch");
        each("runs", event.runs, "the row's positions: row of the block table, count, first");
        each("slots", event.slots, "in the order of the runs' tokens; -1 is nobody's: after the last of them where the batch is padded");
    }
};

struct KvWritten {
    static constexpr std::string_view name = "kv-written";
    static constexpr std::string_view meaning = "a step has written keys and values through its slots";
    RankId rank{};
    StepId step{};
    std::int64_t group = 0;
    std::int64_t context_rank = 0;
    std::int64_t tokens = 0;
    std::span<const std::int64_t> slots = {};
    std::optional<std::int64_t> pad_slot = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("group", event.group, "");
        each("context_rank", event.context_rank, "");
        each("tokens", event.tokens, "of requests: slots past these many are of padding");
        each("slots", event.slots, "");
        each("pad_slot", event.pad_slot, "what a slot of -1 writes to; none: nothing");
    }
};

struct RowsFormed {
    static constexpr std::string_view name = "rows-formed";
    static constexpr std::string_view meaning = "the engine has settled what a captured row is made of";
    RankId rank{};
    std::int64_t layers = 0;
    std::int64_t dense_first = 0;
    std::int64_t entries = 0;
    std::int64_t experts = 0;
    std::int64_t topk = 0;
    std::int64_t id_end = 0;
    std::optional<std::int64_t> type_end = {};
    bool routes_inside = false;
    std::span<const RowPart> layer_parts = {};
    std::optional<std::int64_t> stride = {};
    std::optional<std::int64_t> reader_entries = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("layers", event.layers, "of the target model");
        each("dense_first", event.dense_first, "of these, the first so many have no router");
        each("entries", event.entries, "layers of a row");
        each("experts", event.experts, "logical ones, of one layer");
        each("topk", event.topk, "experts of a token");
        each("id_end", event.id_end, "one past the largest id that is captured");
        each("type_end", event.type_end, "one past the largest number that the stored type holds; none: each step has its own type");
        each("routes_inside", event.routes_inside, "the expert kernel routes, and calls nobody back");
        each("layer_parts", event.layer_parts, "layers of a row that are treated alike");
        each("stride", event.stride, "ids from the first of a row to the first of the next, as they are written; none: top-k");
        each("reader_entries", event.reader_entries, "layers of a row as whoever reads rows counts them; none: as many as it has");
    }
};

// What the routers of all layers were given, alike: their tensor, and what the engine knows of it.
struct RowsOffered {
    static constexpr std::string_view name = "rows-offered";
    static constexpr std::string_view meaning = "the routers of a step were given their tensor";
    RankId rank{};
    StepId step{};
    std::int64_t micro_batch = 0;
    std::int64_t layer = 0;
    std::int64_t layers = 0;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    RouterView layout{};
    std::int64_t tp_size = 1;
    std::int64_t batch_start = 0;
    std::span<const std::int64_t> rank_tokens = {};
    std::span<const std::int64_t> rank_rows = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("micro_batch", event.micro_batch, "from 0");
        each("layer", event.layer, "first layer that has a router, as that router says it");
        each("layers", event.layers, "that are offered alike");
        each("rows", event.rows, "of the tensor of this rank's first worker");
        each("columns", event.columns, "ids of a row");
        each("layout", event.layout, "whose rows they are");
        each("tp_size", event.tp_size, "workers of a rank");
        each("batch_start", event.batch_start, "where this micro-batch begins in its batch");
        each("rank_tokens", event.rank_tokens, "of each data-parallel rank in this micro-batch");
        each("rank_rows", event.rank_rows, "the same with padding, as the engine counts it");
    }
};

enum class CaptureOutcome : std::uint8_t { copied, skipped, refused };
inline constexpr std::array<std::string_view, 3> capture_outcome_names{"copied", "skipped", "refused"};
constexpr std::span<const std::string_view> names_of(CaptureOutcome) { return capture_outcome_names; }

// What the engine made of it. Rows are those of the tensor, or of all workers' tensors joined.
struct RowsCaptured {
    static constexpr std::string_view name = "rows-captured";
    static constexpr std::string_view meaning = "a rank has taken what it holds to be its own rows into its step buffer";
    RankId rank{};
    StepId step{};
    std::int64_t micro_batch = 0;
    CaptureOutcome outcome{};
    bool from_all_workers = false;
    std::int64_t buffer_first = 0;
    std::int64_t first = 0;
    std::int64_t count = 0;
    bool one_column_for_all = false;
    std::span<const RowTag> rows = {};
    std::optional<std::int64_t> layer = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("micro_batch", event.micro_batch, "from 0");
        each("outcome", event.outcome, "");
        each("from_all_workers", event.from_all_workers, "the workers' tensors were joined first");
        each("buffer_first", event.buffer_first, "row of the step buffer that the first of them goes to");
        each("first", event.first, "row of the tensor that is taken first");
        each("count", event.count, "rows");
        each("one_column_for_all", event.one_column_for_all, "one id of a row is copied to all its columns");
        each("rows", event.rows, "the tags of these rows: who routed which token");
        each("layer", event.layer, "of the step buffer that the first layer with a router goes to; none: its own");
    }
};

struct RowsStored {
    static constexpr std::string_view name = "rows-stored";
    static constexpr std::string_view meaning = "the rows of a step went to their slots, or with its output";
    RankId rank{};
    StepId step{};
    std::int64_t group = 0;
    std::span<const std::int64_t> slots = {};
    std::span<const RowTag> rows = {};
    bool by_slot = true;
    std::optional<std::int64_t> pad_slot = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("group", event.group, "whose slots they are");
        each("slots", event.slots, "one a row");
        each("rows", event.rows, "tags: a row is one for the target, and one more where a drafter writes too");
        each("by_slot", event.by_slot, "a buffer with a row for each slot is written");
        each("pad_slot", event.pad_slot, "the row that a slot of -1 writes to; none: nothing");
    }
};

struct RowsRead {
    static constexpr std::string_view name = "rows-read";
    static constexpr std::string_view meaning = "the rows of a request were read by slot";
    RankId rank{};
    RequestId request{};
    std::int64_t group = 0;
    std::int64_t first = 0;
    std::span<const std::int64_t> slots = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("group", event.group, "whose blocks the reader goes by");
        each("first", event.first, "position");
        each("slots", event.slots, "one a position; -1: none is read");
    }
};

struct RowsDelivered {
    static constexpr std::string_view name = "rows-delivered";
    static constexpr std::string_view meaning = "a request was given its rows, of consecutive positions";
    RankId rank{};
    RequestId request{};
    std::int64_t first = 0;
    std::int64_t columns = 1;
    std::span<const RowTag> rows = {};
    std::span<const RowTag> wanted = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("first", event.first, "position");
        each("columns", event.columns, "tags of a row: the target's, and the drafter's where it writes too");
        each("rows", event.rows, "`columns` a position");
        each("wanted", event.wanted, "one a position: what the target's should be");
    }
};

// The rank is then of no further use.
struct EngineFault {
    static constexpr std::string_view name = "engine-fault";
    static constexpr std::string_view meaning = "the engine raises";
    RankId rank{};
    StepId step{};
    Raised type{};
    std::string_view raised_in;
    std::string_view message;
    std::span<const std::int64_t> figures = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("type", event.type, "of the exception");
        each("raised_in", event.raised_in, "the engine's function");
        each("message", event.message, "what is wrong, in words");
        each("figures", event.figures, "the numbers of the engine's message");
    }
};

}  // namespace kv
