// The capture scatter on the host, beside one memcpy a row of the same bytes: what a row costs when nothing has to be decided.
#include "kernels/host.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace {

constexpr std::int64_t token_count = 8192;
constexpr std::int64_t row_width = 48 * 8;
constexpr std::int64_t row_count = 4 * token_count;

// Rows far apart and out of order, as a pool that has been in use hands them out. 257 and the row count share no divisor.
std::vector<std::int64_t> scattered_slots() {
    std::vector<std::int64_t> slots(token_count);
    for (std::int64_t token = 0; token < token_count; ++token) slots[static_cast<std::size_t>(token)] = token * 257 % row_count;
    return slots;
}

template <class Narrow>
void scatter(benchmark::State& state) {
    const std::vector<std::int64_t> slots = scattered_slots();
    const std::vector<std::int32_t> experts(token_count * row_width, 127);
    std::vector<Narrow> rows(row_count * row_width);
    const kv::CaptureStep step{
        .shape = {.token_count = token_count, .row_width = row_width}, .slot_of_token = slots, .expert_ids = experts};
    for (auto _ : state) {
        benchmark::DoNotOptimize(kv::capture_on_host(step, std::span<Narrow>(rows)));
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * token_count);
}

template <class Narrow>
void memcpy_a_row(benchmark::State& state) {
    const std::vector<std::int64_t> slots = scattered_slots();
    const std::vector<Narrow> source(token_count * row_width, 127);
    std::vector<Narrow> rows(row_count * row_width);
    for (auto _ : state) {
        for (std::int64_t token = 0; token < token_count; ++token)
            std::memcpy(rows.data() + slots[static_cast<std::size_t>(token)] * row_width, source.data() + token * row_width,
                        row_width * sizeof(Narrow));
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * token_count);
}

BENCHMARK(scatter<std::uint8_t>);
BENCHMARK(memcpy_a_row<std::uint8_t>);
BENCHMARK(scatter<std::uint16_t>);
BENCHMARK(memcpy_a_row<std::uint16_t>);
BENCHMARK(scatter<std::int32_t>);
BENCHMARK(memcpy_a_row<std::int32_t>);

}  // namespace
