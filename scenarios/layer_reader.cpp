#include "scenarios/layer_reader.h"

#include "scenarios/cache_format.h"

#include <array>
#include <utility>

namespace kv {
namespace {

enum class ValueHead : std::uint8_t { like_key, none };  // Latent vectors serve as both.

// The packed form, and where the file says the opposite of what the form decides.
void take_format(const TableReader& layer, AttentionCache& cache) {
    CacheFormat format = CacheFormat::auto_;
    if (!layer.take("cache", format) || format == CacheFormat::auto_) return;
    const DType said = cache.dtype;
    if (const auto misfit = apply(format, cache)) return layer.error("cache", *misfit);
    if (layer.has("dtype") && said != cache.dtype)
        layer.error("dtype", "is what `cache` decides, here \"" + std::string(name_of(cache.dtype)) +
                                 "\": leave it out, or say `quant` and `state_bytes` in place of `cache`");
}

AttentionCache read_cache(const TableReader& layer, const Settings& settings, ValueHead value_head) {
    AttentionCache cache{.block = settings.block};
    layer.take("block", cache.block);
    layer.take("kv_heads", cache.kv_heads);
    layer.take("head_size", cache.head_size);
    cache.head_size_v = value_head == ValueHead::none ? 0 : cache.head_size;
    layer.take("head_size_v", cache.head_size_v);
    layer.take("dtype", cache.dtype);
    take_format(layer, cache);
    layer.take("quant", cache.quant);
    layer.take("head_slots", cache.head_slots);
    layer.take("state_bytes", cache.state_bytes);
    if (layer.take("tokens_per_state", cache.tokens_per_state) && cache.tokens_per_state.top < 1)
        layer.error("tokens_per_state", "is negative: expected a positive integer, or \"1/4\"");
    layer.take("page_padded", cache.page_padded);
    layer.take("sharded_over_context", cache.sharding);
    layer.take("tp_shards_max", cache.tp_shards_max);
    layer.take("stride_alignment", cache.stride_alignment);
    return cache;
}

FullSpec read_full(const TableReader& layer, const Settings& settings, ValueHead value_head = ValueHead::like_key) {
    FullSpec spec{.cache = read_cache(layer, settings, value_head)};
    layer.take("window", spec.window);
    layer.take("chunk", spec.chunk);
    layer.take("non_causal", spec.non_causal);
    return spec;
}

// An engine names its latent caches' type; "cache" says it unless "cache_dtype" does.
template <class Latent>
void take_latent(const TableReader& layer, Latent& spec) {
    std::size_t format = 0;
    if (layer.take("cache", format)) spec.cache_dtype = std::string(cache_format_names[format]);
    layer.take("cache_dtype", spec.cache_dtype);
    layer.take("alignment", spec.alignment);
    layer.take("model_version", spec.model_version);
}

MlaSpec read_mla(const TableReader& layer, const Settings& settings) {
    MlaSpec spec{.full = read_full(layer, settings, ValueHead::none)};
    take_latent(layer, spec);
    layer.take("cache_role", spec.role);
    layer.take("index_group_leader", spec.index_group_leader);
    layer.take("non_causal_multi_token_decode", spec.non_causal_multi_token_decode);
    return spec;
}

SlidingWindowSpec read_sliding(const TableReader& layer, const Settings& settings, ValueHead value_head = ValueHead::like_key) {
    SlidingWindowSpec spec{.cache = read_cache(layer, settings, value_head)};
    layer.take("window", spec.window);
    layer.take("extra_retained", spec.extra_retained);
    return spec;
}

std::vector<MambaState> read_states(const TableReader& layer) {
    std::vector<MambaState> states;
    for (const TomlValue* item : layer.tables("states")) {
        const TableReader reader(layer.source(), "model.layer.states", std::get<TomlTable>(item->value), item->where);
        MambaState& state = states.emplace_back();
        reader.take("dtype", state.dtype);
        if (reader.take("shape", state.shape) && state.shape.empty()) reader.error("shape", "is empty: expected a dimension at least");
    }
    if (states.empty() && layer.has("states"))
        layer.error("states", "has no state: expected [{ shape = [3, 8448], dtype = \"bfloat16\" }]");
    return states;
}

MambaSpec read_mamba(const TableReader& layer, const Settings& settings) {
    MambaSpec spec{.mode = settings.mamba_mode, .speculative_blocks = settings.drafting.tokens};
    layer.take("mode", spec.mode);
    // Outside the modes that keep states of block ends, the engine gives a request one block for its whole length.
    spec.block = spec.mode == MambaMode::none ? TokensPerBlock{settings.model_len_max.value} : settings.block;
    layer.take("block", spec.block);
    spec.states = read_states(layer);
    layer.take("page_padded", spec.page_padded);
    layer.take("type", spec.type);
    layer.take("speculative_blocks", spec.speculative_blocks);
    layer.take("prefill_checkpoint_blocks", spec.prefill_checkpoint_blocks);
    layer.take("prefill_checkpoint_alignment", spec.prefill_checkpoint_alignment);
    layer.take("heads", spec.heads);
    Fraction tokens_per_state{spec.tokens_per_state, 1};
    layer.take("tokens_per_state", tokens_per_state);
    if (tokens_per_state.bottom != 1) layer.error("tokens_per_state", "is a fraction: a Mamba layer takes an integer");
    spec.tokens_per_state = tokens_per_state.top;
    layer.take("tp_replicated", spec.tp_replicated);
    layer.take("sharded_over_context", spec.sharding);
    layer.take("stride_alignment", spec.stride_alignment);
    return spec;
}

KvSpec read_sink_full(const TableReader& layer, const Settings& settings) {
    SinkFullSpec spec{.full = read_full(layer, settings)};
    layer.take("sink", spec.sink);
    return spec;
}

KvSpec read_rswa(const TableReader& layer, const Settings& settings) {
    RswaSpec spec{.full = read_full(layer, settings)};
    layer.take("rswa_window", spec.rswa_window);
    return spec;
}

KvSpec read_sliding_mla(const TableReader& layer, const Settings& settings) {
    SlidingWindowMlaSpec spec{.sliding = read_sliding(layer, settings, ValueHead::none)};
    take_latent(layer, spec);
    layer.take("bounded_replay", spec.bounded_replay);
    return spec;
}

KvSpec read_chunked(const TableReader& layer, const Settings& settings) {
    ChunkedLocalSpec spec{.cache = read_cache(layer, settings, ValueHead::like_key)};
    layer.take("chunk", spec.chunk);
    return spec;
}

KvSpec read_custom(const TableReader& layer, std::string_view id, const Settings& settings) {
    CustomSpec spec{.name = std::string(id), .block = settings.block};
    layer.take("name", spec.name);
    layer.take("block", spec.block);
    layer.take("page", spec.page);
    layer.take("window", spec.window);
    return spec;
}

}  // namespace

KvSpec read_layer_spec(const TableReader& layer, std::size_t kind, std::string_view id, const Settings& settings) {
    using Read = KvSpec (*)(const TableReader&, std::string_view, const Settings&);
    constexpr std::array<Read, kind_count> readers{
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec { return read_full(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) { return read_sink_full(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) { return read_rswa(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec { return read_mla(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec { return HiddenStateSpec{read_mla(l, s)}; },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec { return read_sliding(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) { return read_sliding_mla(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) { return read_chunked(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec {
            return CircularBufferSpec{read_cache(l, s, ValueHead::none)};
        },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec { return read_mamba(l, s); },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec {
            return EncoderOnlySpec{read_cache(l, s, ValueHead::like_key)};
        },
        [](const TableReader& l, std::string_view, const Settings& s) -> KvSpec {
            return CrossSpec{read_cache(l, s, ValueHead::like_key)};
        },
        [](const TableReader& l, std::string_view i, const Settings& s) { return read_custom(l, i, s); }};
    const KvSpec spec = readers[kind](layer, id, settings);
    return with_block(spec, block_of(spec));  // Applies the alignment to the page.
}

}  // namespace kv
