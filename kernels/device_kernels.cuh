// The grid over a move: a block takes tiles of rows, its threads share them as kernels/move_body.h says.
#pragma once

#include "kernels/device_memory.cuh"
#include "kernels/move_body.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace kv {

template <int bytes>
using Word = std::conditional_t<
    bytes == 16, uint4,
    std::conditional_t<bytes == 8, uint2,
                       std::conditional_t<bytes == 4, unsigned, std::conditional_t<bytes == 2, unsigned short, unsigned char>>>>;

// A lane is one word of the memory bus, read and written once: it need not stay in a cache.
struct StreamingAccess {
    template <int count, class Id>
    static __device__ IdPack<std::remove_const_t<Id>, count> load(Id* from) {
        const auto word = __ldcs(reinterpret_cast<const Word<count* static_cast<int>(sizeof(Id))>*>(from));
        IdPack<std::remove_const_t<Id>, count> pack;
        static_assert(sizeof pack == sizeof word);
        memcpy(&pack, &word, sizeof pack);
        return pack;
    }
    template <int count, class Id>
    static __device__ void store(Id* to, const IdPack<Id, count>& pack) {
        Word<count* static_cast<int>(sizeof(Id))> word;
        static_assert(sizeof pack == sizeof word);
        memcpy(&word, &pack, sizeof word);
        __stcs(reinterpret_cast<decltype(word)*>(to), word);
    }
};

struct DeviceTally {
    unsigned long long overflow_count;
    unsigned long long bad_row_count;
};

inline constexpr int threads_a_block = 256;

template <class Access, int count, int in_flight, class Move>
__global__ void __launch_bounds__(threads_a_block) move_rows(const Move move, std::int32_t rows_a_tile, DeviceTally* sum) {
    Tally tally;
    const std::int64_t rows = move.rows();
    for (std::int64_t first = std::int64_t{blockIdx.x} * rows_a_tile; first < rows; first += std::int64_t{gridDim.x} * rows_a_tile) {
        const auto row_count = static_cast<std::int32_t>(rows - first < rows_a_tile ? rows - first : rows_a_tile);
        move_tile<Access, count, in_flight>(move,
                                            {.first_row = first,
                                             .row_count = row_count,
                                             .thread = static_cast<std::int32_t>(threadIdx.x),
                                             .thread_count = static_cast<std::int32_t>(blockDim.x)},
                                            tally);
    }
    if (tally.overflow_count != 0) atomicAdd(&sum->overflow_count, static_cast<unsigned long long>(tally.overflow_count));
    if (tally.bad_row_count != 0) atomicAdd(&sum->bad_row_count, static_cast<unsigned long long>(tally.bad_row_count));
}

// Large tiles where there are rows enough for every multiprocessor: with 128 rows of 384 bytes the threads of a block come out even.
constexpr std::int32_t tile_for(std::int64_t rows) { return rows >= 131'072 ? 128 : rows >= 16'384 ? 32 : 8; }

// As many blocks as `rows_max` rows need; how many rows there are, the move reads when it runs.
template <class Access, int count, int in_flight, class Move>
void launch_move(const Move& move, std::int64_t rows_max, cudaStream_t stream, DeviceTally* sum) {
    const std::int32_t tile = tile_for(rows_max);
    const std::int64_t blocks = std::clamp<std::int64_t>((rows_max + tile - 1) / tile, 1, 2'147'483'647);
    launch({.blocks = static_cast<unsigned>(blocks), .threads = threads_a_block}, stream, move_rows<Access, count, in_flight, Move>, move,
           tile, sum);
}

}  // namespace kv
