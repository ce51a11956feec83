#include "model/serving/layer_specs.h"

#include <algorithm>

namespace kv {

std::int64_t kv_heads_share(std::int64_t kv_heads, std::int64_t tensor) {
    const bool even = kv_heads >= tensor ? kv_heads % tensor == 0 : tensor % kv_heads == 0;
    if (!even)
        refuse({.type = Raised::assertion_error,
                .raised_in = "Attention",
                .message = "key and value heads divide evenly neither among the tensor parallel ranks nor the other way round"});
    return std::max<std::int64_t>(1, kv_heads / tensor);
}

DType Serving::cache_element() const { return resolved.cache_dtype == "auto" ? resolved.dtype : DType::uint8; }

QuantMode Serving::quant() const {
    return described() && resolved.cache_dtype.starts_with("fp8") ? QuantMode::fp8_per_tensor : QuantMode::none;
}

Backend backend_of(const Serving&, const AttentionShape&) { return {.name = "FLASH_ATTN"}; }

void resolve_block(Serving&) {}

KvSpec spec_of(const Serving& serving, const AttentionShape& shape) {
    AttentionCache cache{.block = serving.settings.block,
                         .kv_heads = kv_heads_share(shape.kv_heads, serving.tensor()),
                         .head_size = shape.head_size,
                         .head_size_v = shape.head_size_v.value_or(shape.head_size),
                         .dtype = serving.cache_element(),
                         .quant = serving.quant()};
    if (shape.use == AttentionUse::cross) return CrossSpec{.cache = cache};
    if (shape.chunk) return ChunkedLocalSpec{.cache = cache, .chunk = *shape.chunk};
    if (shape.window) return SlidingWindowSpec{.cache = cache, .window = *shape.window};
    return FullSpec{.cache = cache};
}

}  // namespace kv
