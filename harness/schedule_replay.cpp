#include "harness/schedule_replay.h"

#include "harness/comparison.h"
#include "model/overload.h"
#include "sim/schedule/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace kv {
namespace {

// A trace may number its requests as it likes; ours are numbered in their order.
class Numbers {
public:
    explicit Numbers(std::span<const TraceOperation> operations) {
        for (const TraceOperation& operation : operations)
            if (const auto* arrival = std::get_if<ArriveOperation>(&operation.call))
                ids_.try_emplace(static_cast<std::int64_t>(arrival->request), RequestId{std::ssize(ids_)});
    }
    RequestId operator()(RequestNumber number) const { return ids_.at(static_cast<std::int64_t>(number)); }

private:
    std::unordered_map<std::int64_t, RequestId> ids_;
};

std::int64_t length(const std::vector<TokenRun>& runs) {
    std::int64_t tokens = 0;
    for (const TokenRun& run : runs) tokens = checked_add(tokens, run.count);
    return tokens;
}

// The calls in their order. Looks inside and evictions are the recorder's own and no scheduler's.
class Calls {
public:
    explicit Calls(std::span<const TraceOperation> operations) : operations_(operations), numbers_(operations) {
        for (std::size_t i = 0; i < operations.size(); ++i)
            std::visit(
                [&](const auto& call) {
                    if constexpr (requires { call.request; }) places_[{id_of(call), operations[i].call.index()}].push_back(i);
                },
                operations[i].call);
    }

    template <class Call>
    RequestId id_of(const Call& call) const {
        return numbers_(call.request);
    }

    const TraceOperation* next() const { return next_ < operations_.size() ? &operations_[next_] : nullptr; }
    template <class Call>
    const Call* next_if() const {
        return next() == nullptr ? nullptr : std::get_if<Call>(&next()->call);
    }
    // The first call of that kind for a request, from here on, and its place; none: past the end.
    template <class Call>
    std::pair<const Call*, std::size_t> first_of(RequestId request) const {
        const auto places = places_.find({request, TraceCall(Call{}).index()});
        if (places == places_.end()) return {nullptr, operations_.size()};
        const auto place = std::ranges::lower_bound(places->second, next_);
        if (place == places->second.end()) return {nullptr, operations_.size()};
        return {&std::get<Call>(operations_[*place].call), *place};
    }
    void take() { ++next_; }
    std::size_t taken() const { return next_; }
    void pass_looks() {
        while (next_if<DumpOperation>() != nullptr || next_if<CommonOperation>() != nullptr) take();
    }

private:
    std::span<const TraceOperation> operations_;
    Numbers numbers_;
    std::map<std::pair<RequestId, std::size_t>, std::vector<std::size_t>> places_ = {};  // Of each request's calls, by kind.
    std::size_t next_ = 0;
};

struct Differs {};  // Thrown at the first difference: what follows would differ for no reason of its own.

// Sees what the scheduler does, and holds it against the next recorded call.
class CallWatch : public EventSink {
public:
    CallWatch(Calls& calls, Comparison& comparison, bool later) : calls_(calls), comparison_(comparison), later_(later) {}

    using EventSink::see;
    void see(const StepBegan&) override { expect<StepOperation>("step"); }
    void see(const CacheHitFound& found) override {
        const auto& call = expect<LookupOperation>("lookup");
        value("r", calls_.id_of(call), found.request);
        value("n", call.length.value, found.length.value);
        done();
    }
    void see(const BlocksAsked& asked) override {
        const auto& call = expect<AllocateOperation>("alloc");
        value("r", calls_.id_of(call), asked.request);
        value("c", call.computed.value, asked.computed.value);
        value("new", call.call.new_tokens.value, asked.new_tokens.value);
        flag("with_hit", call.with_hit, asked.admission);
        value("hit", call.call.hit_tokens.value, asked.hit.value);
        value("look", call.call.lookahead.value, asked.lookahead.value);
        value("ext", call.call.external.value, asked.external.value);
        flag("delay", call.call.delay_caching, asked.delays_caching);
        value("enc", call.call.encoder_tokens.value, asked.encoder.value);
        if (later_) {
            value("fly", call.in_flight.value, asked.in_flight.value);
            value("boundary", call.shared_boundary.value, asked.shared_boundary.value);
            value("st", static_cast<std::int64_t>(call.status), static_cast<std::int64_t>(asked.status));
            flag("full", call.call.whole_request_must_fit, asked.whole_request);
            value("reserved", call.call.reserved.value, asked.reserved.value);
            flag("sched", call.call.others_scheduled, asked.others_scheduled);
        }
        flag("ok", call.granted, asked.granted);
        value("free", call.free.value, asked.free.value);
        done();
    }
    void see(const BlocksCached& cached) override {
        const auto& call = expect<CacheOperation>("cache");
        value("r", calls_.id_of(call), cached.request);
        value("c", call.computed.value, cached.computed.value);
        value("n", call.tokens.value, cached.tokens.value);
        done();
    }
    void see(const BlocksFreed& freed) override {
        constexpr std::array<std::string_view, 4> whys{"finish", "preempt", "abort", "load_failed"};
        const auto& call = expect<FreeOperation>("free");
        value("r", calls_.id_of(call), freed.request);
        if (call.why != whys[static_cast<std::size_t>(freed.why)])
            differ("why", call.why, std::string(whys[static_cast<std::size_t>(freed.why)]));
        value("free", call.free.value, freed.free.value);
        done();
    }
    void see(const CacheReset& reset) override {
        const auto& call = expect<ResetOperation>("reset");
        flag("ok", call.done, reset.done);
        done();
    }
    void see(const BlocksZeroed& zeroed) override {
        const auto& call = expect<ZeroOperation>("zero");
        value("count", std::ssize(call.ids), std::ssize(zeroed.blocks));
        done();
    }
    void see(const BlocksCopied& copied) override {
        const auto& call = expect<CopyOperation>("cow");
        value("count", std::ssize(call.copies), std::ssize(copied.copies));
        done();
    }
    void see(const OutputSettled& settled) override {
        if (settled.outputs == 0) return;
        const auto& call = expect<AppendOperation>("append");
        value("r", calls_.id_of(call), settled.request);
        value("tokens", length(call.output), settled.outputs);
        done();
    }

private:
    template <class Call>
    const Call& expect(std::string_view name) {
        calls_.pass_looks();
        const TraceOperation* next = calls_.next();
        const auto* call = next == nullptr ? nullptr : std::get_if<Call>(&next->call);
        if (call == nullptr) differ("op", next == nullptr ? "none" : std::string(next->name), std::string(name));
        name_ = name;
        if constexpr (std::is_same_v<Call, StepOperation>) done();
        return *call;
    }
    void done() { calls_.take(); }
    void value(std::string_view key, std::int64_t recorded, std::int64_t ours) {
        if (recorded != ours) differ(key, value_text(recorded), value_text(ours));
    }
    void value(std::string_view key, RequestId recorded, RequestId ours) {
        value(key, static_cast<std::int64_t>(recorded), static_cast<std::int64_t>(ours));
    }
    void flag(std::string_view key, bool recorded, bool ours) {
        if (recorded != ours) differ(key, value_text(recorded), value_text(ours));
    }
    [[noreturn]] void differ(std::string_view key, std::string recorded, std::string ours) {
        const Comparison::Scope scope(comparison_, fmt::format("{} {}", name_, calls_.taken()));
        comparison_.differ(key, std::move(recorded), std::move(ours));
        throw Differs{};
    }

    Calls& calls_;
    Comparison& comparison_;
    bool later_;
    std::string name_;
};

// Answers what the recorded world answered: it is read off the calls that follow.
class RecordedOutside : public Outside {
public:
    RecordedOutside(Calls& calls, const RecordedDriver& driver, const std::deque<LiveRequest>& requests)
        : calls_(calls), driver_(driver), requests_(requests) {}

    ExternalTokens external(RequestId request, std::int64_t) override {
        calls_.pass_looks();
        const auto* call = calls_.next_if<AllocateOperation>();
        if (call == nullptr || calls_.id_of(*call) != request) return {};
        return {.tokens = call->call.external.value, .waits = call->call.delay_caching};
    }
    std::optional<std::int64_t> loaded(RequestId request, std::int64_t) override {
        calls_.pass_looks();
        if (const auto* call = calls_.next_if<CacheOperation>(); call != nullptr && calls_.id_of(*call) == request)
            return call->tokens.value;
        if (const auto* call = calls_.next_if<FreeOperation>(); call != nullptr && calls_.id_of(*call) == request) return 0;
        return std::nullopt;
    }
    std::int64_t accepted(RequestId request, std::int64_t drafts) override {
        const auto [output, at] = calls_.first_of<AppendOperation>(request);
        if (output == nullptr) return 0;
        const std::int64_t shown = length(output->output) - 1;
        // Where the request stops, guesses beyond its end may have been good too: its computed tokens tell.
        const auto [cached, cached_at] = calls_.first_of<CacheOperation>(request);
        const auto [freed, freed_at] = calls_.first_of<FreeOperation>(request);
        const LiveRequest& live = of(request);
        const bool stops = live.outputs + shown + 1 >= live.outputs_max;
        const bool told = stops && cached_at < freed_at;
        const std::int64_t good = told ? drafts - (live.cache.computed.value - cached->computed.value) : shown;
        return std::clamp<std::int64_t>(good, 0, drafts);
    }
    std::int64_t proposed(RequestId request, std::int64_t drafts_max) override {
        if (driver_.method == "eagle" || driver_.method == "draft") return drafts_max;
        const auto [call, at] = calls_.first_of<AllocateOperation>(request);
        if (call == nullptr) return 0;
        const LiveRequest& live = of(request);
        return std::clamp<std::int64_t>(call->call.new_tokens.value + live.cache.computed.value - live.cache.tokens.value, 0, drafts_max);
    }

private:
    const LiveRequest& of(RequestId request) const { return requests_[static_cast<std::size_t>(request)]; }

    Calls& calls_;
    const RecordedDriver& driver_;
    const std::deque<LiveRequest>& requests_;
};

SchedulerSettings settings_of(const RecordedDriver& driver) {
    SchedulerSettings settings{.batched_max = Tokens(driver.batched_max),
                               .running_max = driver.running_max,
                               .chunk_max = Tokens(driver.chunk_max),
                               .asynchronous = driver.asynchronous,
                               .whole_request_must_fit = driver.whole_request_must_fit,
                               .drafts_max = driver.drafts,
                               .lookahead = Tokens(driver.lookahead)};
    if (driver.state_block > 0) settings.state_block = TokensPerBlock(driver.state_block);
    return settings;
}

class ScheduleReplay {
public:
    ScheduleReplay(const GoldenTrace& trace, std::span<const TraceOperation> operations, const Engine& engine)
        : trace_(trace),
          driver_(trace.driver.value()),
          calls_(operations),
          manager_(engine, trace.setup),
          watch_(calls_, comparison_, trace.shape == RecordShape::vllm_0_32),
          outside_(calls_, driver_, requests_),
          scheduler_(engine, RankId{0}, settings_of(driver_), manager_, outside_, watch_) {
        learn_requests(operations);
    }

    ScheduleComparison result() {
        try {
            while (calls_.next() != nullptr) outside_call();
        } catch (const Differs&) {
        } catch (const RefusedByEngine&) {
            // The engine raised here too, or the recording goes on where we cannot.
            const bool raised = calls_.next() != nullptr && calls_.next()->raised.has_value();
            if (!raised) comparison_.differ("err", "none", "raised");
        }
        return {.differences = comparison_.differences(), .calls = calls_.taken()};
    }

private:
    // All that is to become of each request: its tokens to the last, and how many it puts out.
    void learn_requests(std::span<const TraceOperation> operations) {
        for (const TraceOperation& operation : operations) {
            std::visit(Overload{[&](const ArriveOperation& call) {
                                    LiveRequest& request = requests_.emplace_back(calls_.id_of(call), trace_.setup.hash_block);
                                    extend(request, call.prompt);
                                    request.cache.prompt_tokens = Tokens(length(call.prompt));
                                    request.outputs_max = trace_.setup.model_len_max.value;
                                },
                                [&](const AppendOperation& call) {
                                    extend(request_of(call), call.output);
                                    request_of(call).outputs += length(call.output);
                                },
                                [&](const FreeOperation& call) {
                                    LiveRequest& request = request_of(call);
                                    if (call.why == "finish") request.outputs_max = request.outputs;
                                },
                                [&](const AllocateOperation& call) {
                                    LiveRequest& request = request_of(call);
                                    if (call.call.encoder_tokens > Tokens{0}) request.encoder_tokens = call.call.encoder_tokens.value;
                                },
                                [](const auto&) {}},
                       operation.call);
        }
        for (LiveRequest& request : requests_) request.outputs = 0;
    }

    template <class Call>
    LiveRequest& request_of(const Call& call) {
        return requests_[static_cast<std::size_t>(calls_.id_of(call))];
    }

    void extend(LiveRequest& request, const std::vector<TokenRun>& runs) {
        request.keyed = trace_.setup.prefix_caching;
        for (const TokenRun& run : runs) request.text.append(run);
    }

    // A call that the scheduler does not make of itself, or the step that follows.
    void outside_call() {
        calls_.pass_looks();
        if (calls_.next() == nullptr) return;
        if (const auto* arrival = calls_.next_if<ArriveOperation>()) {
            LiveRequest& request = request_of(*arrival);
            request.grow(request.cache.prompt_tokens.value);
            scheduler_.arrive(request);
            return calls_.take();
        }
        if (const auto* evicted = calls_.next_if<EvictOperation>()) {
            manager_.evict(evicted->blocks);
            return calls_.take();
        }
        if (const auto* freed = calls_.next_if<FreeOperation>(); freed != nullptr && freed->why == "abort")
            return scheduler_.abort(request_of(*freed));
        if (calls_.next_if<FreeOperation>() != nullptr || calls_.next_if<ResetOperation>() != nullptr) {
            scheduler_.reset_prefix_cache(calls_.next_if<FreeOperation>() != nullptr);
            return;
        }
        step();
    }

    void step() {
        auto& [id, parts] = in_flight_.emplace_back(StepId{steps_++}, std::vector<StepPart>());
        scheduler_.schedule(id, parts);
        const bool empty = parts.empty();
        if (driver_.asynchronous && in_flight_.size() < 2 && !empty) return;
        while (!in_flight_.empty() && (in_flight_.size() >= 2 || !driver_.asynchronous || empty)) {
            const auto [settled, oldest] = std::move(in_flight_.front());
            in_flight_.pop_front();
            scheduler_.settle(settled, oldest);
        }
    }

    const GoldenTrace& trace_;
    const RecordedDriver& driver_;
    Calls calls_;
    Comparison comparison_ = {};
    CacheManager manager_;
    std::deque<LiveRequest> requests_ = {};
    CallWatch watch_;
    RecordedOutside outside_;
    Scheduler scheduler_;
    std::deque<std::pair<StepId, std::vector<StepPart>>> in_flight_ = {};
    std::int64_t steps_ = 0;
};

}  // namespace

ScheduleComparison compare_schedule(const GoldenTrace& trace, std::span<const TraceOperation> operations, const Engine& engine) {
    return ScheduleReplay(trace, operations, engine).result();
}

}  // namespace kv
