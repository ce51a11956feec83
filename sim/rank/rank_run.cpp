#include "sim/rank/rank_run.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {

RankRun::RankRun(const Engine& engine, const RankSettings& settings, Outside& outside, EventSink& sink)
    : rank_(settings.rank),
      outside_(outside),
      sink_(sink),
      steps_in_flight_(settings.steps_in_flight),
      states_written_(engine.states_written.choice),
      padded_states_(engine.padded_states.choice),
      decode_tokens_(engine.scheduler.choice == SchedulerRules::vllm_0_18 ? 1 : 1 + settings.scheduler.drafts_max),
      manager_(engine, settings.cache),
      scheduler_(engine, settings.rank, settings.scheduler, manager_, outside, *this),
      batch_(engine, settings.tables, settings.batch),
      window_table_(engine.window_table.choice),
      draft_slots_(engine.draft_slots.choice),
      slots_(settings.tables.size()) {
    require(settings.steps_in_flight > 0, "a step is in flight until it is settled");
    if (settings.capture) capture_ = std::make_unique<CapturedRows>(engine, *settings.capture, settings.rank, sink);
    for (std::size_t group = 0; group < settings.cache.groups.size(); ++group)
        if (std::holds_alternative<MambaSpec>(settings.cache.groups[group].spec)) state_groups_.push_back(group);
    tell_what_is_made(engine, settings);
}

void RankRun::tell_what_is_made(const Engine& engine, const RankSettings& settings) {
    const BlockPool& pool = manager_.pool();
    sink_.see(PoolMade{.rank = rank_, .blocks = settings.cache.blocks, .null_blocks = 1, .free = Blocks(pool.free_count())});
    for (std::size_t group = 0; group < settings.tables.size(); ++group) {
        const BlockTable& table = batch_.tables().tables()[group];
        sink_.see(TableMade{.rank = rank_,
                            .group = static_cast<std::int64_t>(group),
                            .rows = table.rows(),
                            .columns = table.width(),
                            .block = settings.tables[group].block,
                            .kernel_block = TokensPerBlock(table.address().block_tokens())});
        tell_addresses(engine, settings, group);
    }
    tell_draft_pool(settings);
    if (capture_) capture_->tell();
}

// The last slot of the last block, as the worker's slot mapping forms it, and the last element of that block's page in a kernel.
void RankRun::tell_addresses(const Engine& engine, const RankSettings& settings, std::size_t group) {
    const TableShape& table = settings.tables[group];
    const std::int64_t blocks = settings.cache.blocks.value;
    const std::int64_t slots = checked_mul(blocks, table.block.value);
    AddressFormed formed{.rank = rank_,
                         .group = static_cast<std::int64_t>(group),
                         .largest = slots - 1,
                         .bits = engine.slot_arithmetic.choice == SlotArithmetic::wraps_at_32_bits ? 32 : 64,
                         .actor = AddressActor::slot_mapping};
    sink_.see(formed);
    pad_slots_.push_back(engine.cache_pad.choice == CachePad::indexed ? std::optional(slots - 1) : std::nullopt);
    if (table.block_elements == 0) return;
    formed.largest = checked_mul(blocks, table.block_elements) - 1;
    formed.bits = engine.kernel_offsets.choice == KernelOffsets::bits_32 ? 32 : 64;
    formed.actor = AddressActor::kernel;
    sink_.see(formed);
}

// The pool of a drafter is one of the group that keeps every token.
void RankRun::tell_draft_pool(const RankSettings& settings) {
    if (!settings.draft_blocks) return;
    const auto& groups = settings.cache.groups;
    const auto full = std::ranges::find_if(groups, [](const CacheGroup& group) { return full_of(group.spec) != nullptr; });
    const std::int64_t group = full == groups.end() ? 0 : full - groups.begin();
    const std::int64_t block = settings.tables[static_cast<std::size_t>(group)].block.value;
    sink_.see(BufferMade{.rank = rank_,
                         .buffer = BufferKind::draft,
                         .rows = Rows(checked_mul(settings.draft_blocks->value, block)),
                         .group = group,
                         .rows_per_block = block});
}

void RankRun::arrive(RequestId id, NewRequest asked) {
    LiveRequest& request = requests_.emplace_back(id, manager_.setup().hash_block);
    const auto index = static_cast<std::size_t>(id);
    if (by_id_.size() <= index) by_id_.resize(index + 1, nullptr);
    require(by_id_[index] == nullptr, "no two requests have one id");
    by_id_[index] = &request;
    ++left_;
    request.place = std::ssize(requests_) - 1;
    request.keyed = manager_.setup().prefix_caching;
    request.text = std::move(asked.text);
    request.outputs_max = asked.outputs_max;
    request.wants_rows = asked.wants_rows;
    request.encoder_tokens = asked.encoder_tokens;
    request.cache.prompt_tokens = Tokens(asked.prompt);
    request.grow(asked.prompt);
    if (capture_) capture_->arrive(request);
    scheduler_.arrive(request);
}

void RankRun::abort(RequestId id) {
    LiveRequest& request = of(id);
    if (!request.done) scheduler_.abort(request);
}

std::int64_t RankRun::schedule(StepId id) {
    StepInFlight step{.id = id};
    if (!spare_.empty()) {
        step.parts = std::move(spare_.back());
        spare_.pop_back();
    }
    scheduler_.schedule(id, step.parts);
    guess(step.parts);
    batch_.take(step.parts);
    tag_rows();
    if (capture_) capture_->begin(batch_.parts());
    in_flight_.push_back(std::move(step));
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
    const StepId step = in_flight_.back().id;
    const BatchSize& size = ranks.batches[static_cast<std::size_t>(rank_)];
    if (size.rows == 0) return;
    sink_.see(BatchSized{.rank = rank_,
                         .step = step,
                         .tokens = size.tokens,
                         .rows = size.rows,
                         .graph = size.graph,
                         .micro_batches = size.micro_batches,
                         .dummy = size.dummy,
                         .iterations = size.iterations});
    if (!size.dummy) {
        map_slots(step, size.rows);
        if (!state_groups_.empty()) write_states(step, size.rows - size.tokens);
    }
    if (capture_) capture_->compute(step, ranks, std::span(slots_[capture_->group()]).first(rows_.size()));
}

// The slots of the first context-parallel rank are looked up last: they are those that capture goes by.
void RankRun::map_slots(StepId step, std::int64_t rows) {
    for (std::int64_t context_rank = batch_.context_ranks() - 1; context_rank >= 0; --context_rank) {
        for (std::size_t group = 0; group < slots_.size(); ++group) {
            std::vector<std::int64_t>& room = slots_[group];
            if (std::ssize(room) < rows) room.resize(static_cast<std::size_t>(rows));
            const std::span<std::int64_t> slots = batch_.map(context_rank, group, std::span(room).first(static_cast<std::size_t>(rows)));
            look_up_otherwise(group, slots);
            sink_.see(SlotsMapped{.rank = rank_,
                                  .step = step,
                                  .group = static_cast<std::int64_t>(group),
                                  .context_rank = context_rank,
                                  .requests = batch_.requests(),
                                  .runs = batch_.runs(),
                                  .slots = slots});
            sink_.see(KvWritten{.rank = rank_,
                                .step = step,
                                .group = static_cast<std::int64_t>(group),
                                .context_rank = context_rank,
                                .tokens = std::ssize(rows_),
                                .slots = slots,
                                .pad_slot = pad_slots_[group]});
        }
    }
}

// Slots that a worker does not take from the whole row of its block table.
void RankRun::look_up_otherwise(std::size_t group, std::span<std::int64_t> slots) const {
    const bool guesses_follow = draft_slots_ == DraftSlots::contiguous, narrow = window_table_ == WindowTable::window_only;
    if ((!guesses_follow && !narrow) || batch_.context_ranks() > 1) return;
    const KvSpec& spec = manager_.setup().groups[group].spec;
    if (attention_of(spec) == nullptr) return;
    const std::int64_t block = batch_.tables().tables()[group].address().block_tokens();
    const SlidingWindowSpec* sliding = narrow ? sliding_of(spec) : nullptr;
    const std::int64_t narrow_end = sliding != nullptr ? ceil_div(sliding->window.value, block) * block : 0;
    auto slot = slots.begin();
    for (const StepPart& part : batch_.parts()) {
        const auto end = slot + part.part.tokens;
        if (sliding != nullptr)
            for (std::int64_t i = std::max<std::int64_t>(0, narrow_end - part.part.first); i < part.part.tokens; ++i)
                slot[i] = (part.part.first + i) % block;
        const auto guesses = end - part.part.drafts;
        if (guesses_follow && slot < guesses) std::iota(guesses, end, *(guesses - 1) + 1);
        slot = end;
    }
}

// A state is left where the step ends; where states of all blocks are kept, also at the end of each block that the step fills.
void RankRun::write_states(StepId step, std::int64_t padded) {
    for (const std::size_t group : state_groups_) {
        const auto& spec = std::get<MambaSpec>(manager_.setup().groups[group].spec);
        writes_.clear();
        for (const StepPart& part : batch_.parts()) {
            const std::span<const BlockId> held = CacheManager::held(part.request->cache, group);
            const std::int64_t end = part.part.first + part.part.tokens - (part.part.drafts - part.accepted.value_or(0));
            const auto write = [&](std::int64_t position, std::int64_t column) {
                if (column >= std::ssize(held)) return;
                writes_.push_back(
                    {.request = part.request->id, .position = position, .column = column, .block = held[static_cast<std::size_t>(column)]});
            };
            if (spec.mode == MambaMode::none) {
                write(end, 0);
                continue;
            }
            const std::int64_t block = block_of(manager_.setup().groups[group].spec).value;
            if (spec.mode == MambaMode::all && states_written_ == StatesWrittenAt::block_ends)
                for (std::int64_t boundary = (part.part.first / block + 1) * block; boundary < end; boundary += block)
                    write(boundary, boundary / block - 1);
            write(end, (end - 1) / block);
        }
        sink_.see(StatesWritten{.rank = rank_,
                                .step = step,
                                .group = static_cast<std::int64_t>(group),
                                .writes = writes_,
                                .padded = padded_states_ == PaddedStates::null_block ? padded : 0});
    }
}

void RankRun::settle() {
    const bool empty = in_flight_.back().parts.empty();
    while (!in_flight_.empty() && (empty || std::ssize(in_flight_) >= steps_in_flight_)) {
        StepInFlight oldest = std::move(in_flight_.front());
        in_flight_.pop_front();
        if (capture_ && !oldest.parts.empty()) capture_->settle();
        scheduler_.settle(oldest.id, oldest.parts);
        spare_.push_back(std::move(oldest.parts));
    }
}

void RankRun::see(const BlocksAsked& event) {
    sink_.see(event);
    if (capture_) capture_->admit(of(event.request), event);
}

void RankRun::see(const RequestStops& event) {
    sink_.see(event);
    const bool over = event.why == FreedWhy::finished || event.why == FreedWhy::aborted;
    if (over) --left_;
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
