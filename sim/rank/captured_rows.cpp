#include "sim/rank/captured_rows.h"

#include <algorithm>

namespace kv {
namespace {

bool keeps_by_slot(const Engine& engine) {
    return engine.transport.choice == Transport::shared_memory || engine.transport.choice == Transport::slot_cache;
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
                      .layer_parts = format.parts()};
    if (format.type()) formed.type_end = type_end(*format.type());
    sink_.see(formed);
    BufferMade buffer{.rank = rank_,
                      .buffer = BufferKind::step,
                      .rows = Rows(settings_.buffer.rows),
                      .layers = settings_.buffer.layers,
                      .columns = settings_.buffer.columns};
    sink_.see(buffer);
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
    for (const StepPart& part : parts)
        requests_.push_back({.request = part.request->place,
                             .first = part.part.first,
                             .tokens = part.part.tokens,
                             .rejected = part.part.drafts - part.accepted.value_or(0),
                             .sampled = !part.part.prefill});
    delivery_.begin(requests_);
}

void CapturedRows::compute(StepId step, const StepOfRanks& ranks, std::span<const std::int64_t> slots) {
    const BatchSize& own = ranks.batches[static_cast<std::size_t>(rank_)];
    if (!own.dummy) step_rows_.begin();
    for (std::int64_t part = 0; part < own.micro_batches; ++part) capture(step, ranks, part);
    if (own.dummy) return;
    const RowStep saved{.requests = requests_, .slots = slots, .rows = step_rows_.first_rows(std::ssize(slots))};
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
                .tp_size = settings_.tp_size});
    const Dispatch dispatch = offer_.dispatch();
    // All layers with a router are offered alike: the first speaks for them.
    const RouterCall call{
        .layer = settings_.rows.model.dense_first, .rows = rows_of(offer_.tensor(0)), .columns = settings_.buffer.columns};
    sink_.see(RowsOffered{.rank = rank_,
                          .step = step,
                          .micro_batch = part,
                          .layer = call.layer,
                          .layers = settings_.buffer.layers - call.layer,
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
}

void CapturedRows::settle() { delivery_.settle(); }

}  // namespace kv
