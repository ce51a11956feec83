#include "model/rules/uniform_type.h"

#include <algorithm>

namespace kv {
namespace {

using Specs = std::span<const KvSpec* const>;

template <class Kind>
bool all_are(Specs specs) {
    return std::ranges::all_of(specs, [](const KvSpec* spec) { return std::holds_alternative<Kind>(*spec); });
}

bool all_full(Specs specs) {
    return std::ranges::all_of(specs, [](const KvSpec* spec) { return full_of(*spec) != nullptr; });
}

bool all_chunks(Specs specs, Tokens chunk) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) {
        const auto* other = std::get_if<ChunkedLocalSpec>(spec);
        return other != nullptr && other->chunk == chunk;
    });
}

// A windowed latent cache counts as a sliding window of its window, but not the other way round.
bool all_windows(Specs specs, Tokens window) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) {
        const SlidingWindowSpec* other = sliding_of(*spec);
        return other != nullptr && other->window == window;
    });
}

bool all_windowed_latents(Specs specs, const SlidingWindowMlaSpec& first) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) {
        const auto* other = std::get_if<SlidingWindowMlaSpec>(spec);
        return other != nullptr && other->sliding.window == first.sliding.window && other->bounded_replay == first.bounded_replay;
    });
}

bool all_custom(Specs specs, const CustomSpec& first) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) {
        const auto* other = std::get_if<CustomSpec>(spec);
        return other != nullptr && other->name == first.name && other->window == first.window;
    });
}

bool all_states(const Engine& engine, Specs specs, const MambaSpec& first) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) {
        const auto* other = std::get_if<MambaSpec>(spec);
        return other != nullptr && other->speculative_blocks == first.speculative_blocks &&
               other->prefill_checkpoint_blocks == first.prefill_checkpoint_blocks &&
               other->prefill_checkpoint_alignment == first.prefill_checkpoint_alignment &&
               engine.page_bytes(*spec) == engine.page_bytes(*specs[0]) && other->tp_replicated == first.tp_replicated;
    });
}

bool same_block(Specs specs) {
    return std::ranges::all_of(specs, [&](const KvSpec* spec) { return block_of(*spec) == block_of(*specs[0]); });
}

}  // namespace

bool uniform_by_kind(const Engine&, Specs specs) {
    if (!same_block(specs)) return false;
    const KvSpec& first = *specs[0];
    if (full_of(first) != nullptr) return all_full(specs);
    if (std::holds_alternative<CrossSpec>(first)) return all_are<CrossSpec>(specs);
    if (const SlidingWindowSpec* sliding = sliding_of(first)) return all_windows(specs, sliding->window);
    if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&first)) return all_chunks(specs, chunked->chunk);
    if (const auto* state = std::get_if<MambaSpec>(&first)) {
        return std::ranges::all_of(specs, [&](const KvSpec* spec) {
            const auto* other = std::get_if<MambaSpec>(spec);
            return other != nullptr && other->speculative_blocks == state->speculative_blocks;
        });
    }
    refuse({.type = Raised::not_implemented_error,
            .raised_in = "is_uniform_type",
            .message = "no rule says which layers go with a first layer of kind " + std::string(kind_of(first))});
}

bool uniform_by_registered_base(const Engine& engine, Specs specs) {
    if (!same_block(specs)) return false;
    const KvSpec& first = *specs[0];
    if (std::ranges::any_of(specs, [&](const KvSpec* spec) { return sharding_of(*spec) != sharding_of(first); })) return false;
    return std::visit(Overload{[&](const FullSpec&) { return all_full(specs); }, [&](const SinkFullSpec&) { return all_full(specs); },
                               [&](const RswaSpec&) { return all_full(specs); }, [&](const MlaSpec&) { return all_full(specs); },
                               [&](const HiddenStateSpec&) { return all_full(specs); },
                               [&](const SlidingWindowSpec& spec) { return all_windows(specs, spec.window); },
                               [&](const SlidingWindowMlaSpec& spec) { return all_windowed_latents(specs, spec); },
                               [&](const ChunkedLocalSpec& spec) { return all_chunks(specs, spec.chunk); },
                               [&](const CircularBufferSpec&) { return all_are<CircularBufferSpec>(specs); },
                               [&](const MambaSpec& spec) { return all_states(engine, specs, spec); },
                               [&](const EncoderOnlySpec&) { return all_are<EncoderOnlySpec>(specs); },
                               [&](const CrossSpec&) { return all_are<CrossSpec>(specs); },
                               [&](const CustomSpec& spec) { return all_custom(specs, spec); }},
                      first);
}

}  // namespace kv
