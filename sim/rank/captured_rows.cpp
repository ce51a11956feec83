#include "sim/rank/captured_rows.h"

#include "model/addressing/pad_slot.h"

#include <algorithm>
#include <numeric>

namespace kv {
namespace {

bool keeps_by_slot(const Engine& engine) {
    const Transport transport = engine.transport.choice;
    return transport == Transport::shared_memory || transport == Transport::slot_cache || transport == Transport::prompt_by_slot;
}

}  // namespace

CapturedRows::CapturedRows(const Engine& engine, const CaptureSettings& settings, RankId rank, EventSink& sink)
    : engine_(engine),
      settings_(settings),
      rank_(rank),
      sink_(sink),
      delivery_(engine, settings.rows),
      step_rows_(engine, delivery_.format(), settings.buffer.rows),
      by_slot_(keeps_by_slot(engine)) {
    if (by_slot_ && engine.pad_rows.choice == PadRows::negative_wraps) pad_slot_ = settings.rows.rows - 1;
}

void CapturedRows::tell() const {
    const RowFormat& format = delivery_.format();
    const RowModel& model = settings_.rows.model;
    RowsFormed formed{.rank = rank_,
                      .layers = model.layers,
                      .dense_first = model.dense_first,
                      .entries = format.entries(),
                      .experts = model.routers.experts,
                      .topk = model.routers.topk,
                      .id_end = format.id_end(),
                      .routes_inside = model.routes_inside,
                      .layer_parts = format.parts(),
                      .stride = format.stride(),
                      .reader_entries = settings_.reader_layers};
    if (format.type()) formed.type_end = type_end(*format.type());
    sink_.see(formed);
    BufferMade buffer{.rank = rank_,
                      .buffer = BufferKind::step,
                      .rows = Rows(settings_.buffer.rows),
                      .layers = settings_.buffer.layers,
                      .columns = settings_.buffer.columns};
    if (engine_.capture_start.choice == BatchStart::as_offered) buffer.ranks = settings_.data_ranks;
    sink_.see(buffer);
    buffer.ranks.reset();
    if (!by_slot_) return;
    buffer.buffer = BufferKind::side;
    buffer.rows = Rows(settings_.rows.rows);
    buffer.group = static_cast<std::int64_t>(settings_.group);
    buffer.rows_per_block = settings_.rows.address.block_tokens();
    sink_.see(buffer);
    buffer.buffer = BufferKind::side_reader;
    buffer.rows = Rows(settings_.rows.reader_rows.value_or(settings_.rows.rows));
    sink_.see(buffer);
}

void CapturedRows::arrive(const LiveRequest& request) {
    delivery_.arrive(request.place, {.prompt = request.cache.prompt_tokens.value, .asked_first = 0, .opted_in = request.wants_rows});
    known(request);
}

void CapturedRows::known(const LiveRequest& request) { delivery_.known(request.place, request.cache.tokens.value, request.cache.keys); }

void CapturedRows::admit(const LiveRequest& request, const BlocksAsked& asked) {
    if (!asked.granted || !asked.admission) return;
    delivery_.admit(request.place,
                    {.hit = asked.hit.value, .loaded = asked.external.value, .blocks = CacheManager::held(request.cache, settings_.group)});
}

void CapturedRows::tell_read(const LiveRequest& request) {
    const std::span<const std::int64_t> slots = delivery_.last_read();
    if (slots.empty()) return;
    sink_.see(
        RowsRead{.rank = rank_, .request = request.id, .group = static_cast<std::int64_t>(settings_.group), .first = 0, .slots = slots});
}

void CapturedRows::stop(const LiveRequest& request) {
    DeliveredRows delivered;
    try {
        delivered = delivery_.stop(request.place,
                                   {.tokens = request.cache.tokens.value, .blocks = CacheManager::held(request.cache, settings_.group)});
    } catch (const RefusedByEngine&) {
        tell_read(request);  // Of what was read here is what was wrong.
        throw;
    }
    tell_read(request);
    wanted_.resize(static_cast<std::size_t>(delivered.count));
    request.text.rows(static_cast<std::int64_t>(rank_), delivered.first, wanted_);
    sink_.see(RowsDelivered{.rank = rank_,
                            .request = request.id,
                            .first = delivered.first,
                            .columns = delivery_.format().columns(),
                            .rows = delivered.rows,
                            .wanted = wanted_});
}

void CapturedRows::leave(const LiveRequest& request, RowsInFlight rows) { delivery_.preempt(request.place, rows); }

void CapturedRows::begin(std::span<const StepPart> parts) {
    requests_.clear();
    live_.clear();
    for (const StepPart& part : parts) {
        live_.push_back(part.request);
        requests_.push_back({.request = part.request->place,
                             .first = part.part.first,
                             .tokens = part.part.tokens,
                             .rejected = part.part.drafts - part.accepted.value_or(0),
                             .sampled = !part.part.prefill});
    }
    delivery_.begin(requests_);
}

void CapturedRows::compute(StepId step, const StepOfRanks& ranks, std::span<const std::int64_t> slots) {
    const BatchSize& own = ranks.batches[static_cast<std::size_t>(rank_)];
    if (!own.dummy) step_rows_.begin();
    const bool decodes = std::ranges::all_of(requests_, [](const StepRequest& part) { return part.tokens == 1 && part.sampled; });
    if (own.graph > 0 && decodes && !own.dummy) decode_graph_rows_ = own.graph;
    buffer_first_ = 0;
    for (std::int64_t part = 0; part < own.micro_batches; ++part) capture(step, ranks, part);
    if (own.dummy) return;
    const RowStep saved{.requests = requests_, .slots = writer_slots(slots), .rows = step_rows_.rows(buffer_first_, std::ssize(slots))};
    sink_.see(RowsStored{.rank = rank_,
                         .step = step,
                         .group = static_cast<std::int64_t>(settings_.group),
                         .slots = saved.slots,
                         .rows = saved.rows,
                         .by_slot = by_slot_,
                         .pad_slot = pad_slot_});
    delivery_.save(saved);
}

// One micro-batch, which is the same rows of every rank's batch.
void CapturedRows::capture(StepId step, const StepOfRanks& ranks, std::int64_t part) {
    const BatchSize& own = ranks.batches[static_cast<std::size_t>(rank_)];
    const std::int64_t start = own.start(part);
    part_tokens_.clear();
    part_rows_.clear();
    for (std::size_t rank = 0; rank < ranks.batches.size(); ++rank) {
        const BatchSize& batch = ranks.batches[rank];
        const std::int64_t length = std::clamp<std::int64_t>(batch.rows - start, 0, own.micro_batches == 1 ? batch.rows : own.length(part));
        part_rows_.push_back(length);
        part_tokens_.push_back(std::clamp<std::int64_t>(ranks.tokens[rank] - start, 0, length));
    }
    offer_into(offer_, settings_.view,
               {.rank_tokens = part_tokens_,
                .rank_counts = part_rows_,
                .batch_start = start,
                .dp_rank = static_cast<std::int64_t>(rank_),
                .tp_size = settings_.tp_size,
                .graph_rows = own.graph,
                .decode_graph_rows = decode_graph_rows_});
    const Dispatch dispatch = offer_.dispatch();
    // All layers with a router are offered alike: the first speaks for them.
    const RouterCall call{.layer = settings_.router_layer.value_or(settings_.rows.model.dense_first),
                          .rows = rows_of(offer_.tensor(0)),
                          .columns = settings_.router_columns.value_or(settings_.buffer.columns)};
    sink_.see(RowsOffered{.rank = rank_,
                          .step = step,
                          .micro_batch = part,
                          .layer = call.layer,
                          .layers = settings_.buffer.layers - settings_.rows.model.dense_first,
                          .rows = call.rows,
                          .columns = call.columns,
                          .layout = settings_.view,
                          .tp_size = settings_.tp_size,
                          .batch_start = start,
                          .rank_tokens = part_tokens_,
                          .rank_rows = offer_.counted_tokens});
    const Captured captured = capture_call(engine_, settings_.buffer, call, dispatch, offer_.workers_rows());
    RowsCaptured told{.rank = rank_, .step = step, .micro_batch = part, .outcome = CaptureOutcome::skipped};
    if (const auto* copied = std::get_if<CopiedRows>(&captured.outcome)) {
        copy(*copied, ranks);
        told.outcome = CaptureOutcome::copied;
        told.from_all_workers = copied->from_all_workers;
        told.buffer_first = copied->buffer_first;
        told.first = copied->first;
        told.count = copied->count;
        told.one_column_for_all = copied->one_column_for_all;
        told.rows = tags_;
        told.layer = copied->layer;
    }
    const auto* refusal = std::get_if<Refusal>(&captured.outcome);
    if (refusal != nullptr) told.outcome = CaptureOutcome::refused;
    sink_.see(told);
    if (refusal != nullptr) refuse(*refusal);
}

// Source row by source row, from the tensors to the step buffer.
void CapturedRows::copy(const CopiedRows& copied, const StepOfRanks& ranks) {
    tags_.assign(static_cast<std::size_t>(copied.count), never_written_tag);
    std::int64_t row = 0;
    const std::int64_t workers = copied.from_all_workers ? offer_.tp_size : 1;
    for (std::int64_t worker = 0; worker < workers; ++worker) {
        for (const RowSegment& segment : offer_.tensor(worker)) {
            const std::int64_t from = std::max(row, copied.first), to = std::min(row + segment.count, copied.first + copied.count);
            if (segment.rank != pad_rank && from < to) {
                const auto source = ranks.rows[static_cast<std::size_t>(segment.rank)].subspan(
                    static_cast<std::size_t>(segment.first + from - row), static_cast<std::size_t>(to - from));
                std::ranges::copy(source, tags_.begin() + (from - copied.first));
            }
            row += segment.count;
        }
    }
    step_rows_.capture(copied.buffer_first, tags_);
    if (engine_.capture_start.choice == BatchStart::as_offered) buffer_first_ = copied.buffer_first - offer_.batch_start;
}

// Where the rows of the step's tokens go: to their slots in the capture group, unless it is by the ids that group 0 has for the same
// columns. A column that it does not have is an entry of 0.
std::span<const std::int64_t> CapturedRows::writer_slots(std::span<const std::int64_t> slots) {
    if (engine_.row_writer.choice == RowWriterGroup::capture_group) return slots;
    first_slots_.resize(slots.size());
    auto out = first_slots_.begin();
    const SlotAddress& address = settings_.rows.address;
    for (std::size_t part = 0; part < live_.size(); ++part) {
        const std::span<const BlockId> held = CacheManager::held(live_[part]->cache, 0);
        const StepRequest& tokens = requests_[part];
        std::fill_n(out, tokens.tokens, pad_slot);
        address.each_stretch(tokens.first, tokens.tokens, [&](const Stretch& at) {
            const std::int64_t id = at.column < std::ssize(held) ? static_cast<std::int64_t>(held[static_cast<std::size_t>(at.column)]) : 0;
            const auto stretch = out + (at.position - tokens.first);
            std::iota(stretch, stretch + at.length, checked_add(checked_mul(id, address.block_tokens()), at.offset));
        });
        out += tokens.tokens;
    }
    return first_slots_;
}

void CapturedRows::settle() { delivery_.settle(); }

}  // namespace kv
