// What it costs to write down and read back what a small hybrid tells: 2 groups, 8 layers, 2 ranks, 4 requests, 256 blocks, 64 steps.
#include "bench/small_hybrid.h"
#include "model/events/event_digest.h"
#include "scenarios/events/event_reader.h"
#include "scenarios/events/event_writer.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kv {
namespace {

void run(const std::string& spelling, EventSink& sink) {
    Outside outside;
    const std::vector<RankSettings> ranks{small_hybrid(0), small_hybrid(1)};
    Simulation simulation(std::get<Engine>(engine_spelled(spelling)), ranks, {}, four_requests(), outside, sink);
    simulation.run(small_hybrid_steps);
}

std::string text_of(const std::string& spelling) {
    std::string text;
    EventWriter writer({.engine = spelling}, [&](std::string_view chunk) {
        text += chunk;
        return true;
    });
    run(spelling, writer.sink());
    writer.finish();
    return text;
}

struct Nobody : EventSink {};

void simulate(benchmark::State& state) {
    Nobody nobody;
    for (auto each : state) run("reference", nobody);
}
BENCHMARK(simulate);

// Less `simulate`: what writing costs.
void simulate_and_write(benchmark::State& state) {
    std::int64_t events = 0, bytes = 0;
    for (auto each : state) {
        EventWriter writer({}, [&](std::string_view chunk) {
            bytes += static_cast<std::int64_t>(chunk.size());
            return true;
        });
        run("reference", writer.sink());
        writer.finish();
        events += writer.events();
    }
    state.SetItemsProcessed(events);
    state.counters["bytes_an_event"] = static_cast<double>(bytes) / static_cast<double>(events);
    state.counters["events_a_run"] = static_cast<double>(events) / static_cast<double>(state.iterations());
}
BENCHMARK(simulate_and_write);

// Each line read and told on.
template <class Sink>
void read(benchmark::State& state) {
    const std::string text = text_of("reference");
    std::int64_t events = 0;
    for (auto each : state) {
        Sink sink;
        EventReader reader("run.jsonl", sink);
        std::size_t number = 0;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = text.find('\n', begin);
            reader.line(text.substr(begin, end - begin), ++number);
            begin = end + 1;
        }
        events += reader.events();
        if (!reader.finish().empty()) state.SkipWithError("a line is wrong");
    }
    state.SetItemsProcessed(events);
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read<Nobody>);
BENCHMARK(read<EventDigest>);

void simulate_and_digest(benchmark::State& state) {
    std::int64_t events = 0;
    for (auto each : state) {
        EventDigest digest;
        run("reference", digest);
        events += digest.events();
    }
    state.SetItemsProcessed(events);
}
BENCHMARK(simulate_and_digest);

}  // namespace
}  // namespace kv
