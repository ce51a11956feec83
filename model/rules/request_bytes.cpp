#include "model/rules/request_bytes.h"

#include <algorithm>

namespace kv {
namespace {

void refuse_window_under_context_parallel() {
    refuse({.type = Raised::assertion_error,
            .raised_in = "max_memory_usage_bytes",
            .message = "a sliding window cannot be sharded over decode context parallel ranks"});
}

Bytes pages(const Engine& engine, const KvSpec& spec, Blocks blocks) { return Bytes{checked_mul(blocks.value, engine.page_bytes(spec).value)}; }

// The window can start inside a block and so touch one block more than its length fills: with blocks of 4, [CDEF] is one block and
// [..CD][EF..] is two.
Blocks window_blocks(Tokens window, Tokens extra, Tokens in_flight, Tokens len_max, TokensPerBlock block) {
    const Tokens held = std::min(window - Tokens{1} + extra + in_flight, len_max);
    return ceil_div(held, block) + Blocks{1};
}

Blocks chunk_blocks(const ChunkedLocalSpec& spec, Tokens in_flight, Tokens len_max) {
    return ceil_div(std::min(spec.chunk + in_flight, len_max), spec.cache.block);
}

Blocks custom_blocks(const CustomSpec& spec, Tokens in_flight, Tokens len_max) {
    if (!spec.window) return ceil_div(len_max, spec.block);
    return window_blocks(*spec.window, Tokens{0}, in_flight, len_max, spec.block);
}

Blocks cross_blocks(const CrossSpec& spec, const Settings& settings) { return ceil_div(settings.encoder_tokens_max, spec.cache.block); }

Tokens shard(Tokens len_max, std::int64_t ranks) { return ranks > 1 ? Tokens{ceil_div(len_max.value, ranks)} : len_max; }

}  // namespace

Bytes request_bytes_one_batch(const Engine& engine, const KvSpec& kind, const Settings& settings) {
    const Tokens len_max = settings.model_len_max;
    const Tokens in_flight = settings.batched_max;
    const auto full = [&](const FullSpec& spec) { return ceil_div(shard(len_max, settings.parallel.context()), spec.cache.block); };
    const auto window = [&](const SlidingWindowSpec& spec) {
        if (settings.parallel.decode_context != 1) refuse_window_under_context_parallel();
        return window_blocks(spec.window, Tokens{0}, in_flight, len_max, spec.cache.block);
    };
    const auto state = [&](const MambaSpec& spec) {
        if (settings.mamba_mode == MambaMode::all) return ceil_div(len_max, spec.block);
        return Blocks{settings.mamba_mode == MambaMode::align ? 2 : 1} + Blocks{spec.speculative_blocks};
    };
    const Blocks blocks = std::visit(Overload{[&](const FullSpec& spec) { return full(spec); },
                                              [&](const SinkFullSpec& spec) { return full(spec.full); },
                                              [&](const RswaSpec& spec) { return full(spec.full); },
                                              [&](const MlaSpec& spec) { return full(spec.full); },
                                              [&](const HiddenStateSpec& spec) { return full(spec.mla.full); },
                                              [&](const SlidingWindowSpec& spec) { return window(spec); },
                                              [&](const SlidingWindowMlaSpec& spec) { return window(spec.sliding); },
                                              [&](const ChunkedLocalSpec& spec) { return chunk_blocks(spec, in_flight, len_max); },
                                              [&](const CircularBufferSpec&) { return Blocks{1}; },
                                              [&](const MambaSpec& spec) { return state(spec); },
                                              [&](const EncoderOnlySpec&) { return Blocks{0}; },
                                              [&](const CrossSpec& spec) { return cross_blocks(spec, settings); },
                                              [&](const CustomSpec& spec) { return custom_blocks(spec, in_flight, len_max); }},
                                     kind);
    return pages(engine, kind, blocks);
}

Bytes request_bytes_in_flight(const Engine& engine, const KvSpec& kind, const Settings& settings) {
    const Tokens len_max = settings.model_len_max;
    const Tokens in_flight = in_flight_max(settings);
    const std::int64_t ranks = settings.parallel.decode_context;
    const auto full = [&](const FullSpec& spec) {
        return ceil_div(spec.cache.sharding == ContextSharding::sharded ? shard(len_max, ranks) : len_max, spec.cache.block);
    };
    const auto window = [&](const SlidingWindowSpec& spec) {
        if (spec.cache.sharding == ContextSharding::sharded && ranks != 1) refuse_window_under_context_parallel();
        return window_blocks(spec.window, spec.extra_retained, in_flight, len_max, spec.cache.block);
    };
    const auto state = [&](const MambaSpec& spec) {
        if (settings.mamba_mode == MambaMode::align) return Blocks{2} + Blocks{spec.speculative_blocks} + Blocks{spec.prefill_checkpoint_blocks};
        return Blocks{1} + Blocks{spec.speculative_blocks};
    };
    const Blocks blocks = std::visit(Overload{[&](const FullSpec& spec) { return full(spec); },
                                              [&](const SinkFullSpec& spec) { return full(spec.full); },
                                              [&](const RswaSpec& spec) { return full(spec.full); },
                                              [&](const MlaSpec& spec) { return full(spec.full); },
                                              [&](const HiddenStateSpec& spec) { return full(spec.mla.full); },
                                              [&](const SlidingWindowSpec& spec) { return window(spec); },
                                              [&](const SlidingWindowMlaSpec& spec) { return window(spec.sliding); },
                                              [&](const ChunkedLocalSpec& spec) { return chunk_blocks(spec, in_flight, len_max); },
                                              [&](const CircularBufferSpec&) { return Blocks{1}; },
                                              [&](const MambaSpec& spec) { return state(spec); },
                                              [&](const EncoderOnlySpec&) { return Blocks{0}; },
                                              [&](const CrossSpec& spec) { return cross_blocks(spec, settings); },
                                              [&](const CustomSpec& spec) { return custom_blocks(spec, in_flight, len_max); }},
                                     kind);
    return pages(engine, kind, blocks);
}

}  // namespace kv
