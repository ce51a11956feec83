#include "scenarios/cache_format.h"

namespace kv {
namespace {

constexpr std::int64_t scale_bytes = 4;        // A float32 for the keys of a head and one for its values.
constexpr std::int64_t nvfp4_group = 16;       // Elements that share one scale of a byte.
constexpr std::int64_t turboquant_bytes = 16;  // Norms and scales beside the codes of a head.

void pack(AttentionCache& cache, DType dtype, QuantMode quant, std::int64_t state_bytes) {
    cache.dtype = dtype;
    cache.quant = quant;
    cache.state_bytes = Bytes{state_bytes};
}

// FlashMLA's latent vector: eight-bit values with scales, and the rotary part in sixteen bits. 512 + 16 + 128 bytes for DeepSeek V3.2;
// 448 + 128 + 8 where the rotary part is counted in head_size, as DeepSeek V4 does.
std::optional<std::int64_t> ds_mla_bytes(std::int64_t head_size) {
    if (head_size == 576) return 656;
    if (head_size == 512) return 584;
    return std::nullopt;
}

}  // namespace

// Compared with every spec of the recorded plans of vllm 0.32.0 and of its plans of real models that has one of these forms: fp8 45
// times, fp8_per_token_head 4, int8_per_token_head 9 (latent caches too, whose head_size_v is 0), int4_per_token_head 5, nvfp4 3 (each
// with head_size_v = head_size), turboquant_4bit_nc 5, fp8_ds_mla 74. 0.18.0 has fp8 and the 656 bytes of fp8_ds_mla.
std::optional<std::string> apply(CacheFormat format, AttentionCache& cache) {
    const std::int64_t elements = checked_add(cache.head_size, cache.head_size_v);
    switch (format) {
        case CacheFormat::auto_:
            return std::nullopt;
        case CacheFormat::fp8:
            cache.dtype = DType::uint8;
            cache.quant = QuantMode::fp8_per_tensor;
            return std::nullopt;
        case CacheFormat::fp8_per_token_head:
            pack(cache, DType::float8_e4m3fn, QuantMode::fp8_per_token_head, elements + 2 * scale_bytes);
            return std::nullopt;
        case CacheFormat::int8_per_token_head:
            pack(cache, DType::int8, QuantMode::int8_per_token_head, elements + 2 * scale_bytes);
            return std::nullopt;
        case CacheFormat::int4_per_token_head:
            if (elements % 2 != 0)
                return "packs two elements in a byte: expected an even head_size + head_size_v, not " + std::to_string(elements);
            pack(cache, DType::uint8, QuantMode::int4_per_token_head, elements / 2 + 2 * scale_bytes);
            return std::nullopt;
        case CacheFormat::nvfp4:
            if (cache.head_size % nvfp4_group != 0)
                return "scales groups of 16 elements: expected a multiple of 16, not head_size = " + std::to_string(cache.head_size);
            if (cache.head_size_v != cache.head_size) return "packs keys and values alike: expected head_size_v = head_size";
            pack(cache, DType::uint8, QuantMode::nvfp4, cache.head_size / 2 + cache.head_size / nvfp4_group);
            cache.head_slots = checked_mul(2, cache.kv_heads);
            return std::nullopt;
        case CacheFormat::turboquant_4bit_nc:
            if (elements % 2 != 0)
                return "packs two elements in a byte: expected an even head_size + head_size_v, not " + std::to_string(elements);
            pack(cache, DType::uint8, QuantMode::turboquant_4bit_nc, elements / 2 + turboquant_bytes);
            return std::nullopt;
        case CacheFormat::fp8_ds_mla:
            const std::optional<std::int64_t> bytes = ds_mla_bytes(cache.head_size);
            if (!bytes)
                return "is known for a head_size of 576 (656 bytes a token) and of 512 (584): for others give `dtype`, `quant` and "
                       "`state_bytes`";
            pack(cache, DType::uint8, QuantMode::fp8_per_tensor, *bytes);
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace kv
