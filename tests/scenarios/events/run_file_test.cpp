// Engines in motion, written down and read back: whatever a run tells, a file of it tells too.
#include "sim/simulation.h"
#include "tests/scenarios/events/event_texts.h"

#include <rapidcheck/gtest.h>

#include <map>

namespace kv::testing {
namespace {

constexpr TokensPerBlock block{16};
constexpr std::int64_t pool_blocks_least = 24;

const AttentionCache attention{.block = block, .kv_heads = 1, .head_size = 64, .head_size_v = 64, .dtype = DType::bfloat16};

std::int64_t in(std::int64_t least, std::int64_t end) { return *rc::gen::inRange<std::int64_t>(least, end); }
bool maybe() { return *rc::gen::arbitrary<bool>(); }

struct AnyRun {
    std::string engine;
    std::vector<RankSettings> ranks;
    LockstepSettings lockstep;
    std::vector<TimedRequest> times;
    std::vector<TimedReset> resets;
    struct Request {
        std::int64_t shared = 0, own = 1, outputs = 1, external = 0;
        bool wants_rows = true, waits = false;
    };
    std::vector<Request> requests;
    std::int64_t accepted = 1;
};

KvSpec any_spec(MambaMode mode) {
    if (maybe()) return SlidingWindowSpec{.cache = attention, .window = Tokens(in(1, 70))};
    return MambaSpec{.block = block, .states = {{.shape = {4}}}, .mode = mode, .speculative_blocks = in(0, 3)};
}

CaptureSettings any_capture(const RankSettings& settings, std::size_t group) {
    const std::int64_t layers = in(1, 5);
    const RowModel model{.layers = layers,
                         .dense_first = in(0, layers),
                         .draft_layers = in(0, 2),
                         .draft_first = layers,
                         .routers = {.experts = 32, .topk = 4}};
    return {.rows = {.model = model,
                     .seed = 3,
                     .rows = settings.cache.blocks.value * block.value / in(1, 3),
                     .object_rows = block.value,
                     .prefix_caching = settings.cache.prefix_caching,
                     .address = SlotAddress(block),
                     .requests_max = 64,
                     .running_max = settings.batch.rows,
                     .batched_max = settings.scheduler.batched_max.value,
                     .steps_in_flight_max = settings.steps_in_flight},
            .buffer = {.rows = settings.scheduler.batched_max.value, .layers = layers, .columns = 4},
            .view = static_cast<RouterView>(in(0, std::ssize(router_view_names))),
            .tp_size = in(1, 4),
            .group = group};
}

RankSettings any_rank() {
    const bool asynchronous = maybe();
    const std::int64_t drafts = in(0, 4), running = in(1, 6), batched = in(8, 80);
    RankSettings settings{.scheduler = {.batched_max = Tokens(batched),
                                        .running_max = running,
                                        .asynchronous = asynchronous,
                                        .drafts_max = drafts,
                                        .lookahead = Tokens(drafts)},
                          .cache = {.blocks = Blocks{1},
                                    .prefix_caching = maybe(),
                                    .model_len_max = Tokens{100'000},
                                    .hash_block = block,
                                    .scheduler_block = block,
                                    .in_flight_max = Tokens(2 * batched)},
                          .tables = {},
                          .batch = {.rows = running},
                          .steps_in_flight = asynchronous ? 2 : 1};
    const auto mode = static_cast<MambaMode>(in(0, 3));
    for (std::int64_t other = in(0, 3); other > 0; --other) settings.cache.groups.push_back({any_spec(mode)});
    settings.cache.groups.push_back({FullSpec{.cache = attention}});
    if (mode == MambaMode::align) settings.scheduler.state_block = block;
    const std::int64_t groups = std::ssize(settings.cache.groups);
    settings.cache.blocks = Blocks(in(pool_blocks_least, 2 * pool_blocks_least) * groups);
    settings.tables.assign(static_cast<std::size_t>(groups), {.block = block, .kernel_block = block, .row_blocks_max = Blocks{1000}});
    if (maybe()) settings.capture = any_capture(settings, maybe() ? static_cast<std::size_t>(groups - 1) : 0);
    return settings;
}

AnyRun any_run() {
    AnyRun run;
    run.engine = *rc::gen::element<std::string>("vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference", "vllm-0.18.0+rfc-38079",
                                                "vllm-0.18.0+pr-37879");
    const RankSettings like = any_rank();
    for (std::int64_t ranks = in(1, 4); std::ssize(run.ranks) < ranks;) {
        run.ranks.push_back(like);
        run.ranks.back().rank = RankId{static_cast<std::int32_t>(run.ranks.size() - 1)};
    }
    if (maybe()) run.lockstep = {.graph_sizes = {4, 8, 16}, .pads_ranks = maybe(), .micro_batches = in(1, 3)};
    run.accepted = in(0, 3);
    for (std::int64_t count = in(1, 8); count > 0; --count) {
        run.requests.push_back({.shared = *rc::gen::element<std::int64_t>(0, 16, 33, 64),
                                .own = in(1, 60),
                                .outputs = in(1, 40),
                                .external = *rc::gen::element<std::int64_t>(0, 0, 16),
                                .wants_rows = in(0, 4) > 0,
                                .waits = maybe()});
        run.times.push_back({.step = in(0, 20), .rank = RankId{static_cast<std::int32_t>(in(0, std::ssize(run.ranks)))}});
        if (in(0, 5) == 0) run.times.back().abort_at = in(0, 40);
    }
    if (maybe()) run.resets.push_back({.step = in(0, 30), .preempt_running = maybe()});
    return run;
}

class OtherMachines : public Outside {
public:
    explicit OtherMachines(const AnyRun& run) : run_(run) {}
    ExternalTokens external(RequestId id, std::int64_t hit) override {
        const auto& request = run_.requests[static_cast<std::size_t>(id)];
        const bool fits = hit + request.external < request.shared + request.own;
        return {.tokens = fits ? request.external : 0, .waits = request.waits && fits && request.external > 0};
    }
    std::int64_t accepted(RequestId, std::int64_t drafts) override { return std::min(drafts, run_.accepted); }

private:
    const AnyRun& run_;
};

void make_happen(const AnyRun& run, EventSink& sink) {
    OtherMachines outside(run);
    Happenings happenings{.requests = run.times, .resets = run.resets};
    happenings.make = [&](std::size_t place) {
        const AnyRun::Request& asked = run.requests[place];
        NewRequest made{
            .text = RequestText(block), .prompt = asked.shared + asked.own, .outputs_max = asked.outputs, .wants_rows = asked.wants_rows};
        made.text.append({.stream = 1, .first = 0, .count = asked.shared});
        made.text.append({.stream = 100 + static_cast<std::int64_t>(place), .first = 0, .count = asked.own + asked.outputs + 16});
        return made;
    };
    Simulation simulation(std::get<Engine>(engine_spelled(run.engine)), run.ranks, run.lockstep, std::move(happenings), outside, sink);
    constexpr std::int64_t steps_max = 400;
    simulation.run(steps_max);
}

// Which kinds were told, and of how many requests blocks were taken back.
struct KindsSeen : EverySink<KindsSeen> {
    template <class Event>
    void any(const Event& event) {
        ++events[Event::name];
        if constexpr (std::same_as<Event, BlocksFreed>) freed[event.why]++;
        if constexpr (requires { event.held; }) groups_max = std::max(groups_max, event.held.size());
        next->see(event);
    }
    EventSink* next = nullptr;
    std::map<std::string_view, std::int64_t> events;
    std::map<FreedWhy, std::int64_t> freed;
    std::size_t groups_max = 0;
};

RC_GTEST_PROP(RunFile, TellsWhatTheRunTold, ()) {
    const AnyRun run = any_run();
    KindsSeen seen;
    const WrittenEvents told = written([&](EventSink& sink) {
        seen.next = &sink;
        make_happen(run, seen);
    });
    const ReadEvents read = read_back(told.text);
    RC_ASSERT(to_text(read.errors) == "");
    RC_ASSERT(read.events == told.events);
    RC_ASSERT(read.digest == told.digest);
    RC_CLASSIFY(seen.freed[FreedWhy::preempted] > 0, "preempts");
    RC_CLASSIFY(seen.events["rows-delivered"] > 0, "delivers rows");
    RC_CLASSIFY(seen.events["states-written"] > 0, "writes states");
    RC_CLASSIFY(seen.events["transfer-opened"] > 0, "loads");
    RC_CLASSIFY(seen.events["engine-fault"] > 0, "raises");
    RC_CLASSIFY(seen.groups_max > 1, "has several groups");
}

}  // namespace
}  // namespace kv::testing
