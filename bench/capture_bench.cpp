// The scatter on the host, beside one memcpy a row of the same rows: what a row costs when nothing has to be decided. Budget: 0.6 of the
// memcpy's rows a second where the step buffer is narrow already; the program fails below it. A scatter that narrows reads more than it
// writes: beside it, one memcpy a row of as many bytes as it reads and writes. NumPy was recorded at 28-31 million rows of uint8 a second
// and 5-6 million of int32.
#include "kernels/host.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace kv {
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

void count_rows(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * token_count); }

template <class Narrow>
void narrowing(benchmark::State& state) {
    const std::vector<std::int64_t> slots = scattered_slots();
    const std::vector<std::int32_t> experts(token_count * row_width, 127);
    std::vector<Narrow> rows(row_count * row_width);
    const CaptureStep step{.shape = {.token_count = token_count, .row_width = row_width}, .slot_of_token = slots, .expert_ids = experts};
    for (auto _ : state) {
        benchmark::DoNotOptimize(capture_on_host(step, std::span<Narrow>(rows)));
        benchmark::ClobberMemory();
    }
    count_rows(state);
}

void as_they_are(benchmark::State& state, std::int64_t row_bytes) {
    const std::vector<std::int64_t> slots = scattered_slots();
    const std::vector<std::uint8_t> source(static_cast<std::size_t>(token_count * row_bytes), 127);
    std::vector<std::uint8_t> rows(static_cast<std::size_t>(row_count * row_bytes));
    for (auto _ : state) {
        benchmark::DoNotOptimize(copy_rows_on_host({.token_count = token_count, .row_width = row_bytes}, slots, source, rows));
        benchmark::ClobberMemory();
    }
    count_rows(state);
}

void memcpy_a_row(benchmark::State& state, std::int64_t row_bytes) {
    const std::vector<std::int64_t> slots = scattered_slots();
    const std::vector<std::uint8_t> source(static_cast<std::size_t>(token_count * row_bytes), 127);
    std::vector<std::uint8_t> rows(static_cast<std::size_t>(row_count * row_bytes));
    for (auto _ : state) {
        for (std::int64_t token = 0; token < token_count; ++token)
            std::memcpy(rows.data() + slots[static_cast<std::size_t>(token)] * row_bytes, source.data() + token * row_bytes,
                        static_cast<std::size_t>(row_bytes));
        benchmark::ClobberMemory();
    }
    count_rows(state);
}

// A row of 384 ids is read as int32 and written narrower: as many bytes as a memcpy of half their sum reads and writes.
constexpr std::int64_t uint8_bytes = row_width, uint16_bytes = 2 * row_width, int32_bytes = 4 * row_width;
BENCHMARK_CAPTURE(as_they_are, uint8, uint8_bytes);
BENCHMARK_CAPTURE(memcpy_a_row, uint8, uint8_bytes);
BENCHMARK_CAPTURE(as_they_are, uint16, uint16_bytes);
BENCHMARK_CAPTURE(memcpy_a_row, uint16, uint16_bytes);
BENCHMARK_CAPTURE(as_they_are, int32, int32_bytes);
BENCHMARK_CAPTURE(memcpy_a_row, int32, int32_bytes);
BENCHMARK(narrowing<std::uint8_t>);
BENCHMARK_CAPTURE(memcpy_a_row, of_int32_and_uint8, (int32_bytes + uint8_bytes) / 2);
BENCHMARK(narrowing<std::uint16_t>);
BENCHMARK_CAPTURE(memcpy_a_row, of_int32_and_uint16, (int32_bytes + uint16_bytes) / 2);

constexpr double budget = 0.6;

// Other work comes and goes: of the repeats of each, the fastest is kept.
class RateReporter : public benchmark::ConsoleReporter {
public:
    RateReporter() : ConsoleReporter(OO_None) {}
    void ReportRuns(const std::vector<Run>& runs) override {
        ConsoleReporter::ReportRuns(runs);
        for (const Run& run : runs) {
            const auto rate = run.counters.find("items_per_second");
            if (run.run_type != Run::RT_Iteration || rate == run.counters.end()) continue;
            double& best = rates_[run.run_name.function_name];
            best = std::max<double>(best, rate->second);
        }
    }
    double rate(const std::string& name) const {
        const auto found = rates_.find(name);
        return found == rates_.end() ? 0 : found->second;
    }

private:
    std::map<std::string, double> rates_;
};

struct Pair {
    const char *what, *scatter, *peer;
    bool budgeted;
};
constexpr Pair pairs[] = {{"uint8 rows", "as_they_are/uint8", "memcpy_a_row/uint8", true},
                          {"uint16 rows", "as_they_are/uint16", "memcpy_a_row/uint16", true},
                          {"int32 rows", "as_they_are/int32", "memcpy_a_row/int32", true},
                          {"int32 to uint8, as many bytes", "narrowing<std::uint8_t>", "memcpy_a_row/of_int32_and_uint8", false},
                          {"int32 to uint16, as many bytes", "narrowing<std::uint16_t>", "memcpy_a_row/of_int32_and_uint16", false}};

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    kv::RateReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    int status = 0;
    for (const kv::Pair& pair : kv::pairs) {
        const double scatter = reporter.rate(pair.scatter), peer = reporter.rate(pair.peer);
        if (scatter == 0 || peer == 0) continue;  // A filter has left it out.
        std::cout << "scatter: " << pair.what << ": " << scatter / 1e6 << " million rows/s, " << scatter / peer << " of one memcpy a row ("
                  << peer / 1e6 << ")" << (pair.budgeted ? ", budget 0.6" : "") << "\n";
        if (pair.budgeted && scatter < kv::budget * peer) status = 1;
    }
    return status;
}
