#include "sim/deployment_size.h"

#include "model/cache/block_pool.h"
#include "model/capture/slot_rows.h"
#include "model/engine.h"
#include "sim/deployment.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace kv {
namespace {

constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

// Factors and terms that are not negative.
std::int64_t times(std::int64_t left, std::int64_t right) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(left, right, &product) ? endless : product;
}
std::int64_t plus(std::int64_t left, std::int64_t right) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(left, right, &sum) ? endless : sum;
}

// Rounded up from what the types behind them take.
constexpr std::int64_t block_bytes = 16, cached_block_bytes = 80;  // Of a pool, without and with a prefix that it is found by.
constexpr std::int64_t tag_bytes = 8;
constexpr std::int64_t columns_max = 2;         // Of a captured row, in tags.
constexpr std::int64_t place_bytes = 512;       // Of a request in a delivery's tables.
constexpr std::int64_t batch_row_bytes = 1024;  // Of a request in the batch, and what it holds of each group.

// What passes is within the contracts of those who take it.
static_assert(deployment_bytes_max / block_bytes <= pool_blocks_max);
static_assert(deployment_bytes_max / tag_bytes <= SlotRows::tags_max);

}  // namespace

void DeploymentSize::add(Part part, std::int64_t count, std::int64_t bytes) {
    std::int64_t& sum = bytes_[part];
    sum = plus(sum, times(count, bytes));
}

void DeploymentSize::add(const RankSettings& rank, std::int64_t rows_max) {
    ++ranks_;
    add(pool, rank.cache.blocks.value, rank.cache.prefix_caching ? cached_block_bytes : block_bytes);
    // Each context-parallel rank has tables of its own.
    const std::int64_t context = times(rank.batch.context.decode.ranks, rank.batch.context.prefill.ranks);
    for (const TableShape& table : rank.tables) {
        const TableBlock block = engine_.table_block(table.block, table.kernel_block);
        constexpr std::int64_t width_end = std::int64_t{1} << 40;  // Rounded up or not, nobody has room for such a row.
        const std::int64_t asked = times(table.row_blocks_max.value, block.entries_per_block);
        const std::int64_t width = asked < width_end ? engine_.table_width(asked, block.block) : endless;
        add(tables, times(rank.batch.rows, context), times(width, std::int64_t{sizeof(std::int32_t)}));
        add(steps, rows_max, sizeof(std::int64_t));
    }
    add(steps, rows_max, tag_bytes);
    add(tables, times(rank.batch.rows, context), batch_row_bytes);
    if (rank.capture) add_capture(*rank.capture);
}

void DeploymentSize::add_capture(const CaptureSettings& capture) {
    const RowSetup& rows = capture.rows;
    const std::int64_t row_bytes = columns_max * tag_bytes;
    const Transport transport = engine_.transport.choice;
    const bool by_slot =
        transport == Transport::shared_memory || transport == Transport::slot_cache || transport == Transport::prompt_by_slot;
    add(side_buffer, by_slot ? std::max<std::int64_t>(rows.rows, 0) : 0, row_bytes);
    add(steps, capture.buffer.rows, row_bytes);
    add(row_blocks, rows.requests_max, place_bytes);
    if (transport == Transport::shared_memory) return;
    add(steps, times(rows.batched_max, rows.steps_in_flight_max), row_bytes + tag_bytes);
    if (transport != Transport::object_store) return;
    const std::int64_t of_a_step = plus(ceil_div(rows.batched_max, rows.object_rows), rows.running_max);
    const std::int64_t blocks = plus(times(of_a_step, rows.steps_in_flight_max), rows.running_max);
    add(row_blocks, times(blocks, rows.object_rows), row_bytes);
}

std::int64_t DeploymentSize::bytes() const {
    std::int64_t sum = 0;
    for (const std::int64_t part : bytes_) sum = plus(sum, part);
    return sum;
}

std::string DeploymentSize::complaint(std::int64_t most) const {
    constexpr std::array<std::string_view, part_count> names{"blocks of the pool", "block tables", "tokens of a step",
                                                             "rows of the side buffer", "blocks of captured rows"};
    constexpr std::int64_t mib = std::int64_t{1} << 20;
    const auto largest = std::ranges::max_element(bytes_);
    return "running it takes more than " + std::to_string(most / mib) + " MiB: the " +
           std::string(names[static_cast<std::size_t>(largest - bytes_.begin())]) + " of " + std::to_string(ranks_) +
           (ranks_ == 1 ? " rank" : " ranks") + " alone take " + std::to_string(*largest / mib) + " MiB";
}

}  // namespace kv
