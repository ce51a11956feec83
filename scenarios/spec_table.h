// The fields of every kind of spec by the names of the engines' own classes. Reading, printing and comparing all walk this one table.
#pragma once

#include "scenarios/spec_fields.h"

#include <type_traits>

namespace kv {

// The two lists of the engine's class that are one list here.
template <class States>
struct MambaShapes {
    States& states;
};
template <class States>
struct MambaDTypes {
    States& states;
};

// Calls visit(name, field, range) for each field that a recording of this shape has; `range` bounds the numbers in it.
// `Spec` is a kind or a const one, and the field then const too.
template <class Spec, class Visit>
void visit_attention(Spec& spec, RecordShape shape, Visit&& visit) {
    visit("block_size", spec.block, from_one);
    visit("num_kv_heads", spec.kv_heads, from_one);
    visit("head_size", spec.head_size, from_one);
    visit("dtype", spec.dtype, from_zero);
    visit("page_size_padded", spec.page_padded, from_zero);
    if (shape == RecordShape::vllm_0_18) return;
    visit("dcp_sharded", spec.sharding, from_zero);
    visit("block_stride_alignment", spec.stride_alignment, from_one);
    visit("max_tp_shards", spec.tp_shards_max, from_one);
    visit("head_size_v", spec.head_size_v, from_zero);  // 0: the values are part of the keys.
    visit("kv_quant_mode", spec.quant, from_zero);
    visit("num_head_slots", spec.head_slots, from_one);
    visit("state_content_bytes", spec.state_bytes, from_one);
    visit("tokens_per_state", spec.tokens_per_state, from_one);
}

template <class Spec, class Visit>
void visit_full(Spec& spec, RecordShape shape, Visit&& visit) {
    visit_attention(spec.cache, shape, visit);
    if (shape == RecordShape::vllm_0_18) visit("head_size_v", spec.cache.head_size_v, from_zero);
    visit("sliding_window", spec.window, from_zero);
    visit("attention_chunk_size", spec.chunk, from_one);
    if (shape == RecordShape::vllm_0_32) visit("non_causal", spec.non_causal, from_zero);
}

template <class Spec, class Visit>
void visit_mla(Spec& spec, RecordShape shape, Visit&& visit) {
    visit_full(spec.full, shape, visit);
    visit("cache_dtype_str", spec.cache_dtype, from_zero);
    if (shape == RecordShape::vllm_0_18) return;
    visit("alignment", spec.alignment, from_one);
    visit("model_version", spec.model_version, from_zero);
    visit("cache_role", spec.role, from_zero);
    visit("is_index_group_leader", spec.index_group_leader, from_zero);
    visit("non_causal_multi_token_decode", spec.non_causal_multi_token_decode, from_zero);
}

template <class Spec, class Visit>
void visit_sliding(Spec& spec, RecordShape shape, Visit&& visit) {
    visit_attention(spec.cache, shape, visit);
    visit("sliding_window", spec.window, from_zero);
    if (shape == RecordShape::vllm_0_32) visit("extra_retained_tokens", spec.extra_retained, from_zero);
}

template <class Spec, class Visit>
void visit_mamba(Spec& spec, RecordShape shape, Visit&& visit) {
    using States = std::remove_reference_t<decltype((spec.states))>;
    visit("block_size", spec.block, from_one);
    visit("shapes", MambaShapes<States>{spec.states}, from_one);
    visit("dtypes", MambaDTypes<States>{spec.states}, from_zero);
    visit("page_size_padded", spec.page_padded, from_zero);
    visit("mamba_type", spec.type, from_zero);
    visit("mamba_cache_mode", spec.mode, from_zero);
    visit("num_speculative_blocks", spec.speculative_blocks, from_zero);
    if (shape == RecordShape::vllm_0_18) return;
    visit("dcp_sharded", spec.sharding, from_zero);
    visit("block_stride_alignment", spec.stride_alignment, from_one);
    visit("num_prefill_checkpoint_blocks", spec.prefill_checkpoint_blocks, from_zero);
    visit("prefill_checkpoint_alignment", spec.prefill_checkpoint_alignment, from_one);
    visit("num_heads", spec.heads, from_one);
    visit("tokens_per_state", spec.tokens_per_state, IntegerRange{-1, recorded_integer_max});  // -1: one state, however many tokens.
    visit("tp_replicated", spec.tp_replicated, from_zero);
}

template <class Spec, class Visit>
void visit_fields(Spec& spec, RecordShape shape, Visit&& visit) {
    using Kind = std::remove_const_t<Spec>;
    if constexpr (std::is_same_v<Kind, FullSpec>) {
        visit_full(spec, shape, visit);
    } else if constexpr (std::is_same_v<Kind, SinkFullSpec>) {
        visit_full(spec.full, shape, visit);
        visit("sink_len", spec.sink, from_zero);
    } else if constexpr (std::is_same_v<Kind, RswaSpec>) {
        visit_full(spec.full, shape, visit);
        visit("rswa_window", spec.rswa_window, from_one);
    } else if constexpr (std::is_same_v<Kind, MlaSpec>) {
        visit_mla(spec, shape, visit);
    } else if constexpr (std::is_same_v<Kind, HiddenStateSpec>) {
        visit_mla(spec.mla, shape, visit);
    } else if constexpr (std::is_same_v<Kind, SlidingWindowSpec>) {
        visit_sliding(spec, shape, visit);
    } else if constexpr (std::is_same_v<Kind, SlidingWindowMlaSpec>) {
        visit_sliding(spec.sliding, shape, visit);
        visit("cache_dtype_str", spec.cache_dtype, from_zero);
        visit("alignment", spec.alignment, from_one);
        visit("model_version", spec.model_version, from_zero);
        visit("bounded_replay", spec.bounded_replay, from_zero);
    } else if constexpr (std::is_same_v<Kind, ChunkedLocalSpec>) {
        visit_attention(spec.cache, shape, visit);
        visit("attention_chunk_size", spec.chunk, from_one);
    } else if constexpr (std::is_same_v<Kind, MambaSpec>) {
        visit_mamba(spec, shape, visit);
    } else if constexpr (std::is_same_v<Kind, CustomSpec>) {
        visit("name", spec.name, from_zero);
        visit("block_size", spec.block, from_one);
        visit("page_size_bytes", spec.page, from_one);
        visit("sliding_window", spec.window, from_one);
    } else {
        static_assert(std::is_same_v<Kind, CircularBufferSpec> || std::is_same_v<Kind, EncoderOnlySpec> || std::is_same_v<Kind, CrossSpec>);
        visit_attention(spec.cache, shape, visit);
    }
}

}  // namespace kv
