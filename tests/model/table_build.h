// Block tables for tests, and what a call on them raised.
#pragma once

#include "model/addressing/block_table.h"
#include "model/refusal.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace kv::testing {

inline Engine engine_of(std::string_view spelling) { return std::get<Engine>(engine_spelled(spelling)); }

inline TableShape shape_of(std::int64_t block, std::int64_t blocks_max, std::int64_t kernel_block = 0) {
    return {.block = TokensPerBlock{block},
            .kernel_block = TokensPerBlock{kernel_block == 0 ? block : kernel_block},
            .row_blocks_max = Blocks{blocks_max}};
}

// first, first + 1, ...
inline std::vector<BlockId> blocks_from(std::int32_t first, std::int32_t count) {
    std::vector<BlockId> blocks;
    for (std::int32_t i = 0; i < count; ++i) blocks.push_back(static_cast<BlockId>(first + i));
    return blocks;
}

inline std::vector<std::int64_t> mapped(const BlockTable& table, const std::vector<PositionRun>& runs, std::size_t batch_size) {
    std::vector<std::int64_t> batch(batch_size, -77);
    const std::span<std::int64_t> slots = table.map(runs, batch);
    return {slots.begin(), slots.end()};
}

// What the call raised, if anything.
template <class Call>
std::optional<Refusal> refusal_of(Call call) {
    try {
        call();
    } catch (const RefusedByEngine& refused) {
        return refused.refusal;
    }
    return std::nullopt;
}

}  // namespace kv::testing
