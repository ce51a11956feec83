// Which attention backend a layer gets on a GPU of compute capability 9.0, as far as it decides block sizes and what is refused.
// Mirrors platforms/cuda.py and v1/attention/backends/*.py. FlashInfer is taken as not installed.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <type_traits>

namespace kv {
namespace {

struct Asked {  // Of a backend, by one layer.
    std::int64_t head_size;
    DType dtype;
    std::string_view cache;
    std::optional<std::int64_t> block;  // Only where the user asks for one.
    AttentionUse use;
    bool sinks, image_prefix, context_parallel, wide_fp8;
};

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) { return std::ranges::find(names, name) != names.end(); }
bool plain_cache(std::string_view cache) { return one_of(cache, {"auto", "float16", "bfloat16"}); }
bool half_precision(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }
bool in_blocks_of(const Asked& asked, std::int64_t size) { return !asked.block || *asked.block % size == 0; }

struct Candidate {
    std::string_view name;
    bool (*takes)(const Asked& asked);
};

constexpr std::array candidates_0_18{Candidate{"FLASH_ATTN",
                                               [](const Asked& a) {
                                                   return a.head_size % 8 == 0 && a.head_size <= 256 && half_precision(a.dtype) &&
                                                          (plain_cache(a.cache) || a.cache.starts_with("fp8")) && in_blocks_of(a, 16) &&
                                                          !a.image_prefix;
                                               }},
                                     Candidate{"TRITON_ATTN",
                                               [](const Asked& a) {
                                                   return a.head_size >= 32 && (half_precision(a.dtype) || a.dtype == DType::float32) &&
                                                          (plain_cache(a.cache) || one_of(a.cache, {"fp8", "fp8_e4m3", "fp8_e5m2"})) &&
                                                          in_blocks_of(a, 16);
                                               }},
                                     Candidate{"FLEX_ATTENTION", [](const Asked& a) {
                                                   return (half_precision(a.dtype) || a.dtype == DType::float32) && plain_cache(a.cache) &&
                                                          !a.sinks && a.use != AttentionUse::cross;
                                               }}};

// FlashAttention 4 takes heads over 256, and an fp8 cache only of heads of 512.
bool flash_0_32(const Asked& a) {
    const bool fp8 = one_of(a.cache, {"fp8", "fp8_e4m3"});
    return a.head_size % 8 == 0 && a.head_size <= 512 && half_precision(a.dtype) && (plain_cache(a.cache) || fp8) &&
           in_blocks_of(a, a.wide_fp8 ? 64 : 16) && !(fp8 && a.head_size > 256 && a.head_size != 512);
}
bool triton_0_32(const Asked& a) {
    return a.head_size >= 32 && (half_precision(a.dtype) || a.dtype == DType::float32) &&
           (plain_cache(a.cache) || one_of(a.cache, {"fp8", "fp8_e4m3", "fp8_e5m2"}) || a.cache.ends_with("_per_token_head")) &&
           in_blocks_of(a, 16) && !a.context_parallel;
}

constexpr std::array candidates_0_32{
    Candidate{
        "TRITON_FLASH_ATTN",
        [](const Asked& a) { return a.image_prefix && (a.head_size == 256 || a.head_size == 512) && flash_0_32(a) && triton_0_32(a); }},
    Candidate{"FLASH_ATTN",
              [](const Asked& a) {
                  // With tokens that see each other in both directions only version 4, and no fp8.
                  return flash_0_32(a) && !(a.image_prefix && (a.head_size <= 256 || a.cache.starts_with("fp8")));
              }},
    Candidate{"TRITON_ATTN", triton_0_32}, Candidate{"FLEX_ATTENTION", [](const Asked& a) {
                                                         return (half_precision(a.dtype) || a.dtype == DType::float32) &&
                                                                plain_cache(a.cache) && !a.sinks && a.use != AttentionUse::cross &&
                                                                in_blocks_of(a, 16) && !a.context_parallel;
                                                     }}};

// 0.32.0 asks this of the model's widest heads, where no layer is named.
bool wide_fp8(const Serving& serving, std::int64_t head_size) {
    return serving.described() && head_size == 512 && one_of(serving.resolved.cache_dtype, {"fp8", "fp8_e4m3"});
}

bool uses_flash(std::string_view name) { return one_of(name, {"FLASH_ATTN", "FLASH_ATTN_DIFFKV", "TRITON_FLASH_ATTN"}); }

Backend described(const Serving& serving, std::string_view name) {
    Backend backend{.name = name};
    if (serving.described()) {
        if (uses_flash(name) && wide_fp8(serving, serving.model.head_size))
            return {.name = name, .kernel_block = 64, .kernel_block_is_multiple = false, .preferred_block = 64};
        return backend;
    }
    if (name == "FLEX_ATTENTION") backend.kernel_block = 1;
    return backend;
}

// The engine's message names the size that a kernel would take, where that is what FlashAttention lacks.
bool names_wide_heads(const Asked& asked) {
    const bool quantised = asked.cache.starts_with("fp8") || asked.cache.starts_with("nvfp4") || asked.cache.ends_with("_per_token_head");
    const bool missing = asked.cache == "fp8_e5m2" || (asked.head_size > 256 && asked.head_size != 512);
    return quantised && missing && !asked.image_prefix;
}

[[noreturn]] void no_backend(const Asked& asked, bool later) {
    Refusal refusal{.type = Raised::value_error,
                    .raised_in = "Attention",
                    .message = "no attention backend takes this layer",
                    .figures = {asked.head_size}};
    if (asked.block) refusal.figures.push_back(*asked.block);
    if (later && names_wide_heads(asked)) refusal.figures.push_back(512);
    refuse(std::move(refusal));
}

}  // namespace

Backend backend_of(const Serving& serving, const AttentionShape& shape) {
    kv_heads_of_rank(serving, shape);  // Refused before any backend is asked.
    // Keys and values of different sizes have a backend of their own, which is not asked whether it takes the layer.
    if (shape.head_size_v.value_or(shape.head_size) != shape.head_size) return described(serving, "FLASH_ATTN_DIFFKV");
    // A block that is asked for; 0.18.0 has already made pages hold a state by it.
    const bool grown = serving.engine.state_alignment.choice == StateAlignment::before_backend && serving.model.traits.hybrid;
    std::optional<std::int64_t> block;
    if (serving.arguments.block) block = grown ? serving.settings.block.value : serving.arguments.block->value;
    const Asked asked{.head_size = shape.head_size,
                      .dtype = serving.resolved.dtype,
                      .cache = serving.resolved.cache_dtype,
                      .block = block,
                      .use = shape.use,
                      .sinks = shape.sinks,
                      .image_prefix = serving.model.traits.image_prefix,
                      .context_parallel = serving.settings.parallel.decode_context > 1,
                      .wide_fp8 = wide_fp8(serving, serving.model.head_size)};
    const bool later = serving.engine.backends.choice == Backends::vllm_0_32;
    const std::span<const Candidate> candidates = later ? std::span<const Candidate>(candidates_0_32) : candidates_0_18;
    const auto chosen = std::ranges::find_if(candidates, [&](const Candidate& candidate) { return candidate.takes(asked); });
    if (chosen == candidates.end()) no_backend(asked, later);
    return described(serving, chosen->name);
}

std::optional<TokensPerBlock> only_kernel_block(const Serving& serving, const Backend& backend, const AttentionShape& shape) {
    if (uses_flash(backend.name) && wide_fp8(serving, shape.head_size)) return TokensPerBlock{64};
    return std::nullopt;
}

// Mirrors Platform.update_block_size_for_backend. 0.18.0 asks the first layer's backend, 0.32.0 all that are not of states.
void resolve_block(Serving& serving) {
    constexpr std::int64_t usual = 16;
    if (serving.arguments.block) return;
    serving.settings.block = TokensPerBlock{usual};
    const bool first_only = serving.engine.backends.choice == Backends::vllm_0_18;
    if (first_only && serving.model.traits.hybrid) return;
    std::vector<Backend> backends;
    for (const ShapedLayer* layer : serving.layers) {
        if (std::holds_alternative<StateShape>(layer->mixer)) {
            if (first_only && backends.empty()) return;
            continue;
        }
        Backend backend = std::visit(
            [&](const auto& shape) -> Backend {
                if constexpr (std::is_same_v<std::decay_t<decltype(shape)>, StateShape>) return {};
                else return backend_of(serving, shape);
            },
            layer->mixer);
        if (std::ranges::find(backends, backend.name, &Backend::name) == backends.end()) backends.push_back(backend);
        if (first_only) break;
    }
    if (backends.empty()) return;
    if (backends.size() == 1) {
        serving.settings.block = TokensPerBlock{backends.front().preferred_block};
        return;
    }
    const auto takes = [](const Backend& backend, std::int64_t block) { return block % backend.kernel_block == 0; };
    if (std::ranges::all_of(backends, [&](const Backend& backend) { return takes(backend, usual); })) return;
    std::int64_t common = 1;
    for (const Backend& backend : backends) common = std::lcm(common, backend.kernel_block);
    serving.settings.block = TokensPerBlock{common};
}

}  // namespace kv
