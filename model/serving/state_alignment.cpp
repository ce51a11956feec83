// Pages of attention and of states become one size: attention blocks grow until a page holds a state, and states are padded up to it.
// Mirrors MambaModelConfig with, in 0.18.0, HybridAttentionMambaModelConfig and, in 0.32.0, Platform._align_hybrid_block_size.
#include "model/rules/page_bytes.h"
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <type_traits>

namespace kv {
namespace {

constexpr std::int64_t plain_alignment = 16;          // 0.18.0's, whatever the backend.
constexpr std::int64_t plain_latent_alignment = 64;   // The same, of latent caches.
constexpr std::int64_t latent_alignment_least = 128;  // 0.32.0's, of latent caches.
constexpr std::int64_t chunk_of_chunkless = 2048;     // Where a model's config names no chunk.
constexpr TokensPerBlock block_unless_asked{16};

void check_dtypes(const Serving& serving) {
    for (const std::optional<DType>& asked : {serving.arguments.conv_dtype, serving.arguments.state_dtype}) {
        const bool known =
            !asked || asked == DType::float32 || asked == DType::float16 || (asked == DType::bfloat16 && serving.described());
        if (!known)
            refuse({.type = Raised::value_error,
                    .raised_in = "CacheConfig",
                    .message = std::string(name_of(*asked)) + " is not an element type of states in this release"});
    }
}

bool shared_by_default(const Serving& serving) {
    return serving.engine.serving_defaults.choice == ServingDefaults::shared_hybrids && serving.model.traits.hybrid &&
           serving.resolved.chunked_prefill;
}

// 0.18.0 keeps a state at every block where the model's kernels can, unless asked otherwise; elsewhere at the last of each step.
MambaMode mode_when_shared(const Serving& serving) {
    const MambaMode asked = serving.settings.mamba_mode;
    const bool every_block = serving.model.traits.states_at_every_block;
    if (serving.engine.serving_defaults.choice == ServingDefaults::shared_hybrids) return MambaMode::align;
    if (asked == MambaMode::align || !every_block) return MambaMode::align;
    return MambaMode::all;
}

void resolve_mode(Serving& serving) {
    Settings& settings = serving.settings;
    const std::optional<TokensPerBlock> asked = serving.arguments.state_block;
    if (!serving.arguments.prefix_caching) settings.prefix_caching = shared_by_default(serving);
    const TokensPerBlock whole{std::max<std::int64_t>(1, settings.model_len_max.value)};
    if (!settings.prefix_caching) {
        if (asked && *asked != whole)
            refuse({.type = Raised::value_error,
                    .raised_in = "VllmConfig",
                    .message = "a block of states can only be asked for where prefixes are shared"});
        settings.mamba_mode = MambaMode::none;
        serving.resolved.state_block = asked.value_or(whole);
        return;
    }
    settings.mamba_mode = mode_when_shared(serving);
    if (settings.mamba_mode == MambaMode::align && !serving.resolved.chunked_prefill)
        refuse({.type = Raised::assertion_error, .raised_in = "VllmConfig", .message = "mode align needs chunked prefill"});
    serving.resolved.state_block = asked.value_or(settings.block);
}

// Of one token, as the model as a whole says it; its layers may say otherwise.
std::int64_t attention_bytes_per_token(Serving serving) {
    const ModelShape& model = serving.model;
    // A checkpoint's own cache type is taken by the attention layers, which 0.18.0 makes only afterwards.
    const bool early = serving.engine.state_alignment.choice == StateAlignment::before_backend;
    if (early && model.cache_is_fp8) serving.resolved.cache_dtype = serving.arguments.cache_dtype;
    AttentionCache cache{.block = TokensPerBlock{1},
                         .kv_heads = model.traits.latent ? 1 : std::max<std::int64_t>(1, model.kv_heads / serving.tensor()),
                         .head_size = model.head_size,
                         .head_size_v = model.traits.latent ? 0 : model.head_size,
                         .dtype = serving.cache_element(),
                         .quant = serving.quant()};
    if (!model.traits.latent) cache.state_bytes = scaled_state_bytes(cache);
    MlaSpec latent{.full = {.cache = cache}};
    if (serving.described()) latent.cache_dtype = serving.resolved.cache_dtype;
    const KvSpec spec = model.traits.latent ? KvSpec(latent) : KvSpec(FullSpec{.cache = cache});
    const std::int64_t bytes = serving.engine.page_bytes(spec).value;
    if (bytes == 0)
        refuse({.type = Raised::zero_division_error, .raised_in = "VllmConfig", .message = "a token of attention takes no bytes"});
    return bytes;
}

std::int64_t state_page_bytes(const Serving& serving) {
    if (!serving.model.state) return 0;
    return kv::state_bytes(MambaSpec{.states = states_of(serving, *serving.model.state)}).value;
}

void grow_block(Serving& serving, std::int64_t block, std::int64_t token_bytes, std::int64_t state_page) {
    Settings& settings = serving.settings;
    settings.block = TokensPerBlock{std::max(settings.block.value, block)};
    if (settings.mamba_mode == MambaMode::align) serving.resolved.state_block = settings.block;
    const std::int64_t page = checked_mul(settings.block.value, token_bytes);
    ensure(page >= state_page, "a page of the grown block holds a state");
    if (page != state_page) serving.resolved.state_page_padded = Bytes{page};
}

void align_before_backend(Serving& serving) {
    const std::int64_t state_page = state_page_bytes(serving);
    if (state_page == 0) return;
    const std::int64_t token_bytes = attention_bytes_per_token(serving);
    const std::int64_t alignment = serving.model.traits.latent ? plain_latent_alignment : plain_alignment;
    std::int64_t unit = alignment;
    if (serving.settings.mamba_mode == MambaMode::all) {
        const std::int64_t chunk = serving.model.state_chunk.value_or(chunk_of_chunkless);
        unit = checked_lcm(serving.arguments.state_block ? serving.arguments.state_block->value : chunk, alignment);
    }
    const std::int64_t block = round_up(ceil_div(state_page, token_bytes), unit);
    if (serving.settings.mamba_mode == MambaMode::all) serving.resolved.state_block = TokensPerBlock{block};
    grow_block(serving, block, token_bytes, state_page);
}

// The backends of a worker's attention layers, each once, in the order of the layers.
std::vector<Backend> backends_of(const Serving& serving) {
    std::vector<Backend> backends;
    for (const ShapedLayer* layer : serving.layers) {
        if (layer->shares || std::holds_alternative<StateShape>(layer->mixer)) continue;
        const Backend backend = std::visit(
            [&](const auto& shape) -> Backend {
                if constexpr (std::is_same_v<std::decay_t<decltype(shape)>, StateShape>) return {};
                else return backend_of(serving, shape);
            },
            layer->mixer);
        if (std::ranges::find(backends, backend.name, &Backend::name) == backends.end()) backends.push_back(backend);
    }
    return backends;
}

void align_after_backend(Serving& serving) {
    const std::vector<Backend> backends = backends_of(serving);
    const std::int64_t state_page = state_page_bytes(serving);
    if (backends.empty() || state_page == 0) return;
    std::int64_t unit = std::max(backends.front().kernel_block, serving.settings.block.value), every_kernel = 1;
    if (serving.model.traits.latent) unit = std::max(unit, latent_alignment_least);
    for (const Backend& backend : backends) every_kernel = checked_lcm(every_kernel, backend.kernel_block);
    const std::int64_t token_bytes = attention_bytes_per_token(serving);
    const std::int64_t block = round_up(ceil_div(state_page, token_bytes), unit);
    grow_block(serving, round_up(block, every_kernel), token_bytes, state_page);
}

}  // namespace

void resolve_states(Serving& serving) {
    const ServingArguments& arguments = serving.arguments;
    const ModelTraits& traits = serving.model.traits;
    check_dtypes(serving);
    serving.settings.mamba_mode = arguments.mamba_mode.value_or(MambaMode::none);
    if (serving.engine.serving_defaults.choice == ServingDefaults::shared_hybrids && serving.settings.mamba_mode == MambaMode::all)
        refuse({.type = Raised::value_error, .raised_in = "CacheConfig", .message = "the mode of states is align or none"});
    serving.resolved.state_dtype = arguments.state_dtype ? arguments.state_dtype : serving.model.state_dtype;
    if (!traits.hybrid && !traits.attention_free) return;
    resolve_mode(serving);
    if (traits.hybrid && serving.engine.state_alignment.choice == StateAlignment::before_backend) align_before_backend(serving);
}

void align_states(Serving& serving) {
    if (!serving.model.traits.hybrid) return;
    if (serving.engine.state_alignment.choice == StateAlignment::before_backend) {
        // The backend's step forgets what was aligned; planning restores it when it unifies the pages.
        if (!serving.arguments.block) serving.settings.block = block_unless_asked;
        return;
    }
    for (const ShapedLayer* layer : serving.layers)
        if (const auto* state = std::get_if<StateShape>(&layer->mixer)) check_state_share(serving, *state);
    align_after_backend(serving);
}

}  // namespace kv
