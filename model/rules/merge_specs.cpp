#include "model/rules/merge_specs.h"

#include <algorithm>
#include <functional>

namespace kv {
namespace {

using Specs = std::span<const KvSpec* const>;
using Merged = std::variant<KvSpec, Refusal>;

Refusal differ(std::string what) {
    return {.type = Raised::assertion_error, .raised_in = "merge", .message = "layers of one group differ in " + std::move(what)};
}

Merged merge_equal(Specs specs) {
    if (std::ranges::any_of(specs, [&](const KvSpec* spec) { return *spec != *specs[0]; })) return differ("their specs");
    return *specs[0];
}

// The one window (or chunk) that the layers name; layers that name none go along.
std::variant<std::optional<Tokens>, Refusal> common(Specs specs, std::optional<Tokens> FullSpec::*member) {
    std::optional<Tokens> one;
    for (const KvSpec* spec : specs) {
        const std::optional<Tokens>& own = full_of(*spec)->*member;
        if (own && one && *own != *one)
            return Refusal{
                .type = Raised::value_error, .raised_in = "merge_window_sizes", .message = "layers of one group have different windows"};
        if (own) one = own;
    }
    return one;
}

// The whole full-attention family but latent caches: what is asked before any field is compared, in the engine's order.
std::variant<FullSpec, Refusal> merge_full(Specs specs) {
    if (std::ranges::any_of(specs, [](const KvSpec* spec) { return full_of(*spec) == nullptr; })) return differ("their kind");
    if (std::ranges::any_of(specs, [](const KvSpec* spec) { return mla_of(*spec) != nullptr; }))
        return differ("their kind: latent caches merge apart");
    auto window = common(specs, &FullSpec::window);
    if (auto* conflict = std::get_if<Refusal>(&window)) return *conflict;
    auto chunk = common(specs, &FullSpec::chunk);
    if (auto* conflict = std::get_if<Refusal>(&chunk)) return *conflict;
    FullSpec merged{.cache = full_of(*specs[0])->cache};
    merged.window = std::get<0>(window);
    merged.chunk = std::get<0>(chunk);
    merged.non_causal = std::ranges::any_of(specs, [](const KvSpec* spec) { return full_of(*spec)->non_causal; });
    return merged;
}

template <class SameCache>
std::optional<Refusal> disagreement(Specs specs, const FullSpec& merged, SameCache same) {
    if (std::ranges::any_of(specs, [&](const KvSpec* spec) { return !same(full_of(*spec)->cache, merged.cache); }))
        return differ("their cache");
    if (merged.window && merged.chunk) return differ("a sliding window and a chunk");
    return std::nullopt;
}

template <class SameCache>
Merged merge_full_as(Specs specs, SameCache same, bool forgets_tokens_per_state) {
    auto full = merge_full(specs);
    if (auto* conflict = std::get_if<Refusal>(&full)) return *conflict;
    FullSpec merged = std::get<FullSpec>(full);
    if (forgets_tokens_per_state) merged.cache.tokens_per_state = {};
    if (auto conflict = disagreement(specs, merged, same)) return *conflict;
    if (const auto* sink = std::get_if<SinkFullSpec>(specs[0])) return SinkFullSpec{merged, sink->sink};
    return merged;
}

bool same_old_fields(const AttentionCache& a, const AttentionCache& b) {
    return a.block == b.block && a.kv_heads == b.kv_heads && a.head_size == b.head_size && a.dtype == b.dtype &&
           a.page_padded == b.page_padded;
}

Merged merge_old_mla(Specs specs) {
    const MlaSpec& first = *mla_of(*specs[0]);
    for (const KvSpec* spec : specs) {
        const MlaSpec* other = mla_of(*spec);
        if (other == nullptr) return differ("their kind");
        if (other->cache_dtype != first.cache_dtype) return differ("their quantisation");
    }
    // No other field is compared: latent caches of different sizes take the first one's.
    const AttentionCache& cache = first.full.cache;
    MlaSpec merged{.full = {.cache = {.block = cache.block,
                                      .kv_heads = cache.kv_heads,
                                      .head_size = cache.head_size,
                                      .head_size_v = cache.head_size,
                                      .dtype = cache.dtype,
                                      .page_padded = cache.page_padded,
                                      .state_bytes = cache.state_bytes}}};
    merged.cache_dtype = first.cache_dtype;
    return merged;
}

Merged merge_new_mla(Specs specs) {
    const MlaSpec& first = *mla_of(*specs[0]);
    const AttentionCache& cache = first.full.cache;
    bool multi_token = false;
    for (const KvSpec* spec : specs) {
        const MlaSpec* other = mla_of(*spec);
        if (other == nullptr) return differ("their kind");
        const bool alike = other->cache_dtype == first.cache_dtype && other->full.cache.tokens_per_state == cache.tokens_per_state &&
                           other->model_version == first.model_version && other->role == first.role &&
                           other->index_group_leader == first.index_group_leader &&
                           other->full.cache.stride_alignment == cache.stride_alignment;
        if (!alike) return differ("quantisation, tokens per state, version, role, index sharing or stride alignment");
        multi_token = multi_token || other->non_causal_multi_token_decode;
    }
    MlaSpec merged = first;
    merged.full = FullSpec{.cache = cache};
    merged.full.cache.head_size_v = 0;
    merged.alignment.reset();
    merged.non_causal_multi_token_decode = multi_token;
    if (auto conflict = disagreement(specs, merged.full, std::equal_to<AttentionCache>{})) return *conflict;
    if (std::holds_alternative<HiddenStateSpec>(*specs[0])) return HiddenStateSpec{merged};
    return merged;
}

Merged merge_rswa(Specs specs) {
    const Tokens window = std::get<RswaSpec>(*specs[0]).rswa_window;
    for (const KvSpec* spec : specs) {
        const auto* other = std::get_if<RswaSpec>(spec);
        if (other == nullptr || other->rswa_window != window) return differ("their kind or window");
    }
    Merged merged = merge_full_as(specs, std::equal_to<AttentionCache>{}, false);
    if (auto* spec = std::get_if<KvSpec>(&merged)) return RswaSpec{std::get<FullSpec>(*spec), window};
    return merged;
}

Merged merge_sliding_mla(Specs specs) {
    const auto& first = std::get<SlidingWindowMlaSpec>(*specs[0]);
    for (const KvSpec* spec : specs) {
        const auto* other = std::get_if<SlidingWindowMlaSpec>(spec);
        if (other == nullptr) return differ("their kind");
        const AttentionCache &mine = other->sliding.cache, &its = first.sliding.cache;
        const bool alike = mine.sharding == its.sharding && mine.tp_shards_max == its.tp_shards_max &&
                           other->cache_dtype == first.cache_dtype && mine.tokens_per_state == its.tokens_per_state &&
                           other->model_version == first.model_version && other->sliding.window == first.sliding.window &&
                           other->sliding.extra_retained == first.sliding.extra_retained && other->bounded_replay == first.bounded_replay &&
                           mine.stride_alignment == its.stride_alignment;
        if (!alike) return differ("quantisation, tokens per state, version, window, retained tokens or replay");
    }
    SlidingWindowMlaSpec merged = first;
    merged.sliding.cache.head_size_v = 0;
    merged.sliding.cache.quant = QuantMode::none;
    merged.alignment.reset();
    return merged;
}

}  // namespace

std::variant<KvSpec, Refusal> merge_by_old_fields(Specs specs) {
    require(!specs.empty(), "there is something to merge");
    if (mla_of(*specs[0]) != nullptr) return merge_old_mla(specs);
    if (full_of(*specs[0]) != nullptr) return merge_full_as(specs, same_old_fields, false);
    return merge_equal(specs);
}

std::variant<KvSpec, Refusal> merge_by_all_fields(Specs specs) {
    require(!specs.empty(), "there is something to merge");
    const KvSpec& first = *specs[0];
    if (mla_of(first) != nullptr) return merge_new_mla(specs);
    if (std::holds_alternative<RswaSpec>(first)) return merge_rswa(specs);
    // The merged sink-full spec is built without its tokens per state, and so only plain ones agree with it.
    if (std::holds_alternative<SinkFullSpec>(first)) return merge_full_as(specs, std::equal_to<AttentionCache>{}, true);
    if (full_of(first) != nullptr) return merge_full_as(specs, std::equal_to<AttentionCache>{}, false);
    if (std::holds_alternative<SlidingWindowMlaSpec>(first)) return merge_sliding_mla(specs);
    return merge_equal(specs);
}

// The layers without a sink see the blocks of those that have one, and read none of them.
std::variant<KvSpec, Refusal> merge_with_sinks(Specs specs) {
    Merged merged = merge_by_all_fields(specs);
    const auto* plain = std::holds_alternative<KvSpec>(merged) ? std::get_if<FullSpec>(&std::get<KvSpec>(merged)) : nullptr;
    if (plain == nullptr) return merged;
    std::optional<Tokens> sink;
    for (const KvSpec* spec : specs) {
        const auto* own = std::get_if<SinkFullSpec>(spec);
        if (own == nullptr || !own->sink) continue;
        if (sink && *sink != *own->sink) return differ("their sinks");
        sink = own->sink;
    }
    if (!sink) return merged;
    return SinkFullSpec{*plain, sink};
}

}  // namespace kv
