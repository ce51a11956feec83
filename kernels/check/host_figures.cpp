#include "kernels/check/checks.h"
#include "kernels/host.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace kv {
namespace {

constexpr std::int64_t token_count = 8192, row_width = 384, row_count = 4 * token_count;

// The best of some runs, in rows a second: other work comes and goes.
template <class Work>
double rows_a_second(Work work) {
    constexpr int runs = 15;
    double best = 0;
    for (int run = 0; run < runs; ++run) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        best = std::max(best, static_cast<double>(token_count) / took.count());
    }
    return best;
}

}  // namespace

KernelFigures host_figures() {
    std::vector<std::int64_t> slots(token_count);
    for (std::int64_t token = 0; token < token_count; ++token) slots[static_cast<std::size_t>(token)] = token * 257 % row_count;
    const std::vector<std::uint8_t> narrow(token_count * row_width, 127);
    const std::vector<std::int32_t> wide(token_count * row_width, 127);
    std::vector<std::uint8_t> rows(row_count * row_width);

    const double peer = rows_a_second([&] {
        for (std::int64_t token = 0; token < token_count; ++token)
            std::memcpy(rows.data() + slots[static_cast<std::size_t>(token)] * row_width, narrow.data() + token * row_width, row_width);
    });
    const double copied =
        rows_a_second([&] { copy_rows_on_host({.token_count = token_count, .row_width = row_width}, slots, narrow, rows); });
    const double narrowed = rows_a_second([&] {
        capture_on_host<std::uint8_t>(
            {.shape = {.token_count = token_count, .row_width = row_width}, .slot_of_token = slots, .expert_ids = wide}, rows);
    });
    const char* const beside = "one memcpy a row of 384 bytes";
    return {{.id = "host/scatter-uint8",
             .what = "scatter of rows of 384 uint8 ids on one core",
             .value = copied / 1e6,
             .unit = "million rows/s",
             .ratio = copied / peer,
             .beside = beside,
             .ratio_min = 0.6},
            {.id = "host/scatter-int32-to-uint8",
             .what = "the same, narrowed from int32: four times the bytes are read",
             .value = narrowed / 1e6,
             .unit = "million rows/s",
             .ratio = narrowed / peer,
             .beside = beside}};
}

}  // namespace kv
