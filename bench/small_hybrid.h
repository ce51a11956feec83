// The small hybrid that budgets speak of: 2 groups, 8 layers, 2 ranks, 4 requests, 256 blocks, the capture path included.
#pragma once

#include "sim/simulation.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kv {

inline constexpr TokensPerBlock small_hybrid_block{16};
inline constexpr std::int64_t small_hybrid_steps = 64;  // None of the four is done before.

inline RankSettings small_hybrid(std::int64_t rank) {
    const AttentionCache cache{.block = small_hybrid_block, .kv_heads = 1, .head_size = 64, .head_size_v = 64, .dtype = DType::bfloat16};
    RankSettings settings{.rank = RankId{static_cast<std::int32_t>(rank)},
                          .scheduler = {.batched_max = Tokens{64}, .running_max = 4},
                          .cache = {.groups = {{SlidingWindowSpec{.cache = cache, .window = Tokens{64}}}, {FullSpec{.cache = cache}}},
                                    .blocks = Blocks{256},
                                    .in_flight_max = Tokens{64}},
                          .tables = {2, {.block = small_hybrid_block, .kernel_block = small_hybrid_block, .row_blocks_max = Blocks{64}}},
                          .batch = {.rows = 4}};
    settings.capture = CaptureSettings{.rows = {.model = {.layers = 8, .routers = {.experts = 32, .topk = 4}},
                                                .rows = 256 * 16,
                                                .object_rows = small_hybrid_block.value,
                                                .address = SlotAddress(small_hybrid_block),
                                                .requests_max = 4,
                                                .running_max = 4,
                                                .batched_max = 64},
                                       .buffer = {.rows = 64, .layers = 8, .columns = 4},
                                       .group = 1};
    return settings;
}

inline Happenings four_requests() {
    Happenings happenings;
    for (std::int32_t i = 0; i < 4; ++i) happenings.requests.push_back({.rank = RankId{i % 2}});
    happenings.make = [](std::size_t place) {
        const auto i = static_cast<std::int64_t>(place);
        NewRequest request{.text = RequestText(small_hybrid_block), .prompt = 40 + 8 * i, .outputs_max = 64};
        request.text.append({.stream = 10 + i, .first = 0, .count = request.prompt + request.outputs_max});
        return request;
    };
    return happenings;
}

}  // namespace kv
