// Small cases of the capacity experiment, drawn from a seed: every kind, odd blocks, windows, chunks and budgets.
#pragma once

#include "model/capacity_truth.h"
#include "tests/model/build.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <sstream>
#include <string>

namespace kv::testing {

struct DrawnCase {
    CapacityCase given;
    Tokens length;
};

class CaseDrawer {
public:
    CaseDrawer(std::uint64_t seed, bool since_0_32) : random_(seed), since_0_32_(since_0_32) {}

    DrawnCase draw() {
        DrawnCase drawn{.given = {}, .length = {}};
        CapacityCase& given = drawn.given;
        blocks_ = pick<std::vector<std::int64_t>>({{16}, {8, 16}, {1, 2, 4}, {3, 5, 7}, {16, 48}, {4}});
        given.setup.model_len_max = Tokens{between(1, 220)};
        for (std::int64_t count = pick<std::int64_t>({1, 1, 2, 2, 3, 4}); count > 0; --count)
            given.setup.groups.push_back({.spec = spec(given)});
        given.setup.blocks = Blocks{pick<std::int64_t>({between(1, 12), between(2, 60), between(20, 200)})};
        given.batched_max = Tokens{pick<std::int64_t>({1, 3, 5, 16, 17, 24, 32, 64, 100, 512})};
        given.encoder_tokens = Tokens{between(1, 40)};
        std::int64_t multiple = 1;
        for (const CacheGroup& group : given.setup.groups) multiple = std::lcm(multiple, block_of(group.spec).value);
        given.setup.scheduler_block = TokensPerBlock{multiple};
        given.setup.hash_block = TokensPerBlock{1};
        drawn.length = Tokens{between(1, given.setup.model_len_max.value)};
        return drawn;
    }

private:
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most - least + 1));
    }
    template <class T>
    T pick(std::initializer_list<T> from) {
        return from.begin()[between(0, std::ssize(from) - 1)];
    }
    AttentionCache cache() { return cache_of({.block = blocks_[static_cast<std::size_t>(between(0, std::ssize(blocks_) - 1))]}); }

    KvSpec spec(const CapacityCase& given) {
        switch (between(0, since_0_32_ ? 11 : 9)) {
            case 0:
            case 1:
                return FullSpec{.cache = cache()};
            case 2:
                return MlaSpec{.full = {.cache = cache()}};
            case 3:
            case 4:
                return SlidingWindowSpec{.cache = cache(), .window = Tokens{pick<std::int64_t>({1, 2, 7, 16, 17, 33, 64})}};
            case 5:
                return ChunkedLocalSpec{.cache = cache(), .chunk = Tokens{pick<std::int64_t>({1, 8, 20, 32, 50, 64})}};
            case 6:
                return CrossSpec{.cache = cache()};
            case 7:
            case 8:
                return states(given);
            case 9:
                return since_0_32_ ? window_of_latents() : sinks();
            case 10:
                return CircularBufferSpec{.cache = cache()};
            default:
                return RswaSpec{.full = {.cache = cache()}, .rswa_window = Tokens{pick<std::int64_t>({4, 64})}};
        }
    }
    KvSpec states(const CapacityCase& given) {
        KvSpec spec = mamba(cache().block.value, 64, pick({MambaMode::none, MambaMode::align, MambaMode::align, MambaMode::all}));
        auto& states = std::get<MambaSpec>(spec);
        states.speculative_blocks = pick<std::int64_t>({0, 0, 1, 2, 3, 9});
        if (states.mode == MambaMode::none && between(0, 1) == 0) states.block = TokensPerBlock{given.setup.model_len_max.value};
        return spec;
    }
    KvSpec window_of_latents() {
        return SlidingWindowMlaSpec{.sliding = {.cache = cache(),
                                                .window = Tokens{pick<std::int64_t>({3, 40})},
                                                .extra_retained = Tokens{pick<std::int64_t>({0, 1, 20})}}};
    }
    KvSpec sinks() {
        SinkFullSpec spec{.full = {.cache = cache()}};
        spec.sink = Tokens{spec.full.cache.block.value * between(1, 3)};
        return spec;
    }

    std::mt19937_64 random_;
    bool since_0_32_;
    std::vector<std::int64_t> blocks_ = {};
};

inline std::string text_of(const DrawnCase& drawn) {
    std::ostringstream text;
    text << drawn.length.value << " tokens of at most " << drawn.given.setup.model_len_max.value << ", " << drawn.given.setup.blocks.value
         << " blocks, budget " << drawn.given.batched_max.value << ", encoder " << drawn.given.encoder_tokens.value;
    for (const CacheGroup& group : drawn.given.setup.groups) {
        text << "; " << kind_of(group.spec) << " in " << block_of(group.spec).value;
        if (const auto* sliding = sliding_of(group.spec))
            text << " window " << sliding->window.value << '+' << sliding->extra_retained.value;
        if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&group.spec)) text << " chunk " << chunked->chunk.value;
        if (const auto* states = std::get_if<MambaSpec>(&group.spec))
            text << ' ' << name_of(states->mode) << " drafts " << states->speculative_blocks;
    }
    return text.str();
}

inline std::string text_of(const CapacityOutcome& outcome) {
    if (const auto* none = std::get_if<NoTruth>(&outcome)) return std::string(none->why);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return std::string(name_of(refusal->type));
    const auto& truth = std::get<CapacityTruth>(outcome);
    std::ostringstream text;
    text << truth.requests << " requests and " << truth.further.value << " tokens" << (truth.grows ? "" : ", in requests") << ", "
         << truth.free.value << " free, idle";
    for (const Blocks blocks : truth.idle_blocks) text << ' ' << blocks.value;
    text << ", peak";
    for (const Blocks blocks : truth.peak_blocks) text << ' ' << blocks.value;
    return text.str();
}

}  // namespace kv::testing
