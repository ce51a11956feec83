#include "model/rules/page_bytes.h"

namespace kv {
namespace {

constexpr std::int64_t fp8_ds_mla_token_bytes = 656;  // 512 fp8 + 16 of scales + 128 of bf16 rope.

Bytes with_padding(const KvSpec& spec, Bytes own) {
    const std::optional<Bytes> padded = padded_page_of(spec);
    if (!padded) return own;
    if (*padded < own)
        refuse({.type = Raised::assertion_error,
                .raised_in = "page_size_bytes",
                .message = "a page is padded to " + std::to_string(padded->value) + " bytes but holds " + std::to_string(own.value)});
    return *padded;
}

Bytes product(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return Bytes{checked_mul(checked_mul(a, b), checked_mul(c, d))};
}

}  // namespace

std::int64_t head_slots(const AttentionCache& cache) { return cache.head_slots.value_or(cache.kv_heads); }

std::int64_t states_per_block(const AttentionCache& cache) {
    return checked_mul(cache.block.value, cache.tokens_per_state.bottom) / cache.tokens_per_state.top;
}

Bytes state_bytes(const AttentionCache& cache) {
    if (cache.state_bytes) return *cache.state_bytes;
    return Bytes{checked_mul(checked_add(cache.head_size, cache.head_size_v), element_bytes(cache.dtype))};
}

Bytes state_bytes(const MambaSpec& spec) {
    Bytes total;
    for (const MambaState& state : spec.states) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : state.shape) elements = checked_mul(elements, extent);
        total += Bytes{checked_mul(elements, element_bytes(state.dtype))};
    }
    return total;
}

Bytes packed_page_bytes(const AttentionCache& cache) {
    return product(head_slots(cache), states_per_block(cache), state_bytes(cache).value, 1);
}

Bytes keys_and_values_bytes(const KvSpec& spec) {
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return state_bytes(*mamba);
    if (const auto* custom = std::get_if<CustomSpec>(&spec)) return Bytes{custom->page.value};
    const AttentionCache& cache = *attention_of(spec);
    const std::int64_t element = element_bytes(cache.dtype);
    if (const auto* mla = mla_of(spec)) {
        if (mla->cache_dtype == "fp8_ds_mla") return Bytes{checked_mul(cache.block.value, fp8_ds_mla_token_bytes)};
        return product(cache.block.value, cache.kv_heads, cache.head_size, element);
    }
    // Only full attention knows that values may be narrower than keys.
    const std::int64_t value_size = full_of(spec) != nullptr ? cache.head_size_v : cache.head_size;
    return product(cache.block.value, cache.kv_heads, checked_add(cache.head_size, value_size), element);
}

Bytes head_slots_and_states_bytes(const KvSpec& spec) {
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return state_bytes(*mamba);
    if (const auto* custom = std::get_if<CustomSpec>(&spec)) return Bytes{custom->page.value};
    return packed_page_bytes(*attention_of(spec));
}

Bytes padded_keys_and_values(const KvSpec& spec) { return with_padding(spec, keys_and_values_bytes(spec)); }
Bytes padded_head_slots_and_states(const KvSpec& spec) { return with_padding(spec, head_slots_and_states_bytes(spec)); }

}  // namespace kv
