#include "sim/schedule/aligned_chunk.h"

#include <algorithm>
#include <initializer_list>

namespace kv {
namespace {

std::int64_t round_down(std::int64_t count, std::int64_t multiple) { return count / multiple * multiple; }

// Mirrors Scheduler._mamba_block_aligned_split of vllm 0.18.0.
std::int64_t chunk_of_0_18(const ChunkAlignment& alignment, const CacheRequest& request, std::int64_t start, std::int64_t tokens) {
    const std::int64_t total = request.tokens.value;
    if (start >= std::max(request.prompt_tokens.value, total - 1)) return tokens;
    std::int64_t last = round_down(total, alignment.state_block);
    if (alignment.drops_block) last = std::max<std::int64_t>(last - alignment.state_block, 0);
    if (start + tokens < last) return round_down(tokens, alignment.state_block);
    if (start < last && last < start + tokens) return last - start;
    return tokens;
}

// Where a prefill of so many tokens leaves a state that can be gone on from.
std::int64_t checkpoint_at(std::int64_t tokens, std::int64_t block, bool drops_block) {
    const std::int64_t limit = drops_block ? tokens : tokens - 1;
    if (limit < 0) return 0;
    return std::max<std::int64_t>(round_down(limit, block) - (drops_block ? block : 0), 0);
}

bool checkpoint_inside(const ChunkAlignment& alignment, std::int64_t start, std::int64_t end, std::int64_t position) {
    if (!alignment.checkpoints || !alignment.checkpoint_alignment) return false;
    const std::int64_t first_column = start == 0 ? -1 : (start - 1) / alignment.state_block;
    const std::int64_t column = ceil_div(end, alignment.state_block) - 2;
    return start % alignment.hash_block == 0 && column > first_column && start + alignment.hash_block <= position && start < position &&
           position < end && (position - start) % *alignment.checkpoint_alignment == 0;
}

// Mirrors Scheduler._mamba_block_aligned_split of vllm 0.32.0.
std::int64_t chunk_of_0_32(const ChunkAlignment& alignment, const CacheRequest& request, std::int64_t start, std::int64_t tokens) {
    const std::int64_t prompt = request.prompt_tokens.value;
    const std::int64_t prefill_end = std::max(prompt, request.tokens.value - 1);
    if (start >= prefill_end) return tokens;
    const std::int64_t block = alignment.state_block;
    std::int64_t last = checkpoint_at(request.tokens.value, block, alignment.drops_block);
    std::int64_t end = start + tokens;
    const std::int64_t unit = alignment.partial_hits ? alignment.hash_block : alignment.scheduler_block;
    const bool inside =
        end >= prefill_end && checkpoint_inside(alignment, start, end, checkpoint_at(prefill_end, unit, alignment.drops_block));
    if (inside) last = 0;
    if (end < prefill_end) {
        const std::int64_t aligned = round_down(end, block);
        if (aligned > start || block <= alignment.prefill_max) end = aligned;
    }
    const std::int64_t next_block = start % block != 0 && !inside ? (start / block + 1) * block : 0;
    const std::int64_t tail = alignment.partial_hits && !inside ? checkpoint_at(prompt, alignment.hash_block, alignment.drops_block) : 0;
    const std::int64_t junction = request.shared_boundary.value;
    const bool crossed = start < junction && junction < end;
    const bool kept = alignment.shared_prefix_checkpoint && junction <= prompt;
    const std::int64_t junction_stop = !crossed ? 0 : kept ? junction : start + round_down(junction - start, block);
    std::int64_t stop = end;
    for (const std::int64_t at : {next_block, last, last < tail && tail < prompt ? tail : std::int64_t{0}, junction_stop})
        if (start < at && at < stop) stop = at;
    return std::max<std::int64_t>(stop - start, 0);
}

}  // namespace

ChunkAlignment chunk_alignment(const Engine& engine, const CacheManager& manager, const SchedulerSettings& settings) {
    const CacheSetup& setup = manager.setup();
    ChunkAlignment alignment{.rule = engine.state_chunks.choice,
                             .state_block = settings.state_block->value,
                             .scheduler_block = setup.scheduler_block.value,
                             .hash_block = setup.hash_block.value,
                             .drops_block = setup.eagle,
                             .partial_hits = manager.hits_end_inside_blocks() && setup.hash_block < setup.scheduler_block,
                             .checkpoints = true,
                             .prefill_max = settings.batched_max.value};
    if (settings.chunk_max > Tokens{0}) alignment.prefill_max = std::min(alignment.prefill_max, settings.chunk_max.value);
    alignment.shared_prefix_checkpoint = alignment.partial_hits && manager.keeps_shared_prefix_states();
    bool first = true;
    for (const CacheGroup& group : setup.groups) {
        const auto* states = std::get_if<MambaSpec>(&group.spec);
        if (states == nullptr) continue;
        alignment.checkpoints = alignment.checkpoints && states->prefill_checkpoint_blocks > 0;
        if (first && states->prefill_checkpoint_alignment) alignment.checkpoint_alignment = states->prefill_checkpoint_alignment->value;
        first = false;
    }
    return alignment;
}

std::int64_t aligned_chunk(const ChunkAlignment& alignment, const CacheRequest& request, std::int64_t start, std::int64_t tokens) {
    if (alignment.rule == StateChunks::whole_blocks) return chunk_of_0_18(alignment, request, start, tokens);
    return chunk_of_0_32(alignment, request, start, tokens);
}

}  // namespace kv
