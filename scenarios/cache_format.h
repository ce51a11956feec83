// The packed forms of a cache that engines know by name, and the page bytes that each name means.
#pragma once

#include "model/spec.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kv {

enum class CacheFormat : std::uint8_t {
    auto_,
    fp8,
    fp8_per_token_head,
    int8_per_token_head,
    int4_per_token_head,
    nvfp4,
    turboquant_4bit_nc,
    fp8_ds_mla
};
inline constexpr std::array<std::string_view, 8> cache_format_names{
    "auto", "fp8", "fp8_per_token_head", "int8_per_token_head", "int4_per_token_head", "nvfp4", "turboquant_4bit_nc", "fp8_ds_mla"};

// Sets dtype, quant, state_bytes and head_slots of a cache whose heads are known. An error says why the form does not fit them; it
// reads on after the key's name.
std::optional<std::string> apply(CacheFormat format, AttentionCache& cache);

}  // namespace kv
