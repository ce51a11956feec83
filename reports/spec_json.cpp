#include "reports/spec_json.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

template <class Unit>
Json value_of(const Count<Unit>& count) {
    return count.value;
}
inline Json value_of(std::int64_t number) { return number; }
inline Json value_of(const std::string& text) { return text; }

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? value_of(*value) : Json(nullptr);
}

Json fraction(Fraction value) {
    return value.bottom == 1 ? Json(value.top) : Json(std::to_string(value.top) + '/' + std::to_string(value.bottom));
}

Json stride(const StrideAlignment& alignment) {
    return {{"bytes", or_null(alignment.bytes)}, {"kernel_block", or_null(alignment.kernel_block)}};
}

void add(Json& out, const AttentionCache& cache) {
    out["kv_heads"] = cache.kv_heads;
    out["head_size"] = cache.head_size;
    out["head_size_v"] = cache.head_size_v;
    out["dtype"] = name_of(cache.dtype);
    out["quant"] = name_of(cache.quant);
    out["head_slots"] = or_null(cache.head_slots);
    out["state_bytes"] = or_null(cache.state_bytes);
    out["tokens_per_state"] = fraction(cache.tokens_per_state);
    out["page_padded"] = or_null(cache.page_padded);
    out["sharded_over_context"] = cache.sharding == ContextSharding::sharded;
    out["tp_shards_max"] = or_null(cache.tp_shards_max);
    out["stride_alignment"] = stride(cache.stride_alignment);
}

void add(Json& out, const FullSpec& spec) {
    add(out, spec.cache);
    out["window"] = or_null(spec.window);
    out["chunk"] = or_null(spec.chunk);
    out["non_causal"] = spec.non_causal;
}

void add(Json& out, const MlaSpec& spec) {
    add(out, spec.full);
    out["cache_dtype"] = or_null(spec.cache_dtype);
    out["alignment"] = or_null(spec.alignment);
    out["model_version"] = or_null(spec.model_version);
    out["cache_role"] = name_of(spec.role);
    out["index_group_leader"] = spec.index_group_leader;
    out["non_causal_multi_token_decode"] = spec.non_causal_multi_token_decode;
}

void add(Json& out, const SlidingWindowSpec& spec) {
    add(out, spec.cache);
    out["window"] = spec.window.value;
    out["extra_retained"] = spec.extra_retained.value;
}

void add(Json& out, const MambaSpec& spec) {
    out["states"] = Json::array();
    for (const MambaState& state : spec.states) out["states"].push_back({{"shape", state.shape}, {"dtype", name_of(state.dtype)}});
    out["mode"] = name_of(spec.mode);
    out["type"] = spec.type;
    out["speculative_blocks"] = spec.speculative_blocks;
    out["prefill_checkpoint_blocks"] = spec.prefill_checkpoint_blocks;
    out["prefill_checkpoint_alignment"] = or_null(spec.prefill_checkpoint_alignment);
    out["heads"] = spec.heads;
    out["tokens_per_state"] = spec.tokens_per_state;
    out["page_padded"] = or_null(spec.page_padded);
    out["tp_replicated"] = spec.tp_replicated;
    out["sharded_over_context"] = spec.sharding == ContextSharding::sharded;
    out["stride_alignment"] = stride(spec.stride_alignment);
}

}  // namespace

Json spec_json(const KvSpec& spec) {
    Json out{{"kind", kind_of(spec)}, {"block", block_of(spec).value}};
    std::visit(Overload{[&](const FullSpec& s) { add(out, s); },
                        [&](const SinkFullSpec& s) {
                            add(out, s.full);
                            out["sink"] = or_null(s.sink);
                        },
                        [&](const RswaSpec& s) {
                            add(out, s.full);
                            out["rswa_window"] = s.rswa_window.value;
                        },
                        [&](const MlaSpec& s) { add(out, s); }, [&](const HiddenStateSpec& s) { add(out, s.mla); },
                        [&](const SlidingWindowSpec& s) { add(out, s); },
                        [&](const SlidingWindowMlaSpec& s) {
                            add(out, s.sliding);
                            out["cache_dtype"] = or_null(s.cache_dtype);
                            out["alignment"] = or_null(s.alignment);
                            out["model_version"] = or_null(s.model_version);
                            out["bounded_replay"] = s.bounded_replay;
                        },
                        [&](const ChunkedLocalSpec& s) {
                            add(out, s.cache);
                            out["chunk"] = s.chunk.value;
                        },
                        [&](const CircularBufferSpec& s) { add(out, s.cache); }, [&](const MambaSpec& s) { add(out, s); },
                        [&](const EncoderOnlySpec& s) { add(out, s.cache); }, [&](const CrossSpec& s) { add(out, s.cache); },
                        [&](const CustomSpec& s) {
                            out["name"] = s.name;
                            out["page"] = s.page.value;
                            out["window"] = or_null(s.window);
                        }},
               spec);
    return out;
}

}  // namespace kv
