// Which backend takes a latent cache, on compute capability 9.0 and without FlashInfer, which the engines do not need there.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <array>
#include <span>

namespace kv {
namespace {

constexpr std::array<std::string_view, 3> unquantised{"auto", "float16", "bfloat16"};
constexpr std::array<std::string_view, 5> with_fp8{"auto", "float16", "bfloat16", "fp8", "fp8_e4m3"};
constexpr std::array<std::string_view, 4> packed{"auto", "bfloat16", "fp8_ds_mla", "fp8"};
constexpr std::array<std::int64_t, 2> sizes_of_0_18{320, 576};
constexpr std::array<std::int64_t, 3> sizes_of_0_32{320, 512, 576};
constexpr std::array<std::int64_t, 1> packed_sizes_of_0_18{576};
constexpr std::array<std::int64_t, 2> packed_sizes_of_0_32{512, 576};

struct LatentBackend {
    Backend backend;
    bool sparse = false;
    bool float16 = true;                             // Models of this type beside bfloat16.
    std::span<const std::int64_t> head_sizes = {};   // Empty: any.
    std::span<const std::string_view> cache_dtypes;  // As they are asked for.
    bool context_parallel = true;
};

constexpr Backend flash{.name = "FLASH_ATTN_MLA", .kernel_block = 16, .preferred_block = 16};
constexpr Backend flash_mla{.name = "FLASHMLA", .kernel_block = 64, .kernel_block_is_multiple = false, .preferred_block = 64};
constexpr Backend triton{.name = "TRITON_MLA", .kernel_block = 16, .preferred_block = 16};
constexpr Backend flash_sparse{.name = "FLASH_ATTN_MLA_SPARSE", .kernel_block = 64, .preferred_block = 64};
constexpr std::string_view flash_mla_sparse = "FLASHMLA_SPARSE";

// In the order in which they are tried. Mirrors _get_backend_priorities and the backends' own lists.
constexpr std::array backends_0_18{
    LatentBackend{.backend = flash, .head_sizes = sizes_of_0_18, .cache_dtypes = unquantised},
    LatentBackend{.backend = flash_mla, .head_sizes = sizes_of_0_18, .cache_dtypes = with_fp8},
    LatentBackend{.backend = triton, .cache_dtypes = with_fp8},
    LatentBackend{.backend = {.name = flash_mla_sparse, .kernel_block = 64, .kernel_block_is_multiple = false, .preferred_block = 64},
                  .sparse = true,
                  .float16 = false,
                  .head_sizes = packed_sizes_of_0_18,
                  .cache_dtypes = packed}};
constexpr std::array backends_0_32{
    LatentBackend{.backend = flash, .head_sizes = sizes_of_0_32, .cache_dtypes = unquantised},
    LatentBackend{.backend = flash_mla, .head_sizes = sizes_of_0_32, .cache_dtypes = with_fp8},
    LatentBackend{.backend = triton, .cache_dtypes = with_fp8},
    LatentBackend{.backend = flash_sparse, .sparse = true, .cache_dtypes = unquantised, .context_parallel = false},
    LatentBackend{.backend = {.name = flash_mla_sparse, .kernel_block = 64, .preferred_block = 64},
                  .sparse = true,
                  .float16 = false,
                  .head_sizes = packed_sizes_of_0_32,
                  .cache_dtypes = packed}};

std::span<const LatentBackend> backends_in(const Serving& serving) {
    if (serving.engine.backends.choice == Backends::vllm_0_18) return backends_0_18;
    return backends_0_32;
}

// A head of 512 without a rotary part is read like one of 576, unless it is fp8 that is not packed yet.
bool packs(const LatentBackend& candidate, const Serving& serving, const LatentShape& shape) {
    if (candidate.backend.name != flash_mla_sparse || shape.latent + shape.rotary != 512) return true;
    return shape.rotary == 0 && serving.resolved.cache_dtype != "fp8";
}

// Mirrors AttentionBackend.validate_configuration.
bool takes(const LatentBackend& candidate, const Serving& serving, const LatentShape& shape) {
    const auto lists = [](const auto& list, const auto& value) { return std::ranges::find(list, value) != list.end(); };
    const DType dtype = serving.resolved.dtype;
    if (candidate.sparse != shape.sparse) return false;
    if (dtype != DType::bfloat16 && (dtype != DType::float16 || !candidate.float16)) return false;
    if (!candidate.head_sizes.empty() && !lists(candidate.head_sizes, shape.latent + shape.rotary)) return false;
    if (!lists(candidate.cache_dtypes, serving.resolved.cache_dtype)) return false;
    const auto& block = serving.arguments.block;
    if (block && block->value % candidate.backend.kernel_block != 0) return false;
    const bool asks_context = serving.engine.backends.choice != Backends::vllm_0_18;
    if (asks_context && serving.settings.parallel.decode_context > 1 && !candidate.context_parallel) return false;
    return packs(candidate, serving, shape);
}

constexpr bool quantised(std::string_view cache_dtype) {
    return cache_dtype.starts_with("fp8") || cache_dtype.ends_with("per_token_head") || cache_dtype.starts_with("nvfp4");
}

// Mirrors FlashMLASparseImpl: of a sharded cache only the packed form is read in parts.
void check_parts(const Serving& serving, const Backend& backend) {
    if (backend.name != flash_mla_sparse || !serving.described()) return;
    if (serving.settings.parallel.decode_context > 1 && !quantised(serving.resolved.cache_dtype))
        refuse({.type = Raised::not_implemented_error,
                .raised_in = "FlashMLASparseImpl",
                .message = "a sparse latent cache is sharded over context parallel ranks only as fp8_ds_mla"});
}

// Mirrors FlashAttnPrefillBackend.supports_mla_dimensions: 0.32.0 computes prompts of dense models with its kernels only.
void check_prompts(const Serving& serving, const LatentShape& shape) {
    struct Known {
        std::int64_t plain, rotary, value;
    };
    constexpr std::array<Known, 4> known{{{128, 64, 128}, {192, 64, 256}, {64, 64, 128}, {256, 0, 256}}};
    if (serving.engine.backends.choice == Backends::vllm_0_18 || shape.sparse || !shape.head) return;
    const bool computed = std::ranges::any_of(known, [&](const Known& one) {
        return one.plain == shape.head->plain && one.rotary == shape.rotary && one.value == shape.head->value;
    });
    if (!computed)
        refuse({.type = Raised::value_error,
                .raised_in = "get_mla_prefill_backend_cls",
                .message = "no kernel computes prompts of heads with these parts",
                .figures = {shape.head->plain, shape.rotary, shape.head->value}});
}

// Mirrors _resolve_dsv4_kv_cache_dtype and get_padded_num_q_heads.
void resolve_compressed(Serving& serving, const CompressedLatentShape& shape) {
    std::string& cache_dtype = serving.resolved.cache_dtype;
    constexpr std::int64_t heads_max = 128;
    if (const std::int64_t heads = shape.heads / serving.tensor(); heads > heads_max)
        refuse({.type = Raised::value_error,
                .raised_in = "DeepseekV4FlashMLAAttention",
                .message = "the kernel takes at most 128 heads of a rank",
                .figures = {heads, 64, heads_max}});  // What the kernel comes for.
    if (cache_dtype != "auto" && !cache_dtype.starts_with("fp8"))
        refuse({.type = Raised::value_error,
                .raised_in = "DeepseekV4Attention",
                .message = "a compressed latent cache is fp8; another element type was asked for"});
    cache_dtype = "fp8_ds_mla";
}

}  // namespace

Backend backend_of(const Serving& serving, const LatentShape& shape) {
    for (const LatentBackend& candidate : backends_in(serving)) {
        if (!takes(candidate, serving, shape)) continue;
        check_parts(serving, candidate.backend);
        check_prompts(serving, shape);
        return candidate.backend;
    }
    Refusal refusal{.type = Raised::value_error,
                    .raised_in = "get_attn_backend_cls",
                    .message = "no attention backend takes this latent cache: its head size, element types or block size",
                    .figures = {shape.latent + shape.rotary}};
    if (const auto& block = serving.arguments.block) refusal.figures.push_back(block->value);
    refuse(std::move(refusal));
}

Backend backend_of(const Serving&, const IndexerShape&) {
    return {.name = "DEEPSEEK_V32_INDEXER", .kernel_block = 64, .kernel_block_is_multiple = false, .preferred_block = 64};
}

Backend backend_of(const Serving&, const CompressedShape& shape) {
    constexpr Backend latent{
        .name = "FLASHMLA_SPARSE_DSV4", .kernel_block = 256, .kernel_block_is_multiple = false, .preferred_block = 256};
    constexpr Backend window{.name = "DEEPSEEK_SPARSE_SWA", .kernel_block = 32, .preferred_block = 256};
    constexpr Backend indexer{
        .name = "DEEPSEEK_V4_INDEXER", .kernel_block = 256, .kernel_block_is_multiple = false, .preferred_block = 256};
    constexpr Backend compressor{.name = "CompressorBackend", .kernel_block = 1, .preferred_block = 16};
    return std::visit(Overload{[&](const CompressedLatentShape&) { return latent; }, [&](const LatentWindowShape&) { return window; },
                               [&](const CompressedIndexerShape&) { return indexer; }, [&](const CompressorShape&) { return compressor; }},
                      shape);
}

void resolve_latent(Serving& serving) {
    std::string& cache_dtype = serving.resolved.cache_dtype;
    if (serving.model.traits.latent && cache_dtype.starts_with("nvfp4") && !cache_dtype.ends_with("_ds_mla"))
        refuse(
            {.type = Raised::value_error, .raised_in = "VllmConfig", .message = "a latent cache has no keys and values to store in nvfp4"});
    if (serving.model.traits.bfloat16_cache_is_auto && cache_dtype == "bfloat16") cache_dtype = "auto";
    for (const ShapedLayer& layer : serving.model.layers) {
        const auto* compressed = std::get_if<CompressedShape>(&layer.mixer);
        if (const auto* latent = compressed ? std::get_if<CompressedLatentShape>(compressed) : nullptr)
            return resolve_compressed(serving, *latent);
        const auto* latent = std::get_if<LatentShape>(&layer.mixer);
        if (latent == nullptr) continue;
        const Backend backend = backend_of(serving, *latent);
        if (backend.name == flash_mla_sparse && quantised(cache_dtype)) cache_dtype = "fp8_ds_mla";
        return;
    }
}

}  // namespace kv
