#include "sim/rank/rank_run.h"

#include <utility>

namespace kv {

RankRun::RankRun(const Engine& engine, const RankSettings& settings, Outside& outside, EventSink& sink)
    : rank_(settings.rank),
      outside_(outside),
      sink_(sink),
      steps_in_flight_(settings.steps_in_flight),
      manager_(engine, settings.cache),
      scheduler_(engine, settings.rank, settings.scheduler, manager_, outside, *this),
      batch_(engine, settings.tables, settings.batch),
      slots_(settings.tables.size(), std::vector<std::int64_t>(static_cast<std::size_t>(settings.scheduler.batched_max.value))) {
    require(settings.steps_in_flight > 0, "a step is in flight until it is settled");
    if (settings.capture) capture_ = std::make_unique<CapturedRows>(engine, *settings.capture, settings.rank, sink);
}

void RankRun::arrive(NewRequest asked) {
    LiveRequest& request = requests_.emplace_back(RequestId{std::ssize(requests_)}, manager_.setup().hash_block);
    request.keyed = manager_.setup().prefix_caching;
    request.text = std::move(asked.text);
    request.outputs_max = asked.outputs_max;
    request.wants_rows = asked.wants_rows;
    request.cache.prompt_tokens = Tokens(asked.prompt);
    request.grow(asked.prompt);
    if (capture_) capture_->arrive(request);
    scheduler_.arrive(request);
}

void RankRun::abort(RequestId id) { scheduler_.abort(of(id)); }

std::int64_t RankRun::schedule() {
    std::vector<StepPart> step;
    if (!spare_.empty()) {
        step = std::move(spare_.back());
        spare_.pop_back();
    }
    scheduler_.schedule(step);
    guess(step);
    batch_.take(step);
    tag_rows();
    if (capture_) capture_->begin(batch_.parts());
    in_flight_.push_back(std::move(step));
    ++steps_;
    return std::ssize(rows_);
}

// How many drafts are good is settled by the models when the step is computed. A scheduler that is a step ahead counts on all of them;
// the worker goes on from where the last good one was.
void RankRun::guess(std::vector<StepPart>& step) {
    for (auto& [request, part, accepted] : step) {
        if (part.drafts > 0) accepted = part.padded || part.prefill ? 0 : outside_.accepted(request->id, part.drafts);
        if (request->next_admission == request->admissions) part.first = request->next_position;
        request->next_admission = request->admissions;
        request->next_position = part.first + part.tokens - (part.drafts - accepted.value_or(0));
    }
}

void RankRun::tag_rows() {
    rows_.clear();
    for (const StepPart& part : batch_.parts()) {
        const auto before = rows_.size();
        rows_.resize(before + static_cast<std::size_t>(part.part.tokens));
        const std::span<RowTag> rows = std::span(rows_).subspan(before);
        part.request->text.rows(static_cast<std::int64_t>(rank_), part.part.first, rows);
        // A guess that is rejected was of another text.
        const std::int64_t rejected = part.part.drafts - part.accepted.value_or(0);
        for (RowTag& tag : rows.last(static_cast<std::size_t>(rejected))) {
            RowOrigin origin = origin_of(tag).value();
            origin.content ^= 1;
            tag = tag_of(origin);
        }
    }
}

void RankRun::compute(const StepOfRanks& ranks) {
    const StepId step{steps_ - 1};
    const auto tokens = rows_.size();
    for (std::size_t group = 0; group < slots_.size(); ++group) {
        const std::span<const std::int64_t> slots = batch_.map(group, slots_[group]);
        sink_.see(SlotsMapped{.rank = rank_, .step = step, .group = group, .runs = batch_.runs(), .slots = slots});
    }
    if (capture_ && tokens > 0) capture_->compute(step, ranks, std::span(slots_[capture_->group()]).first(tokens));
}

void RankRun::settle() {
    const bool empty = in_flight_.back().empty();
    while (!in_flight_.empty() && (empty || std::ssize(in_flight_) >= steps_in_flight_)) {
        std::vector<StepPart> oldest = std::move(in_flight_.front());
        in_flight_.pop_front();
        if (capture_ && !oldest.empty()) capture_->settle();
        scheduler_.settle(oldest);
        spare_.push_back(std::move(oldest));
    }
}

void RankRun::see(const BlocksAsked& event) {
    sink_.see(event);
    if (capture_) capture_->admit(event);
}

void RankRun::see(const RequestStops& event) {
    sink_.see(event);
    if (!capture_) return;
    if (event.why == FreedWhy::finished) capture_->stop(of(event.request));
    else capture_->leave(of(event.request), event.drops_output ? RowsInFlight::dropped : RowsInFlight::kept);
}

void RankRun::see(const OutputSettled& event) {
    sink_.see(event);
    if (capture_ && event.outputs > 0) capture_->known(of(event.request));
}

void RankRun::see(const CacheReset& event) {
    sink_.see(event);
    if (capture_ && event.done) capture_->reset_prefixes();
}

}  // namespace kv
