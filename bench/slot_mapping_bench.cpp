// How many slots a second a batch's positions become. Budget: 1,000 million for 8,192 tokens of 256 requests, whether the block is a power
// of two or not; the program fails at half of it. Beside them, in the same run, what a loop over tokens takes that shifts, and one that
// divides. The engine's own, NumPy, was recorded at 153 million a second; what a decode batch of one token a request takes is told.
#include "model/addressing/block_table.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kv {
namespace {

constexpr std::int64_t request_count = 256, blocks_max = 512;

const Engine& engine_named(std::string_view name) {
    for (const Engine& engine : engines())
        if (engine.name == name) return engine;
    std::abort();
}

// Requests of all lengths, their blocks all over a pool; of each the next `tokens` tokens are mapped.
struct Batch {
    Batch(std::int64_t block, std::int32_t tokens, ContextPlace context = {})
        : table(engine_named("reference"),
                {.block = TokensPerBlock{block}, .kernel_block = TokensPerBlock{block}, .row_blocks_max = Blocks{blocks_max}},
                {.rows = request_count, .context = context}) {
        for (std::int64_t row = 0; row < request_count; ++row) {
            std::vector<BlockId> ids;
            for (std::int64_t i = 0; i < blocks_max; ++i) ids.push_back(static_cast<BlockId>((row * blocks_max + i) * 7919 % 1'000'003));
            table.add(row, ids);
            const std::int64_t first = row * 29 % (block * blocks_max - tokens);
            runs.push_back({.row = static_cast<std::int32_t>(row), .count = tokens, .first = first});
            for (std::int32_t i = 0; i < tokens; ++i) {
                rows.push_back(row);
                positions.push_back(first + i);
            }
        }
        slots.resize(positions.size());
    }

    BlockTable table;
    std::vector<PositionRun> runs;
    std::vector<std::int64_t> rows, positions;  // The same, token by token.
    std::vector<std::int64_t> slots;
};

void count_slots(benchmark::State& state, const Batch& batch) { state.SetItemsProcessed(state.iterations() * std::ssize(batch.slots)); }

void mapping(benchmark::State& state, std::int64_t block, std::int32_t tokens, ContextPlace context = {}) {
    Batch batch(block, tokens, context);
    for (auto _ : state) {
        benchmark::DoNotOptimize(batch.table.map(batch.runs, batch.slots).data());
        benchmark::ClobberMemory();
    }
    count_slots(state, batch);
}

template <class Column>
void token_loop(benchmark::State& state, Batch& batch, Column column_of) {
    std::vector<std::int32_t> entries;
    for (std::int64_t row = 0; row < request_count; ++row)
        entries.insert(entries.end(), batch.table.row(row).begin(), batch.table.row(row).end());
    const std::int64_t width = batch.table.width(), block = batch.table.address().block_tokens();
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch.slots.size(); ++i) {
            const std::int64_t column = column_of(batch.positions[i]);
            const std::int64_t entry = entries[static_cast<std::size_t>(batch.rows[i] * width + column)];
            batch.slots[i] = entry * block + (batch.positions[i] - column * block);
        }
        benchmark::DoNotOptimize(batch.slots.data());
        benchmark::ClobberMemory();
    }
    count_slots(state, batch);
}

void shift_loop(benchmark::State& state, std::int32_t tokens) {
    Batch batch(16, tokens);
    std::int64_t shift = 4;
    benchmark::DoNotOptimize(shift);
    token_loop(state, batch, [shift](std::int64_t position) { return position >> shift; });
}

void division_loop(benchmark::State& state, std::int32_t tokens) {
    Batch batch(24, tokens);
    std::int64_t block = 24;
    benchmark::DoNotOptimize(block);
    token_loop(state, batch, [block](std::int64_t position) { return position / block; });
}

constexpr ContextPlace of_4_ranks(std::int64_t interleave) { return {.decode = {.ranks = 4, .rank = 1}, .interleave = Tokens{interleave}}; }

BENCHMARK_CAPTURE(mapping, prefill / blocks_of_16, 16, 32);
BENCHMARK_CAPTURE(mapping, prefill / blocks_of_24, 24, 32);
BENCHMARK_CAPTURE(mapping, prefill / blocks_of_272, 272, 32);
BENCHMARK_CAPTURE(mapping, decode / blocks_of_16, 16, 1);
BENCHMARK_CAPTURE(mapping, decode / blocks_of_24, 24, 1);
BENCHMARK_CAPTURE(mapping, 4_ranks / interleave_16, 16, 32, of_4_ranks(16));
BENCHMARK_CAPTURE(mapping, 4_ranks / interleave_1, 16, 32, of_4_ranks(1));
BENCHMARK_CAPTURE(shift_loop, prefill, 32);
BENCHMARK_CAPTURE(division_loop, prefill, 32);
BENCHMARK_CAPTURE(shift_loop, decode, 1);
BENCHMARK_CAPTURE(division_loop, decode, 1);

constexpr double budget = 1e9, numpy_recorded = 153e6;

class RateReporter : public benchmark::ConsoleReporter {
public:
    RateReporter() : ConsoleReporter(OO_None) {}
    void ReportRuns(const std::vector<Run>& runs) override {
        ConsoleReporter::ReportRuns(runs);
        for (const Run& run : runs) {
            const auto rate = run.counters.find("items_per_second");
            rates_[run.benchmark_name()] = rate == run.counters.end() ? 0 : rate->second.value;
        }
    }
    double slowest(std::string_view name) const {
        double least = 0;
        for (const auto& [run, rate] : rates_)
            if (run.starts_with(name)) least = least == 0 ? rate : std::min(least, rate);
        return least;
    }

private:
    std::map<std::string, double> rates_;
};

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    kv::RateReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    const double prefill = reporter.slowest("mapping/prefill"), decode = reporter.slowest("mapping/decode");
    std::cout << "slot mapping: " << prefill / 1e6 << " million slots/s, budget " << kv::budget / 1e6 << "; "
              << prefill / kv::numpy_recorded << " times NumPy's recorded " << kv::numpy_recorded / 1e6 << "; a loop with shifts "
              << reporter.slowest("shift_loop/prefill") / 1e6 << ", with divisions " << reporter.slowest("division_loop/prefill") / 1e6
              << "\n"
              << "slot mapping: " << decode / 1e6 << " million slots/s where each request has one token; loops "
              << reporter.slowest("shift_loop/decode") / 1e6 << ", " << reporter.slowest("division_loop/decode") / 1e6 << "\n";
    return prefill < kv::budget / 2 ? 1 : 0;
}
