// The tokens of a block, where nobody asks: the smallest that every backend of the model takes, from 16.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <vector>

namespace kv {
namespace {

constexpr std::int64_t usual_block = 16;

// Of layers whose states are not in blocks of tokens: none.
std::optional<Backend> token_backend_of(const Serving& serving, const MixerShape& mixer) {
    return std::visit(Overload{[&](const AttentionShape& shape) { return std::optional(backend_of(serving, shape)); },
                               [&](const LatentShape& shape) { return std::optional(backend_of(serving, shape)); },
                               [&](const IndexerShape& shape) { return std::optional(backend_of(serving, shape)); },
                               [&](const CompressedShape& shape) { return std::optional(backend_of(serving, shape)); },
                               [&](const StateShape&) { return std::optional<Backend>(); }},
                      mixer);
}

bool takes(const Backend& backend, std::int64_t block) { return block % backend.kernel_block == 0; }

// Mirrors Platform._preferred_block_size_for_backends.
std::int64_t block_for_all(const std::vector<Backend>& backends) {
    if (backends.size() == 1) return backends.front().preferred_block;
    if (std::ranges::all_of(backends, [](const Backend& backend) { return takes(backend, usual_block); })) return usual_block;
    std::int64_t block = 1;
    for (const Backend& backend : backends) block = checked_lcm(block, backend.kernel_block);
    return block;
}

}  // namespace

void resolve_block(Serving& serving) {
    if (serving.arguments.block) return;
    std::vector<Backend> backends;
    const auto add = [&](const ShapedLayer& layer) {
        const auto backend = token_backend_of(serving, layer.mixer);
        if (backend && std::ranges::find(backends, backend->name, &Backend::name) == backends.end()) backends.push_back(*backend);
    };
    std::ranges::for_each(serving.model.layers, add);
    if (backends.empty()) return;
    // 0.18.0 asks the first layer only, and models with states not at all.
    const bool asks_all = serving.engine.backends.choice != Backends::vllm_0_18;
    if (asks_all) serving.settings.block = TokensPerBlock{block_for_all(backends)};
    else serving.settings.block = TokensPerBlock{serving.model.traits.hybrid ? usual_block : backends.front().preferred_block};
}

}  // namespace kv
