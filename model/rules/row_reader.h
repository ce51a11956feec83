// Where whoever reads captured rows of a request looks for them. The writer stored each token's row at its slot.
#pragma once

#include "model/addressing/row_read.h"
#include "model/engine.h"

#include <array>

namespace kv {

std::optional<std::vector<std::int64_t>> read_manager_blocks(const RowRead& read);
std::optional<std::vector<std::int64_t>> read_as_written(const RowRead& read);
std::optional<std::vector<std::int64_t>> read_as_written_or_missing(const RowRead& read);
std::optional<std::vector<std::int64_t>> read_by_content(const RowRead& read);

inline constexpr RowReader from_manager_blocks{
    .id = "manager-blocks",
    .meaning =
        "block x block size + offset from the scheduler's block ids, a computation of its own: it knows no ranks, wraps at 32 bits, "
        "takes rows of the null block for those that a window has passed, and too few blocks for fewer rows",
    .source = "vllm 0.18.0, Scheduler._get_routed_experts",
    .decide = read_manager_blocks};
inline constexpr RowReader as_written{
    .id = "as-written",
    .meaning = "the writer's address: the same columns, ranks and offsets; a position without a block is refused",
    .source = "kvproof: the address is computed once and shared",
    .decide = read_as_written};
inline constexpr RowReader as_written_or_missing{.id = "as-written-or-missing",
                                                 .meaning = "the same, but a position without a block is PAD: its row is missing",
                                                 .source = "kvproof: missing is a value of its own",
                                                 .decide = read_as_written_or_missing};
inline constexpr RowReader by_content{.id = "by-content",
                                      .meaning = "rows are kept under the hash of their block's tokens; no slot is read",
                                      .source = "vllm 0.32.0, AuxOutputWorkerConnector",
                                      .decide = read_by_content};
inline constexpr std::array row_reader_rules{from_manager_blocks, as_written, as_written_or_missing, by_content};

// Slots of `count` positions from `first` on, by the writer's address; PAD for a position without a block, of the null block or of
// another rank.
void slots_or_pad(const RowRead& read, std::int64_t first, std::span<std::int64_t> slots);

}  // namespace kv
