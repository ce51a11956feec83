#include "model/spec.h"

#include "model/rules/page_bytes.h"

#include <array>
#include <utility>

namespace kv {

std::string_view kind_of(const KvSpec& spec) {
    constexpr std::array<std::string_view, 13> names{
        "full",          "sink_full",       "rswa",  "mla",          "hidden_state", "sliding_window", "sliding_window_mla",
        "chunked_local", "circular_buffer", "mamba", "encoder_only", "cross",        "custom"};
    static_assert(names.size() == std::variant_size_v<KvSpec>);
    return names[spec.index()];
}

AttentionCache* attention_of(KvSpec& spec) {
    return std::visit(Overload{[](FullSpec& s) { return &s.cache; }, [](SinkFullSpec& s) { return &s.full.cache; },
                               [](RswaSpec& s) { return &s.full.cache; }, [](MlaSpec& s) { return &s.full.cache; },
                               [](HiddenStateSpec& s) { return &s.mla.full.cache; }, [](SlidingWindowSpec& s) { return &s.cache; },
                               [](SlidingWindowMlaSpec& s) { return &s.sliding.cache; }, [](ChunkedLocalSpec& s) { return &s.cache; },
                               [](CircularBufferSpec& s) { return &s.cache; }, [](MambaSpec&) -> AttentionCache* { return nullptr; },
                               [](EncoderOnlySpec& s) { return &s.cache; }, [](CrossSpec& s) { return &s.cache; },
                               [](CustomSpec&) -> AttentionCache* { return nullptr; }},
                      spec);
}

const AttentionCache* attention_of(const KvSpec& spec) { return attention_of(const_cast<KvSpec&>(spec)); }

const FullSpec* full_of(const KvSpec& spec) {
    if (const auto* full = std::get_if<FullSpec>(&spec)) return full;
    if (const auto* sink = std::get_if<SinkFullSpec>(&spec)) return &sink->full;
    if (const auto* rswa = std::get_if<RswaSpec>(&spec)) return &rswa->full;
    if (const auto* mla = mla_of(spec)) return &mla->full;
    return nullptr;
}

const MlaSpec* mla_of(const KvSpec& spec) {
    if (const auto* mla = std::get_if<MlaSpec>(&spec)) return mla;
    if (const auto* hidden = std::get_if<HiddenStateSpec>(&spec)) return &hidden->mla;
    return nullptr;
}

SlidingWindowSpec* sliding_of(KvSpec& spec) {
    if (auto* sliding = std::get_if<SlidingWindowSpec>(&spec)) return sliding;
    if (auto* latent = std::get_if<SlidingWindowMlaSpec>(&spec)) return &latent->sliding;
    return nullptr;
}

const SlidingWindowSpec* sliding_of(const KvSpec& spec) { return sliding_of(const_cast<KvSpec&>(spec)); }

TokensPerBlock block_of(const KvSpec& spec) {
    if (const auto* cache = attention_of(spec)) return cache->block;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return mamba->block;
    return std::get<CustomSpec>(spec).block;
}

KvSpec realigned(KvSpec spec) {
    std::optional<Bytes> alignment;
    if (const auto* mla = mla_of(spec)) alignment = mla->alignment;
    if (const auto* latent = std::get_if<SlidingWindowMlaSpec>(&spec)) alignment = latent->alignment;
    if (!alignment) return spec;
    AttentionCache& cache = *attention_of(spec);
    const Bytes own = packed_page_bytes(cache);
    const Bytes aligned{round_up(own.value, alignment->value)};
    if (aligned != own) cache.page_padded = aligned;
    return spec;
}

KvSpec with_block(KvSpec spec, TokensPerBlock block) {
    if (auto* cache = attention_of(spec)) cache->block = block;
    else if (auto* mamba = std::get_if<MambaSpec>(&spec)) mamba->block = block;
    else std::get<CustomSpec>(spec).block = block;
    return realigned(std::move(spec));
}

void pad_page(KvSpec& spec, Bytes page) {
    if (auto* cache = attention_of(spec)) cache->page_padded = page;
    else if (auto* mamba = std::get_if<MambaSpec>(&spec)) mamba->page_padded = page;
}

KvSpec with_padded_page(KvSpec spec, Bytes page) {
    pad_page(spec, page);
    return realigned(std::move(spec));
}

std::optional<Bytes> padded_page_of(const KvSpec& spec) {
    if (const auto* cache = attention_of(spec)) return cache->page_padded;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return mamba->page_padded;
    return std::nullopt;
}

ContextSharding sharding_of(const KvSpec& spec) {
    if (const auto* cache = attention_of(spec)) return cache->sharding;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return mamba->sharding;
    return ContextSharding::replicated;
}

StrideAlignment stride_alignment_of(const KvSpec& spec) {
    if (const auto* cache = attention_of(spec)) return cache->stride_alignment;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return mamba->stride_alignment;
    return {};
}

bool prefix_cacheable(const KvSpec& spec) {
    if (std::holds_alternative<CircularBufferSpec>(spec)) return false;
    const auto* latent = std::get_if<SlidingWindowMlaSpec>(&spec);
    return latent == nullptr || !latent->bounded_replay;
}

std::string_view name_of(QuantMode mode) {
    constexpr std::array<std::string_view, 12> names{
        "NONE",         "FP8_PER_TENSOR",  "INT8_PER_TOKEN_HEAD", "FP8_PER_TOKEN_HEAD", "INT4_PER_TOKEN_HEAD",
        "NVFP4",        "TURBOQUANT_K8V4", "TURBOQUANT_4BIT_NC",  "TURBOQUANT_K3V4_NC", "TURBOQUANT_3BIT_NC",
        "NVFP4_DS_MLA", "ULTRAQUANT_4BIT"};
    return names[static_cast<std::size_t>(mode)];
}

std::string_view name_of(MambaMode mode) {
    constexpr std::array<std::string_view, 3> names{"none", "align", "all"};
    return names[static_cast<std::size_t>(mode)];
}

std::string_view name_of(CacheRole role) { return role == CacheRole::sparse ? "sparse" : "indexer"; }

}  // namespace kv
