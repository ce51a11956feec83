#include "model/rules/promotion.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

bool one_type(const Planning& planning, const std::vector<WorkerLayer>& layers) {
    Planning part(planning.engine, planning.model, planning.settings, planning.specs);
    part.set_layers(layers);
    return merge_into_one(part) || one_uniform_type(part);
}

struct Kinds {
    bool full = false;
    bool local = false;
};

Kinds kinds_of(const Planning& planning, const std::vector<WorkerLayer>& layers) {
    Kinds kinds;
    for (const WorkerLayer& layer : layers) {
        const KvSpec& spec = planning.spec(layer.spec);
        kinds.full = kinds.full || full_of(spec) != nullptr;
        kinds.local = kinds.local || sliding_of(spec) != nullptr || std::holds_alternative<ChunkedLocalSpec>(spec);
    }
    return kinds;
}

std::optional<FullSpec> as_full(const KvSpec& spec) {
    if (const auto* sliding = std::get_if<SlidingWindowSpec>(&spec)) return FullSpec{.cache = sliding->cache, .window = sliding->window};
    if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&spec)) return FullSpec{.cache = chunked->cache, .chunk = chunked->chunk};
    return std::nullopt;
}

// The one block size of the full-attention layers, if it is one.
std::optional<TokensPerBlock> full_block(const Planning& planning, const std::vector<WorkerLayer>& layers) {
    std::optional<TokensPerBlock> block;
    for (const WorkerLayer& layer : layers) {
        const FullSpec* full = full_of(planning.spec(layer.spec));
        if (full == nullptr) continue;
        if (block && *block != full->cache.block) return std::nullopt;
        block = full->cache.block;
    }
    return block;
}

// Padding grows with the block: a page never becomes smaller than what it holds.
void move_to_block(FullSpec& spec, TokensPerBlock block, Bytes unpadded) {
    if (spec.cache.page_padded) {
        const Bytes moved{checked_mul(unpadded.value, block.value) / spec.cache.block.value};
        spec.cache.page_padded = std::max(*spec.cache.page_padded, moved);
    }
    spec.cache.block = block;
}

Bytes unpadded_page(const Planning& planning, KvSpec spec) {
    attention_of(spec)->page_padded.reset();
    return planning.engine.page_bytes(spec);
}

void refuse_unless_one_type(const Planning& planning, const std::vector<WorkerLayer>& layers, std::string_view raised_in) {
    if (one_type(planning, layers)) return;
    refuse({.type = Raised::value_error,
            .raised_in = raised_in,
            .message = "the hybrid manager is disabled, but the layers cannot be kept as one type of cache"});
}

}  // namespace

void promote_windows(Planning& planning) {
    if (one_type(planning, planning.layers())) return;
    const Kinds kinds = kinds_of(planning, planning.layers());
    if (kinds.full && kinds.local) {
        std::vector<WorkerLayer> layers = planning.layers();
        for (WorkerLayer& layer : layers) {
            if (auto full = as_full(planning.spec(layer.spec))) {
                full->cache.head_size_v = full->cache.head_size;
                layer.spec = planning.intern(std::move(*full));
            }
        }
        planning.set_layers(std::move(layers));
    }
    refuse_unless_one_type(planning, planning.layers(), "unify_hybrid_kv_cache_specs");
}

std::vector<WorkerLayer> promoted_layers(Planning& planning, std::vector<WorkerLayer> layers) {
    if (one_type(planning, layers)) return layers;
    const Kinds kinds = kinds_of(planning, layers);
    const std::optional<TokensPerBlock> block = full_block(planning, layers);
    if (kinds.full && kinds.local) {
        for (WorkerLayer& layer : layers) {
            const KvSpec& spec = planning.spec(layer.spec);
            if (std::holds_alternative<SlidingWindowMlaSpec>(spec))
                refuse({.type = Raised::type_error,
                        .raised_in = "replace_as",
                        .message = "a windowed latent cache has a replay policy, which a full latent cache does not know"});
            if (auto full = as_full(spec)) {
                move_to_block(*full, block.value_or(full->cache.block), unpadded_page(planning, spec));
                layer.spec = planning.intern(std::move(*full));
            }
        }
    }
    refuse_unless_one_type(planning, layers, "_promote_local_kv_cache_specs");
    return layers;
}

void promote_windows_to_full_block(Planning& planning) {
    const auto replicated = [&](const WorkerLayer& layer) {
        const AttentionCache* cache = attention_of(planning.spec(layer.spec));
        return cache != nullptr && cache->sharding == ContextSharding::replicated;
    };
    if (planning.layers().empty()) return;
    const bool first_kind = replicated(planning.layers().front());
    std::vector<WorkerLayer> layers = planning.layers();
    for (const bool kind : {first_kind, !first_kind}) {
        std::vector<std::size_t> places;
        std::vector<WorkerLayer> part;
        for (std::size_t i = 0; i < planning.layers().size(); ++i) {
            if (replicated(planning.layers()[i]) != kind) continue;
            places.push_back(i);
            part.push_back(planning.layers()[i]);
        }
        if (part.empty()) continue;
        part = promoted_layers(planning, std::move(part));
        for (std::size_t i = 0; i < places.size(); ++i) layers[places[i]] = part[i];
    }
    planning.set_layers(std::move(layers));
}

}  // namespace kv
