// A model in service: what its layers' specs are made from, and one function a kind that makes them. Only model/serving/ uses it.
#pragma once

#include "model/serving/serving.h"

#include <string_view>
#include <vector>

namespace kv {

// An attention backend, as far as it decides sizes.
struct Backend {
    std::string_view name;                 // As the engine's logs have it.
    std::int64_t kernel_block = 16;        // Block sizes are whole multiples of it ...
    bool kernel_block_is_multiple = true;  // ... or exactly it.
    std::int64_t preferred_block = 16;     // Where nobody asks for one.
};

struct Serving {
    const Engine& engine;
    const ModelShape& model;
    const ServingArguments& arguments;
    Settings settings;  // `block` is what attention layers get.
    Resolved resolved;
    std::vector<const ShapedLayer*> layers = {};  // Of the worker in hand; a drafter's last.

    std::int64_t tensor() const { return settings.parallel.tensor; }
    bool described() const { return engine.layer_specs.choice == LayerSpecs::described; }
    DType cache_element() const;  // Of the attention layers' cache.
    QuantMode quant() const;      // Always none where specs do not say it.
};

// A rank's share of heads. Refused where the engine's classes assert that they divide evenly.
std::int64_t kv_heads_share(std::int64_t kv_heads, std::int64_t tensor);
std::int64_t kv_heads_of_rank(const Serving& serving, const AttentionShape& shape);

// The first backend that takes this layer, or the engine's refusal.
Backend backend_of(const Serving& serving, const AttentionShape& shape);
Backend backend_of(const Serving& serving, const LatentShape& shape);
Backend backend_of(const Serving& serving, const IndexerShape& shape);
Backend backend_of(const Serving& serving, const CompressedShape& shape);
// Where the backend has kernels for blocks of one size only of layers such as this.
std::optional<TokensPerBlock> only_kernel_block(const Serving& serving, const Backend& backend, const AttentionShape& shape);

// The scales that stand beside the entries of a token and head; empty where there are none. Mirrors TritonAttentionBackend.customize_spec.
std::optional<Bytes> scaled_state_bytes(const AttentionCache& cache);

KvSpec spec_of(const Serving& serving, const AttentionShape& shape);
KvSpec spec_of(const Serving& serving, const LatentShape& shape);
KvSpec spec_of(const Serving& serving, const IndexerShape& shape);
KvSpec spec_of(const Serving& serving, const CompressedShape& shape);
KvSpec spec_of(const Serving& serving, const StateShape& shape);

// What a rank keeps of one position of a state layer. Refused where a dimension does not divide evenly over the ranks.
std::vector<MambaState> states_of(const Serving& serving, const StateShape& shape);
// Refused where the engine's layer asserts that it divides evenly; it asks more than its states do.
void check_state_share(const Serving& serving, const StateShape& shape);

// What the engine resolves for models with states before any layer is made: mode, block of states, prefix caching and, where the release
// does it here, the attention block whose page holds a state.
void resolve_states(Serving& serving);
// The same block where the release finds it once the layers of a worker, and so their backends, are known.
void align_states(Serving& serving);

// What nobody asked for, of models with and without states.
void resolve_defaults(Serving& serving);
// The element type of a latent cache, as its backend packs it.
void resolve_latent(Serving& serving);
// How the engine drafts, or its refusal to.
void resolve_drafting(Serving& serving);
// The attention block, where nobody asks for one: what the backends of the layers like.
void resolve_block(Serving& serving);

}  // namespace kv
