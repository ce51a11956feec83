// What latent layers and their indexers store.
#include "model/serving/layer_specs.h"

#include <array>

namespace kv {
namespace {

constexpr Bytes packed_state{656};             // fp8_ds_mla: 512 fp8 values, 4 scales, 64 rotary values in bfloat16.
constexpr Bytes packed_compressed_state{584};  // The same of a head of 512: 448 fp8 values, their scales, 64 rotary values.
constexpr Bytes packed_alignment{576};
constexpr TokensPerBlock window_block{64};

// What all of them are in 0.32.0: whole on every rank.
AttentionCache single_head(const Serving& serving, std::int64_t head_size, DType dtype) {
    AttentionCache cache{
        .block = serving.settings.block, .kv_heads = 1, .head_size = head_size, .head_size_v = serving.described() ? 0 : head_size};
    cache.dtype = dtype;
    if (serving.described()) cache.tp_shards_max = 1;
    return cache;
}

// Blocks that are larger than what a kernel takes are read in kernel blocks, which start at multiples of themselves. Sparse kernels read
// rows. Mirrors customize_attention_spec and the backends' customize_spec.
StrideAlignment stride_of(const Serving& serving, const Backend& backend, const AttentionCache& cache) {
    if (!serving.described()) return {};
    const Tokens kernel{backend.kernel_block};
    if (!backend.kernel_block_is_multiple) return {.kernel_block = kernel};
    const bool rows = backend.name == "FLASH_ATTN_MLA_SPARSE" || backend.name == "FLASHMLA_SPARSE";
    if (!rows) return {};
    if (cache.quant != QuantMode::none) return {.kernel_block = kernel};
    return {.bytes = Bytes{checked_mul(cache.head_size, element_bytes(cache.dtype))}};
}

bool packed(const Serving& serving) { return serving.resolved.cache_dtype == "fp8_ds_mla"; }

KvSpec compressed_latent(const Serving& serving, const CompressedLatentShape& shape) {
    AttentionCache cache = single_head(serving, shape.head_size, DType::uint8);
    cache.quant = QuantMode::fp8_per_tensor;
    cache.state_bytes = packed_compressed_state;
    cache.tokens_per_state = {.top = shape.ratio, .bottom = 1};
    cache.stride_alignment = stride_of(serving, backend_of(serving, CompressedShape{shape}), cache);
    return realigned(MlaSpec{.full = {.cache = cache},
                             .cache_dtype = serving.resolved.cache_dtype,
                             .alignment = packed_alignment,
                             .model_version = "deepseek_v4"});
}

KvSpec latent_window(const Serving& serving, const LatentWindowShape& shape) {
    AttentionCache cache = single_head(serving, shape.head_size, DType::uint8);
    cache.block = window_block;
    cache.quant = QuantMode::fp8_per_tensor;
    cache.state_bytes = packed_compressed_state;
    return realigned(SlidingWindowMlaSpec{.sliding = {.cache = cache, .window = shape.window},
                                          .cache_dtype = serving.resolved.cache_dtype,
                                          .alignment = packed_alignment,
                                          .model_version = "deepseek_v4"});
}

KvSpec compressed_indexer(const Serving& serving, const CompressedIndexerShape& shape) {
    AttentionCache cache = single_head(serving, shape.head_size, DType::uint8);
    cache.tokens_per_state = {.top = shape.ratio, .bottom = 1};
    cache.stride_alignment = stride_of(serving, backend_of(serving, CompressedShape{shape}), cache);
    return realigned(MlaSpec{.full = {.cache = cache}, .alignment = packed_alignment});
}

// Vectors that overlap (ratio 4) are made from two runs of tokens.
KvSpec compressor(const Serving& serving, const CompressorShape& shape) {
    const bool overlaps = shape.ratio == 4;
    AttentionCache cache = single_head(serving, shape.head_size, DType::float32);
    cache.block = TokensPerBlock{overlaps ? 4 : 8};
    return realigned(SlidingWindowMlaSpec{.sliding = {.cache = cache, .window = Tokens{overlaps ? 2 * shape.ratio : shape.ratio}},
                                          .alignment = packed_alignment});
}

}  // namespace

KvSpec spec_of(const Serving& serving, const LatentShape& shape) {
    AttentionCache cache = single_head(serving, checked_add(shape.latent, shape.rotary), serving.cache_element());
    MlaSpec spec{.full = {.cache = cache}, .cache_dtype = serving.resolved.cache_dtype};
    const Backend backend = backend_of(serving, shape);
    if (!serving.described()) return spec;
    AttentionCache& described = spec.full.cache;
    described.quant = serving.quant();
    if (packed(serving)) described.state_bytes = packed_state;
    described.stride_alignment = stride_of(serving, backend, described);
    spec.index_group_leader = shape.has_indexer;
    return spec;
}

KvSpec spec_of(const Serving& serving, const IndexerShape& shape) {
    AttentionCache cache = single_head(serving, shape.head_size, DType::uint8);
    cache.stride_alignment = stride_of(serving, backend_of(serving, shape), cache);
    MlaSpec spec{.full = {.cache = cache}};
    if (serving.described()) spec.role = CacheRole::indexer;
    return spec;
}

KvSpec spec_of(const Serving& serving, const CompressedShape& shape) {
    return std::visit(Overload{[&](const CompressedLatentShape& latent) { return compressed_latent(serving, latent); },
                               [&](const LatentWindowShape& window) { return latent_window(serving, window); },
                               [&](const CompressedIndexerShape& indexer) { return compressed_indexer(serving, indexer); },
                               [&](const CompressorShape& states) { return compressor(serving, states); }},
                      shape);
}

}  // namespace kv
