#include "sim/rank/captured_rows.h"

#include <algorithm>

namespace kv {

CapturedRows::CapturedRows(const Engine& engine, const CaptureSettings& settings, RankId rank, EventSink& sink)
    : engine_(engine),
      settings_(settings),
      rank_(rank),
      sink_(sink),
      delivery_(engine, settings.rows),
      step_rows_(engine, delivery_.format(), settings.buffer.rows) {}

void CapturedRows::arrive(const LiveRequest& request) {
    delivery_.arrive(place(request.id), {.prompt = request.cache.prompt_tokens.value, .asked_first = 0, .opted_in = request.wants_rows});
    known(request);
}

void CapturedRows::known(const LiveRequest& request) { delivery_.known(place(request.id), request.cache.tokens.value, request.cache.keys); }

void CapturedRows::admit(const BlocksAsked& asked) {
    if (!asked.granted || asked.call.hit == nullptr) return;
    delivery_.admit(place(asked.request), {.hit = asked.call.hit_tokens.value,
                                           .loaded = asked.call.external.value,
                                           .blocks = CacheManager::held(asked.cache, settings_.group)});
}

void CapturedRows::stop(const LiveRequest& request) {
    const DeliveredRows delivered = delivery_.stop(
        place(request.id), {.tokens = request.cache.tokens.value, .blocks = CacheManager::held(request.cache, settings_.group)});
    wanted_.resize(static_cast<std::size_t>(delivered.count));
    request.text.rows(static_cast<std::int64_t>(rank_), delivered.first, wanted_);
    sink_.see(RowsDelivered{.rank = rank_,
                            .request = request.id,
                            .first = delivered.first,
                            .columns = delivery_.format().columns(),
                            .rows = delivered.rows,
                            .wanted = wanted_});
}

void CapturedRows::leave(const LiveRequest& request, RowsInFlight rows) { delivery_.preempt(place(request.id), rows); }

void CapturedRows::begin(std::span<const StepPart> parts) {
    requests_.clear();
    for (const StepPart& part : parts)
        requests_.push_back({.request = place(part.request->id),
                             .first = part.part.first,
                             .tokens = part.part.tokens,
                             .rejected = part.part.drafts - part.accepted.value_or(0),
                             .sampled = !part.part.prefill});
    delivery_.begin(requests_);
}

void CapturedRows::compute(StepId step, const StepOfRanks& ranks, std::span<const std::int64_t> slots) {
    step_rows_.begin();
    capture(step, ranks);
    const RowStep saved{.requests = requests_, .slots = slots, .rows = step_rows_.first_rows(std::ssize(slots))};
    sink_.see(RowsStored{.rank = rank_, .step = step, .slots = saved.slots, .rows = saved.rows});
    delivery_.save(saved);
}

void CapturedRows::capture(StepId step, const StepOfRanks& ranks) {
    offer_into(
        offer_, settings_.view,
        {.rank_tokens = ranks.tokens, .padding = ranks.padding, .dp_rank = static_cast<std::int64_t>(rank_), .tp_size = settings_.tp_size});
    const Dispatch dispatch = offer_.dispatch();
    // All layers with a router are offered alike: the first speaks for them.
    const RouterCall call{
        .layer = settings_.rows.model.dense_first, .rows = rows_of(offer_.tensor(0)), .columns = settings_.buffer.columns};
    sink_.see(RowsOffered{.rank = rank_, .step = step, .layers = settings_.buffer.layers, .call = call, .dispatch = dispatch});
    const Captured captured = capture_call(engine_, settings_.buffer, call, dispatch, offer_.workers_rows());
    sink_.see(RowsCaptured{.rank = rank_, .step = step, .captured = captured});
    if (const auto* refusal = std::get_if<Refusal>(&captured.outcome)) refuse(*refusal);
    if (const auto* copied = std::get_if<CopiedRows>(&captured.outcome)) copy(*copied, ranks);
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
