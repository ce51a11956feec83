#include "sim/schedule/scheduler.h"

#include "model/refusal.h"

#include <algorithm>
#include <string>

namespace kv {

Scheduler::Scheduler(const Engine& engine, RankId rank, const SchedulerSettings& settings, CacheManager& manager, Outside& outside,
                     EventSink& sink)
    : rank_(rank),
      rules_(engine.scheduler.choice),
      transfer_lists_(engine.transfer_lists.choice),
      knows_late_(engine.late_outputs.choice == LateOutputs::known_late),
      settings_(settings),
      manager_(manager),
      outside_(outside),
      sink_(sink),
      encoder_release_(engine.encoder_release.choice),
      encoder_free_(settings.encoder_room.value) {
    if (settings.state_block) alignment_ = chunk_alignment(engine, manager, settings);
    has_states_ =
        std::ranges::any_of(manager.setup().groups, [](const CacheGroup& group) { return std::holds_alternative<MambaSpec>(group.spec); });
}

void Scheduler::arrive(LiveRequest& request) {
    request.cache.status = RequestStatus::waiting;
    waiting_.push_back(&request);
    sink_.see(RequestArrived{.rank = rank_,
                             .request = request.id,
                             .prompt = request.cache.prompt_tokens,
                             .outputs_max = Tokens(request.outputs_max),
                             .encoder = Tokens(request.encoder_tokens),
                             .wants_rows = request.wants_rows,
                             .text = request.text.runs()});
}

void Scheduler::abort(LiveRequest& request) { finish(request, FreedWhy::aborted); }

bool Scheduler::reset_prefix_cache(bool preempt_running) {
    while (preempt_running && !running_.empty()) {
        LiveRequest& request = *running_.back();
        running_.pop_back();
        preempt(request, true);
    }
    const bool done = manager_.reset_prefix_cache();
    sink_.see(CacheReset{.rank = rank_, .done = done, .free = free_blocks()});
    return done;
}

void Scheduler::schedule(StepId id, std::vector<StepPart>& step) {
    step.clear();
    manager_.new_step_starts();
    sink_.see(StepBegan{.rank = rank_, .step = id});
    budget_ = settings_.batched_max.value;
    encoder_budget_ = settings_.encoder_room.value;
    preempted_any_ = any_prefill_ = false;
    const std::int64_t requests = std::ssize(running_) + std::ssize(waiting_) + std::ssize(loading_);
    chunk_max_ = later() && requests <= 1 ? 0 : settings_.chunk_max.value;
    schedule_running(step);
    if (!preempted_any_) schedule_waiting(step);
    keep_house();
    advance(id, step);
}

// At least one token is left for a drafter that reads tokens ahead of those that are computed.
std::int64_t Scheduler::ahead_of_drafter(const LiveRequest& request, std::int64_t computed, std::int64_t tokens) const {
    const std::int64_t ahead = later() ? manager_.setup().prefill_lookahead : 0;
    const std::int64_t left = request.cache.tokens.value - computed - tokens;
    if (0 < left && left < ahead) tokens -= ahead - left;
    return std::max<std::int64_t>(tokens, 0);
}

std::int64_t Scheduler::tokens_of_running(const LiveRequest& request) const {
    const CacheRequest& cache = request.cache;
    const std::int64_t computed = cache.computed.value;
    // All outputs that it may have are in flight.
    if (request.placeholders > 0 && computed + 2 - request.placeholders >= cache.prompt_tokens.value + request.outputs_max) return 0;
    std::int64_t tokens = cache.tokens.value + request.drafts + request.placeholders - computed;
    if (0 < chunk_max_ && chunk_max_ < tokens) tokens = chunk_max_;
    tokens = std::min({tokens, budget_, manager_.setup().model_len_max.value - 1 - computed});
    if (alignment_) tokens = aligned_chunk(*alignment_, cache, computed, tokens);
    return ahead_of_drafter(request, computed, tokens);
}

void Scheduler::schedule_running(std::vector<StepPart>& step) {
    for (std::size_t i = 0; i < running_.size() && budget_ > 0; ++i) {
        LiveRequest& request = *running_[i];
        const std::int64_t tokens = tokens_of_running(request);
        if (tokens <= 0) continue;
        if (!make_room(request, tokens)) return;
        const CacheRequest& cache = request.cache;
        const std::int64_t past = tokens + cache.computed.value - cache.tokens.value - request.placeholders;
        const std::int64_t drafts = std::min(request.drafts, std::max<std::int64_t>(0, past));
        // A late output of a step before its preemption has put a request out of count: its drafts begin before its tokens.
        if (drafts > tokens)
            refuse({.type = Raised::memory_fault,
                    .raised_in = "GPUModelRunner._calc_spec_decode_metadata",
                    .message = std::to_string(drafts) + " drafts in a step of " + std::to_string(tokens) + " tokens",
                    .figures = {drafts, tokens}});
        request.drafts = 0;
        any_prefill_ = any_prefill_ || request.in_prefill;
        step.push_back({&request, {.request = request.id, .first = cache.computed.value, .tokens = tokens, .drafts = drafts}});
        budget_ -= tokens;
    }
}

// Takes blocks for a running request; those that came last give theirs up, itself in the end. False: it is no longer running.
bool Scheduler::make_room(LiveRequest& request, std::int64_t tokens) {
    while (!allocate(request, {.new_tokens = Tokens(tokens), .lookahead = settings_.lookahead})) {
        LiveRequest& last = *running_.back();
        running_.pop_back();
        preempt(last, false);
        preempted_any_ = true;
        if (&last == &request) return false;
    }
    return true;
}

void Scheduler::schedule_waiting(std::vector<StepPart>& step) {
    promote_loads();
    while (!waiting_.empty() && budget_ > 0 && std::ssize(running_) < settings_.running_max) {
        LiveRequest& request = *waiting_.front();
        if (knows_late_ && request.stale > 0 && request.dropped == 0) return;  // What it put out before it was preempted is still to come.
        if (admit(request, step) == Admitted::no) return;
    }
}

std::int64_t Scheduler::look_up(LiveRequest& request) {
    manager_.find_hit(request.cache, request.hit);
    request.cache.shared_boundary = request.hit.shared_boundary;
    sink_.see(CacheHitFound{.rank = rank_,
                            .request = request.id,
                            .length = request.hit.length,
                            .shared_boundary = request.hit.shared_boundary,
                            .blocks = request.hit.blocks});
    return request.hit.length.value;
}

Scheduler::Admitted Scheduler::admit(LiveRequest& request, std::vector<StepPart>& step) {
    CacheRequest& cache = request.cache;
    const bool fresh = cache.computed == Tokens{0};
    ExternalTokens external;
    std::int64_t hit = 0;
    if (fresh) {
        hit = look_up(request);
        external = asked_outside(request, hit);
    }
    const std::int64_t computed = fresh ? hit + external.tokens : cache.computed.value;
    const bool loads = external.waits;
    std::optional<Proposal> proposal = Proposal{};
    if (!loads) proposal = propose(request, computed, !step.empty());
    if (!proposal || (computed == 0 && !loads && !encoder_fits(request))) return Admitted::no;

    const bool looks_ahead = later() ? !loads : !fresh;
    AllocateCall call{.new_tokens = Tokens(proposal->tokens),
                      .hit = fresh ? &request.hit : nullptr,
                      .hit_tokens = Tokens(hit),
                      .lookahead = looks_ahead ? settings_.lookahead : Tokens{0},
                      .external = Tokens(external.tokens),
                      .delay_caching = loads,
                      .encoder_tokens = Tokens(request.encoder_tokens)};
    if (later()) {
        call.whole_request_must_fit = settings_.whole_request_must_fit;
        call.reserved = loads ? reserved_for_prefills() : Blocks{0};
        call.others_scheduled = !running_.empty();
    }
    if (!allocate(request, call)) return Admitted::no;
    waiting_.pop_front();
    cache.computed = Tokens(computed);
    if (external.tokens > 0) open_transfers(request, hit, external);
    if (external.tokens > 0 && !loads)  // Before the step computes anything.
        sink_.see(TransferDone{.rank = rank_, .request = request.id, .tokens = Tokens(computed)});
    if (loads) {
        loading_.push_back(&request);
        return Admitted::loads;
    }
    if (computed == 0) take_encoder_room(request);
    running_.push_back(&request);
    cache.status = RequestStatus::running;
    ++request.admissions;
    step.push_back(
        {&request,
         {.request = request.id, .first = computed, .tokens = proposal->tokens, .drafts = proposal->drafts, .padded = proposal->padded}});
    budget_ -= proposal->tokens;
    return Admitted::yes;
}

// The encoder runs in the step that begins its request's prompt.
bool Scheduler::encoder_fits(const LiveRequest& request) const {
    return settings_.encoder_room == Tokens{0} || request.encoder_tokens <= std::min(encoder_budget_, encoder_free_);
}

void Scheduler::take_encoder_room(LiveRequest& request) {
    if (request.encoder_tokens == 0 || settings_.encoder_room == Tokens{0}) return;
    encoder_budget_ -= request.encoder_tokens;
    encoder_free_ -= request.encoder_tokens;
    request.encoder_room = true;
    sink_.see(EncoderRoomChanged{.rank = rank_,
                                 .request = request.id,
                                 .taken = Tokens(request.encoder_tokens),
                                 .room = settings_.encoder_room,
                                 .free = Tokens(encoder_free_)});
}

// Of a request whose prompt has been begun, or which is over.
void Scheduler::return_encoder_room(LiveRequest& request) {
    if (request.encoder_tokens == 0 || settings_.encoder_room == Tokens{0}) return;
    if (encoder_release_ == EncoderRelease::once && !request.encoder_room) return;
    request.encoder_room = false;
    encoder_free_ = checked_add(encoder_free_, request.encoder_tokens);
    sink_.see(EncoderRoomChanged{.rank = rank_,
                                 .request = request.id,
                                 .returned = Tokens(request.encoder_tokens),
                                 .room = settings_.encoder_room,
                                 .free = Tokens(encoder_free_)});
}

// The chunk of a waiting request whose first `computed` tokens are there; empty: it has to wait.
std::optional<Scheduler::Proposal> Scheduler::propose(LiveRequest& request, std::int64_t computed, bool any_scheduled) {
    const std::int64_t guesses = settings_.drafts_max;
    Proposal proposal{.tokens = request.cache.tokens.value - computed};
    // A decoding request among decoding ones: the step keeps its shape if this one has drafts too, though nobody guessed them.
    const bool decodes = proposal.tokens == 1 && !any_prefill_ && (any_scheduled || computed > 0);
    if (later() && guesses > 0 && decodes && computed + guesses + 2 <= manager_.setup().model_len_max.value) {
        if (1 + guesses > budget_) return std::nullopt;
        proposal = {.tokens = 1 + guesses, .drafts = guesses, .padded = true};
    }
    if (0 < chunk_max_ && chunk_max_ < proposal.tokens) proposal.tokens = chunk_max_;
    proposal.tokens = std::min(proposal.tokens, budget_);
    if (alignment_) {
        proposal.tokens = aligned_chunk(*alignment_, request.cache, computed, proposal.tokens);
        if (proposal.tokens == 0) return std::nullopt;
        if (proposal.padded && proposal.tokens != 1 + guesses) proposal = {.tokens = 1};
    }
    proposal.tokens = ahead_of_drafter(request, computed, proposal.tokens);
    if (proposal.tokens <= 0) return std::nullopt;
    return proposal;
}

bool Scheduler::allocate(LiveRequest& request, const AllocateCall& call) {
    const CacheRequest& cache = request.cache;
    BlocksAsked asked{.rank = rank_,
                      .request = request.id,
                      .computed = cache.computed,
                      .in_flight = cache.in_flight,
                      .tokens = cache.tokens,
                      .new_tokens = call.new_tokens,
                      .hit = call.hit_tokens,
                      .external = call.external,
                      .lookahead = call.lookahead,
                      .encoder = call.encoder_tokens,
                      .shared_boundary = cache.shared_boundary,
                      .status = cache.status,
                      .admission = call.hit != nullptr,
                      .delays_caching = call.delay_caching,
                      .whole_request = call.whole_request_must_fit,
                      .others_scheduled = call.others_scheduled,
                      .reserved = call.reserved};
    const std::optional<NewBlocks> taken = manager_.allocate(request.cache, call);
    asked.granted = taken.has_value();
    asked.changes = !taken || taken->changed();
    if (asked.changes) asked.needed = manager_.blocks_counted();
    if (taken) asked.taken = taken->all();
    asked.free = free_blocks();
    asked.held = cache.holdings;
    sink_.see(asked);
    return asked.granted;
}

// What the worker is told once a step: blocks that must be zeroed, and copies of blocks in which a hit ends.
void Scheduler::keep_house() {
    if (has_states_) {
        const std::vector<BlockId> zeroed = manager_.take_new_block_ids();
        sink_.see(BlocksZeroed{.rank = rank_, .blocks = zeroed});
    }
    if (!manager_.hits_end_inside_blocks()) return;
    const std::vector<BlockCopy> copies = manager_.take_block_copies();
    manager_.release_copies(copies);
    sink_.see(BlocksCopied{.rank = rank_, .copies = copies, .free = free_blocks()});
}

void Scheduler::advance(StepId id, std::vector<StepPart>& step) {
    parts_.clear();
    for (auto& [request, part, accepted] : step) {
        request->cache.computed += Tokens(part.tokens);
        request->cache.in_flight += Tokens(part.tokens);
        part.prefill = request->in_prefill = request->cache.computed.value < request->cache.tokens.value + request->placeholders;
        if (settings_.asynchronous && !part.prefill) {
            request->placeholders += 1 + part.drafts;
            request->drafts = settings_.drafts_max;
        }
        if (!later()) return_encoder_room(*request);
        parts_.push_back(part);
    }
    sink_.see(
        StepScheduled{.rank = rank_, .step = id, .scheduled = parts_, .running = std::ssize(running_), .waiting = std::ssize(waiting_)});
}

void Scheduler::preempt(LiveRequest& request, bool drop_output) {
    free(request, FreedWhy::preempted, drop_output);
    request.cache.status = RequestStatus::preempted;
    request.cache.computed = Tokens{0};
    request.drafts = 0;
    if (knows_late_) request.stale = request.cache.in_flight.value;
    if (knows_late_ || drop_output) request.placeholders = 0;
    if (drop_output) request.dropped = request.cache.in_flight.value;
    waiting_.push_front(&request);
}

void Scheduler::free(LiveRequest& request, FreedWhy why, bool drops_output) {
    sink_.see(RequestStops{.rank = rank_, .request = request.id, .why = why, .drops_output = drops_output, .tokens = request.cache.tokens});
    manager_.free(request.cache);
    return_encoder_room(request);
    sink_.see(BlocksFreed{.rank = rank_, .request = request.id, .why = why, .free = free_blocks()});
}

void Scheduler::finish(LiveRequest& request, FreedWhy why) {
    request.done = true;
    free(request, why, why == FreedWhy::aborted);
    if (std::erase(running_, &request) > 0) return;
    if (std::erase(waiting_, &request) > 0) return;
    std::erase(loading_, &request);
}

// Requests whose load is over wait again, in front.
void Scheduler::promote_loads() {
    for (std::size_t i = 0; i < loading_.size();) {
        LiveRequest& request = *loading_[i];
        CacheRequest& cache = request.cache;
        const std::optional<std::int64_t> good = outside_.loaded(request.id, cache.computed.value);
        if (!good) {
            ++i;
            continue;
        }
        loading_.erase(loading_.begin() + static_cast<std::ptrdiff_t>(i));
        sink_.see(TransferDone{.rank = rank_, .request = request.id, .tokens = Tokens(*good)});
        cache.computed = Tokens(*good);
        if (*good > 0) {
            manager_.cache_blocks(cache, cache.computed);
            sink_.see(BlocksCached{
                .rank = rank_, .request = request.id, .computed = cache.computed, .tokens = cache.computed, .held = cache.holdings});
        } else {
            free(request, FreedWhy::load_failed, true);
        }
        if (cache.computed == cache.tokens) cache.computed -= Tokens{1};  // The last token has to be computed here.
        cache.status = RequestStatus::waiting;
        waiting_.push_front(&request);
    }
}

// Blocks that prefills which have begun will still need, kept back from a request that only loads.
Blocks Scheduler::reserved_for_prefills() {
    const std::int64_t guesses = settings_.drafts_max > 0 ? 1 + settings_.drafts_max + settings_.lookahead.value : 0;
    Blocks reserved{0};
    const auto add = [&](LiveRequest& request) { reserved += manager_.blocks_to_finish(request.cache, Tokens(guesses)); };
    for (LiveRequest* request : running_)
        if (request->cache.computed < request->cache.tokens) add(*request);
    for (LiveRequest* request : loading_) add(*request);
    if (guesses > 0) reserved += manager_.blocks_of(Tokens(guesses));
    return reserved;
}

void Scheduler::settle(StepId id, const std::vector<StepPart>& step) {
    for (const auto& [request, part, accepted] : step) {
        request->cache.in_flight -= Tokens(part.tokens);
        const bool stale = request->stale > 0;
        if (stale) request->stale -= part.tokens;
        if (request->dropped > 0) {
            request->dropped = std::max<std::int64_t>(0, request->dropped - part.tokens);
            sink_.see(OutputSettled{.rank = rank_, .request = request->id, .dropped = true});
            continue;
        }
        if (later() && !request->done) return_encoder_room(*request);
        if (!request->done && !part.prefill) settle_output(*request, part, accepted, knows_late_ && stale);
    }
    sink_.see(StepSettled{.rank = rank_, .step = id});
}

void Scheduler::settle_output(LiveRequest& request, const ScheduledPart& part, std::optional<std::int64_t> told, bool stale) {
    CacheRequest& cache = request.cache;
    const bool guessed = part.drafts > 0 && !part.padded;
    const std::int64_t accepted = !guessed ? 0 : told ? *told : outside_.accepted(request.id, part.drafts);
    const std::int64_t rejected = part.drafts - accepted;
    const Tokens before = cache.computed;
    if (!stale) {
        if (cache.computed > Tokens{0}) cache.computed -= Tokens(rejected);
        if (request.placeholders > 0) request.placeholders -= rejected;
    }
    std::int64_t outputs = 0;
    bool stops = false;
    while (outputs < accepted + 1 && !stops) {
        ++outputs;
        stops = cache.tokens.value + outputs >= manager_.setup().model_len_max.value || request.outputs + outputs >= request.outputs_max;
    }
    request.outputs += outputs;
    request.grow(outputs);
    OutputSettled settled{
        .rank = rank_, .request = request.id, .accepted = accepted, .rejected = rejected, .outputs = outputs, .stale = stale};
    if (part.drafts > 0) settled.taken_back = (before - cache.computed).value;
    sink_.see(settled);
    if (settings_.asynchronous) {
        if (!stale) request.placeholders = std::max<std::int64_t>(0, request.placeholders - outputs);
        if (cache.status == RequestStatus::running && manager_.setup().prefix_caching) {
            const Tokens known = cache.computed - Tokens(request.placeholders);
            manager_.cache_blocks(cache, known);
            sink_.see(
                BlocksCached{.rank = rank_, .request = request.id, .computed = cache.computed, .tokens = known, .held = cache.holdings});
        }
    } else if (settings_.drafts_max > 0) {
        request.drafts = outside_.proposed(request.id, settings_.drafts_max);
    }
    if (stops) finish(request, FreedWhy::finished);
}

}  // namespace kv
