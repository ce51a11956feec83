// What a layer with keys and values of heads keeps.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

// A rank's heads, as the layer's class divides them.
std::int64_t share_of(const AttentionShape& shape, std::int64_t tensor) {
    if (shape.share == HeadShare::even) return kv_heads_share(shape.kv_heads, tensor);
    // Their projection's weights must still divide, or be copied as often on each rank.
    const std::int64_t more = std::max(shape.kv_heads, tensor), fewer = std::min(shape.kv_heads, tensor);
    if (more % fewer != 0)
        refuse({.type = Raised::assertion_error,
                .raised_in = "QKVParallelLinear",
                .message = "key and value heads divide evenly neither among the ranks nor the other way round",
                .figures = {more, fewer}});
    const std::int64_t rounded = shape.kv_heads / tensor;
    return shape.share == HeadShare::one_at_least ? std::max<std::int64_t>(1, rounded) : rounded;
}

// Mirrors Attention.__init__.
void check_heads(const AttentionShape& shape, std::int64_t tensor, std::int64_t kv_heads) {
    const std::int64_t heads = shape.heads / tensor;
    if (shape.heads % tensor != 0)
        refuse({.type = Raised::assertion_error, .raised_in = "Attention", .message = "the heads do not divide evenly among the ranks"});
    if (kv_heads == 0)
        refuse({.type = Raised::zero_division_error, .raised_in = "Attention", .message = "a rank has no key and value heads"});
    if (heads % kv_heads != 0)
        refuse({.type = Raised::assertion_error,
                .raised_in = "Attention",
                .message = "a rank's heads are not a multiple of its key and value heads",
                .figures = {heads, kv_heads}});
}

}  // namespace

std::optional<Bytes> scaled_state_bytes(const AttentionCache& cache) {
    std::int64_t entries = checked_add(cache.head_size, cache.head_size_v);
    switch (cache.quant) {
        case QuantMode::int4_per_token_head:
            entries = checked_add(cache.head_size / 2, cache.head_size_v / 2);
            break;
        case QuantMode::int8_per_token_head:
        case QuantMode::fp8_per_token_head:
            break;
        default:
            return std::nullopt;
    }
    return Bytes{checked_add(checked_mul(entries, element_bytes(cache.dtype)), 2 * element_bytes(DType::float32))};
}

std::int64_t kv_heads_share(std::int64_t kv_heads, std::int64_t tensor) {
    const bool even = kv_heads >= tensor ? kv_heads % tensor == 0 : tensor % kv_heads == 0;
    if (!even)
        refuse({.type = Raised::assertion_error,
                .raised_in = "Attention",
                .message = "key and value heads divide evenly neither among the tensor parallel ranks nor the other way round"});
    return std::max<std::int64_t>(1, kv_heads / tensor);
}

DType Serving::cache_element() const {
    const std::string_view name = resolved.cache_dtype;
    if (name == "auto") return resolved.dtype;
    if (const auto plain = dtype_named(name)) return *plain;
    if (name == "fp8_inc") return DType::float8_e4m3fn;
    return name == "int8_per_token_head" ? DType::int8 : DType::uint8;
}

QuantMode Serving::quant() const {
    if (!described()) return QuantMode::none;
    const std::string_view name = resolved.cache_dtype;
    if (name == "int4_per_token_head") return QuantMode::int4_per_token_head;
    if (name == "int8_per_token_head") return QuantMode::int8_per_token_head;
    if (name == "fp8_per_token_head") return QuantMode::fp8_per_token_head;
    if (name == "nvfp4_ds_mla") return QuantMode::nvfp4_ds_mla;
    if (name.starts_with("nvfp4")) return QuantMode::nvfp4;
    return name.starts_with("fp8") ? QuantMode::fp8_per_tensor : QuantMode::none;
}

std::int64_t kv_heads_of_rank(const Serving& serving, const AttentionShape& shape) {
    const std::int64_t kv_heads = share_of(shape, serving.tensor());
    check_heads(shape, serving.tensor(), kv_heads);
    return kv_heads;
}

KvSpec spec_of(const Serving& serving, const AttentionShape& shape) {
    const Backend backend = backend_of(serving, shape);
    const std::int64_t kv_heads = kv_heads_of_rank(serving, shape);
    AttentionCache cache{.block = serving.settings.block,
                         .kv_heads = kv_heads,
                         .head_size = shape.head_size,
                         .head_size_v = shape.head_size_v.value_or(shape.head_size),
                         .dtype = serving.cache_element(),
                         .quant = serving.quant()};
    cache.state_bytes = scaled_state_bytes(cache);
    // Blocks are split for a kernel that takes one size only.
    const auto kernel = only_kernel_block(serving, backend, shape);
    if (kernel) cache.stride_alignment.kernel_block = Tokens{kernel->value};
    if (shape.use == AttentionUse::cross) return CrossSpec{.cache = cache};
    if (shape.chunk) return ChunkedLocalSpec{.cache = cache, .chunk = *shape.chunk};
    if (!shape.window) return FullSpec{.cache = cache};
    // A window's block is the largest that its backend has kernels for, within the bytes that a block of the engine's has.
    const std::int64_t step = kernel ? kernel->value : backend.kernel_block;
    if (kernel || cache.block.value % step != 0)
        cache.block = TokensPerBlock{kernel ? step : std::max(step, cache.block.value / step * step)};
    return SlidingWindowSpec{.cache = cache, .window = *shape.window};
}

}  // namespace kv
