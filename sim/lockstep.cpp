#include "sim/lockstep.h"

#include "model/units.h"

#include <algorithm>

namespace kv {
namespace {

std::int64_t graph_for(const LockstepSettings& settings, std::int64_t tokens) {
    const auto size = std::ranges::lower_bound(settings.graph_sizes, tokens);
    return size == settings.graph_sizes.end() ? 0 : *size;
}

// All ranks compute in parts, or none does: not where the last part of a rank would have no token of its own.
bool splits(const LockstepSettings& settings, std::int64_t least_tokens, std::int64_t most_rows) {
    const std::int64_t parts = settings.micro_batches;
    return parts > 1 && most_rows / parts * (parts - 1) < least_tokens;
}

}  // namespace

// Ranks meet in each iteration, those without a token of their own as well.
void count_iterations(const LockstepSettings& settings, std::int64_t dummy_tokens, std::vector<BatchSize>& sizes) {
    if (settings.expert_chunk == 0) return;
    const auto of = [&](const BatchSize& size) { return ceil_div(size.dummy ? dummy_tokens : size.tokens, settings.expert_chunk); };
    std::int64_t most = 0;
    for (const BatchSize& size : sizes) most = std::max(most, of(size));
    for (BatchSize& size : sizes) size.iterations = settings.agreement == BatchAgreement::own_counts ? of(size) : most;
}

// Mirrors _determine_batch_execution_and_padding and coordinate_batch_across_dp of vllm 0.18.0 and 0.32.0, which agree.
void size_batches(const LockstepSettings& settings, std::span<const std::int64_t> tokens, std::int64_t dummy_tokens,
                  std::vector<BatchSize>& sizes) {
    sizes.assign(tokens.size(), {});
    if (std::ranges::all_of(tokens, [](std::int64_t count) { return count == 0; })) return;
    bool all_have_graphs = true;
    std::int64_t most_rows = 0;
    std::int64_t least_tokens = tokens.front();
    for (std::size_t rank = 0; rank < tokens.size(); ++rank) {
        BatchSize& size = sizes[rank];
        size.dummy = tokens[rank] == 0;
        size.tokens = tokens[rank];
        const std::int64_t computed = size.dummy ? dummy_tokens : size.tokens;
        size.graph = graph_for(settings, computed);
        size.rows = size.graph > 0 ? size.graph : computed;
        all_have_graphs = all_have_graphs && size.graph > 0;
        most_rows = std::max(most_rows, size.rows);
        least_tokens = std::min(least_tokens, computed);
    }
    count_iterations(settings, dummy_tokens, sizes);
    if (tokens.size() == 1) return;  // Nobody to agree with, and then nothing is split.
    if (settings.agreement == BatchAgreement::own_counts) return;
    const bool split = splits(settings, least_tokens, most_rows);
    const bool pads = all_have_graphs || split || settings.pads_ranks;
    for (BatchSize& size : sizes) {
        if (size.dummy && settings.agreement == BatchAgreement::own_dummies) continue;
        if (pads) size.rows = most_rows;
        size.graph = all_have_graphs ? most_rows : 0;
        if (split) size.micro_batches = settings.micro_batches;
    }
}

}  // namespace kv
