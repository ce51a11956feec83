// What a small hybrid in motion costs: 2 groups, 8 layers, 2 ranks, 4 requests, 256 blocks, 64 steps, the capture path included.
#include "sim/simulation.h"

#include "bench/small_hybrid.h"
#include "properties/judges.h"
#include "sim/plan_events.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace {
std::atomic<std::int64_t> allocations{0};
}

// Counted, so that a steady state that allocates is seen.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace kv {
namespace {

struct Nobody : EventSink {};

PlanMade plan_of_two_groups(std::span<const GroupFacts> groups) {
    return {.engine = "small hybrid",
            .blocks = Blocks{256},
            .model_len_max = Tokens{1024},
            .scheduler_block = Tokens{small_hybrid_block.value},
            .checked = false,
            .groups = groups};
}

// What judging costs is the difference.
enum class Judged : std::uint8_t { no, yes };

void run(benchmark::State& state, const std::string& spelling, Judged judged) {
    const Engine engine = std::get<Engine>(engine_spelled(spelling));
    const std::vector<RankSettings> ranks{small_hybrid(0), small_hybrid(1)};
    std::vector<GroupFacts> groups;
    for (const CacheGroup& group : ranks.front().cache.groups) groups.push_back(group_facts(engine, group.spec, {}));
    Nobody nobody;
    Outside outside;
    std::int64_t steady = 0;
    for (auto each : state) {
        state.PauseTiming();
        std::optional<Judges> judges;
        if (judged == Judged::yes) judges.emplace();
        EventSink& sink = judges ? static_cast<EventSink&>(*judges) : nobody;
        sink.see(plan_of_two_groups(groups));
        Simulation simulation(engine, ranks, {}, four_requests(), outside, sink);
        state.ResumeTiming();
        while (simulation.steps() < 8 && simulation.step()) {
        }
        const std::int64_t before = allocations;
        while (simulation.steps() < small_hybrid_steps - 8 && simulation.step()) {
        }
        steady = allocations - before;
        simulation.run(small_hybrid_steps);
        if (simulation.steps() != small_hybrid_steps) state.SkipWithError("the requests are done before the last step");
        if (judges && engine.name == "reference" && !judges->findings().all().empty()) state.SkipWithError("the reference is found wrong");
    }
    state.counters["allocations"] = static_cast<double>(steady);
    state.counters["us_a_run"] = benchmark::Counter(1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(run, vllm_0_18_0, std::string("vllm-0.18.0"), Judged::no);
BENCHMARK_CAPTURE(run, vllm_0_32_0, std::string("vllm-0.32.0"), Judged::no);
BENCHMARK_CAPTURE(run, reference, std::string("reference"), Judged::no);
BENCHMARK_CAPTURE(run, reference_judged, std::string("reference"), Judged::yes);

}  // namespace
}  // namespace kv
