#include "model/rules/request_bytes.h"

#include <algorithm>

namespace kv {
namespace {

void refuse_window_under_context_parallel() {
    refuse({.type = Raised::assertion_error,
            .raised_in = "max_memory_usage_bytes",
            .message = "a sliding window cannot be sharded over decode context parallel ranks"});
}

// The window can start inside a block and so touch one block more than its length fills: with blocks of 4, [CDEF] is one block and
// [..CD][EF..] is two.
Blocks window_blocks(Tokens window, Tokens extra, Tokens in_flight, Tokens len_max, TokensPerBlock block) {
    const Tokens held = std::min(window - Tokens{1} + extra + in_flight, len_max);
    return ceil_div(held, block) + Blocks{1};
}

Tokens shard(Tokens len_max, std::int64_t ranks) { return ranks > 1 ? Tokens{ceil_div(len_max.value, ranks)} : len_max; }

// What the versions answer differently, and the tokens that they count as in flight; the other kinds they bound alike.
struct OneBatch {
    const Settings& settings;
    Tokens in_flight = settings.batched_max;

    Blocks of(const FullSpec& spec) const { return ceil_div(shard(settings.model_len_max, settings.parallel.context()), spec.cache.block); }
    Blocks of(const SlidingWindowSpec& spec) const {
        if (settings.parallel.decode_context != 1) refuse_window_under_context_parallel();
        return window_blocks(spec.window, Tokens{0}, in_flight, settings.model_len_max, spec.cache.block);
    }
    Blocks of(const MambaSpec& spec) const {
        if (settings.mamba_mode == MambaMode::all) return ceil_div(settings.model_len_max, spec.block);
        return Blocks{settings.mamba_mode == MambaMode::align ? 2 : 1} + Blocks{spec.speculative_blocks};
    }
};

struct BatchesInFlight {
    const Settings& settings;
    Tokens in_flight = in_flight_max(settings);

    Blocks of(const FullSpec& spec) const {
        const bool sharded = spec.cache.sharding == ContextSharding::sharded;
        return ceil_div(shard(settings.model_len_max, sharded ? settings.parallel.decode_context : 1), spec.cache.block);
    }
    Blocks of(const SlidingWindowSpec& spec) const {
        if (spec.cache.sharding == ContextSharding::sharded && settings.parallel.decode_context != 1)
            refuse_window_under_context_parallel();
        return window_blocks(spec.window, spec.extra_retained, in_flight, settings.model_len_max, spec.cache.block);
    }
    Blocks of(const MambaSpec& spec) const {
        if (settings.mamba_mode == MambaMode::align)
            return Blocks{2} + Blocks{spec.speculative_blocks} + Blocks{spec.prefill_checkpoint_blocks};
        return Blocks{1} + Blocks{spec.speculative_blocks};
    }
};

struct SpareState : BatchesInFlight {
    using BatchesInFlight::of;
    Blocks of(const MambaSpec& spec) const { return BatchesInFlight::of(spec) + Blocks{1}; }
};

template <class Version>
Bytes request_bytes(const Engine& engine, const KvSpec& kind, const Version& version) {
    const Tokens len_max = version.settings.model_len_max;
    const auto chunk = [&](const ChunkedLocalSpec& spec) {
        return ceil_div(std::min(spec.chunk + version.in_flight, len_max), spec.cache.block);
    };
    const auto custom = [&](const CustomSpec& spec) {
        if (!spec.window) return ceil_div(len_max, spec.block);
        return window_blocks(*spec.window, Tokens{0}, version.in_flight, len_max, spec.block);
    };
    const Blocks blocks = std::visit(
        Overload{[&](const FullSpec& spec) { return version.of(spec); }, [&](const SinkFullSpec& spec) { return version.of(spec.full); },
                 [&](const RswaSpec& spec) { return version.of(spec.full); }, [&](const MlaSpec& spec) { return version.of(spec.full); },
                 [&](const HiddenStateSpec& spec) { return version.of(spec.mla.full); },
                 [&](const SlidingWindowSpec& spec) { return version.of(spec); },
                 [&](const SlidingWindowMlaSpec& spec) { return version.of(spec.sliding); },
                 [&](const ChunkedLocalSpec& spec) { return chunk(spec); }, [&](const CircularBufferSpec&) { return Blocks{1}; },
                 [&](const MambaSpec& spec) { return version.of(spec); }, [&](const EncoderOnlySpec&) { return Blocks{0}; },
                 [&](const CrossSpec& spec) { return ceil_div(engine.encoder_length(version.settings), spec.cache.block); },
                 [&](const CustomSpec& spec) { return custom(spec); }},
        kind);
    return blocks.value * engine.page_bytes(kind);
}

}  // namespace

Bytes request_bytes_one_batch(const Engine& engine, const KvSpec& kind, const Settings& settings) {
    return request_bytes(engine, kind, OneBatch{settings});
}

Bytes request_bytes_in_flight(const Engine& engine, const KvSpec& kind, const Settings& settings) {
    return request_bytes(engine, kind, BatchesInFlight{settings});
}

Bytes request_bytes_spare_state(const Engine& engine, const KvSpec& kind, const Settings& settings) {
    return request_bytes(engine, kind, SpareState{{settings}});
}

Tokens encoder_step_budget(const Settings& settings) { return settings.encoder_tokens_max; }
Tokens encoder_longest_input(const Settings& settings) { return longest_encoder_input(settings); }
Tokens encoder_prompt_length(const Settings& settings) { return std::min(longest_encoder_input(settings), settings.model_len_max); }

}  // namespace kv
