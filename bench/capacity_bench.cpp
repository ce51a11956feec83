// How long it takes to find what fits: counted, which is to take microseconds at any length, and filled call by call, which takes as
// long as the blocks that are handed out.
#include "model/capacity_count.h"
#include "sim/capacity_experiment.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace kv {
namespace {

CapacityCase hybrid(std::int64_t windows, std::int64_t length) {
    CapacityCase given{.setup = {.blocks = Blocks{20000}, .model_len_max = Tokens{length}}, .batched_max = Tokens{2048}};
    const AttentionCache cache{.block = TokensPerBlock{16}};
    for (std::int64_t i = 0; i < windows; ++i)
        given.setup.groups.push_back({.spec = SlidingWindowSpec{.cache = cache, .window = Tokens{1024}}});
    given.setup.groups.push_back({.spec = FullSpec{.cache = cache}});
    return given;
}

const Engine& engine_at(std::int64_t index) { return engines()[static_cast<std::size_t>(index)]; }

void count_it(benchmark::State& state) {
    const CapacityCase given = hybrid(state.range(1), state.range(2));
    for (auto _ : state) benchmark::DoNotOptimize(count_capacity(engine_at(state.range(0)), given, given.setup.model_len_max));
}
BENCHMARK(count_it)->ArgNames({"engine", "windows", "length"})->ArgsProduct({{0, 1}, {1, 5}, {8192, 131072, 10000000}});

void construct_it(benchmark::State& state) {
    const CapacityCase given = hybrid(state.range(1), state.range(2));
    for (auto _ : state) benchmark::DoNotOptimize(construct_capacity(engine_at(state.range(0)), given, given.setup.model_len_max));
}
BENCHMARK(construct_it)->ArgNames({"engine", "windows", "length"})->ArgsProduct({{0, 1}, {1, 5}, {8192, 131072}});

}  // namespace
}  // namespace kv
