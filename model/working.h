// The choices of a worker in a step, and what the size of its step buffer is worked out from.
#pragma once

#include <cstdint>

namespace kv {

enum class WindowTable : std::uint8_t { whole_request, window_only };
enum class DraftSlots : std::uint8_t { from_table, contiguous };
enum class CachePad : std::uint8_t { inert, indexed };
enum class KernelOffsets : std::uint8_t { bits_64, bits_32 };
enum class BatchAgreement : std::uint8_t { agreed, own_counts, own_dummies };
enum class DraftPool : std::uint8_t { as_target, own_blocks };
enum class TransferLists : std::uint8_t { counted, by_position, by_tokens };
enum class LateOutputs : std::uint8_t { counted, known_late };
enum class RouterBlocks : std::uint8_t { as_told, learnt };
enum class GroupScope : std::uint8_t { whole_model, own_layers };
enum class RowWriterGroup : std::uint8_t { capture_group, first_group };
enum class RowStride : std::uint8_t { routed, with_shared };

// Tokens, or rows, of a step.
struct StepBufferDemand {
    std::int64_t batched_max = 0;
    std::int64_t chunk_max = 0;  // Of one request's prefill; 0: it may come in one piece.
    std::int64_t running_max = 0;
    std::int64_t graph_max = 0;      // The largest batch that a graph was captured for.
    std::int64_t ranks = 1;          // Data-parallel ones, and
    std::int64_t ranks_offered = 1;  // those whose rows a rank's buffer takes.
};

}  // namespace kv
