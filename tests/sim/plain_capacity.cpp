#include "tests/sim/plain_capacity.h"

#include "model/overload.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace kv::testing {
namespace {

// One request in one group: the indexes of its blocks that it holds.
struct PlainGroup {
    KvSpec spec;
    std::set<std::int64_t> live = {};
    std::int64_t tables = 0;  // Blocks, held or not, that its table has.
    std::int64_t before_running = -1;

    std::int64_t block() const { return block_of(spec).value; }
    std::int64_t up(std::int64_t tokens) const { return (tokens + block() - 1) / block(); }
};

void drop_whole_blocks_below(PlainGroup& group, std::int64_t token) {
    while (!group.live.empty() && (*group.live.begin() + 1) * group.block() <= token) group.live.erase(group.live.begin());
}

void let_states_go(PlainVersion version, PlainGroup& group, const MambaSpec& spec, std::int64_t computed) {
    if (version == PlainVersion::vllm_0_32) return drop_whole_blocks_below(group, computed - 1);
    const std::int64_t sure = std::max<std::int64_t>(0, computed - spec.speculative_blocks);
    if (spec.mode != MambaMode::align) return drop_whole_blocks_below(group, sure - 1);
    // From the block before the last sure token's towards the front, up to the first that is not held.
    if (sure > 0)
        for (std::int64_t i = (sure - 1) / group.block() - 1; i >= 0 && group.live.contains(i); --i) group.live.erase(i);
    if (group.before_running >= 0 && group.before_running < group.up(sure) - 1) group.live.erase(group.before_running);
}

void let_go(PlainVersion version, PlainGroup& group, std::int64_t computed) {
    if (const auto* sliding = sliding_of(group.spec)) {
        // Token `computed` sees `window` tokens, itself included; so many more below stay.
        drop_whole_blocks_below(group, computed - (sliding->window.value - 1) - sliding->extra_retained.value);
    } else if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&group.spec)) {
        drop_whole_blocks_below(group, computed - computed % chunked->chunk.value);
    } else if (const auto* states = std::get_if<MambaSpec>(&group.spec)) {
        let_states_go(version, group, *states, computed);
    }
}

void grow_to(PlainGroup& group, std::int64_t blocks) {
    for (; group.tables < blocks; ++group.tables) group.live.insert(group.tables);
}

void grow_aligned(PlainGroup& group, const MambaSpec& spec, std::int64_t end) {
    const std::int64_t running = group.up(end) - 1;
    const std::int64_t drafts = spec.speculative_blocks;
    if (group.tables == running + 1 + drafts) return;
    if (group.tables > 0) {
        group.before_running = group.tables - 1 - drafts;
        for (std::int64_t i = group.before_running + 1; i < group.tables; ++i) group.live.erase(i);  // Drafts' blocks move on.
    }
    for (std::int64_t i = running; i <= running + drafts; ++i) group.live.insert(i);
    group.tables = running + 1 + drafts;
}

void grow(PlainGroup& group, const CapacityCase& given, std::int64_t end) {
    if (std::holds_alternative<CrossSpec>(group.spec)) return grow_to(group, group.up(given.encoder_tokens.value));
    if (std::holds_alternative<CircularBufferSpec>(group.spec)) return grow_to(group, 1);
    const auto* states = std::get_if<MambaSpec>(&group.spec);
    if (states == nullptr) return grow_to(group, group.up(end));
    if (states->mode == MambaMode::align) return grow_aligned(group, *states, end);
    grow_to(group, group.up(end) + states->speculative_blocks);
}

// What 0.32.0 asks for before the first call, with all tokens and no group's window taken into account but by its cap.
std::int64_t asked_for_all(const std::vector<PlainGroup>& groups, const CapacityCase& given, std::int64_t tokens) {
    std::int64_t sum = 0;
    for (const PlainGroup& group : groups) {
        const std::int64_t longest = given.setup.model_len_max.value, budget = given.batched_max.value;
        if (const auto* sliding = sliding_of(group.spec)) {
            const std::int64_t most = std::min(sliding->window.value - 1 + sliding->extra_retained.value + budget, longest);
            sum += std::min(group.up(tokens), group.up(most) + 1);
        } else if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&group.spec)) {
            sum += std::min(group.up(tokens), group.up(std::min(chunked->chunk.value + budget, longest)));
        } else if (const auto* states = std::get_if<MambaSpec>(&group.spec); states != nullptr && states->mode == MambaMode::align) {
            sum += 1 + states->speculative_blocks;
        } else {
            PlainGroup fresh{.spec = group.spec};
            grow(fresh, given, tokens);
            sum += std::ssize(fresh.live);
        }
    }
    return sum;
}

std::int64_t held(const std::vector<PlainGroup>& groups) {
    std::int64_t sum = 0;
    for (const PlainGroup& group : groups) sum += std::ssize(group.live);
    return sum;
}

// The blocks that a request of so many tokens holds once it is idle; -1 where one of its calls is refused.
std::int64_t idle_after(PlainVersion version, const CapacityCase& given, std::int64_t tokens, std::int64_t free) {
    std::vector<PlainGroup> groups;
    for (const CacheGroup& group : given.setup.groups) groups.push_back({.spec = group.spec});
    if (version == PlainVersion::vllm_0_32 && asked_for_all(groups, given, tokens) > free) return -1;
    for (std::int64_t computed = 0; computed < tokens;) {
        const std::int64_t left = tokens - 1 - computed;
        const std::int64_t end = computed + (left == 0 ? 1 : std::min(left, given.batched_max.value));
        for (PlainGroup& group : groups) {
            let_go(version, group, computed);
            grow(group, given, end);
        }
        if (held(groups) > free) return -1;
        computed = end;
    }
    return held(groups);
}

}  // namespace

PlainFit plain_fit(PlainVersion version, const CapacityCase& given, std::int64_t length) {
    std::int64_t free = given.setup.blocks.value - 1;
    for (const CacheGroup& group : given.setup.groups)
        if (const auto* sinks = std::get_if<SinkFullSpec>(&group.spec)) free -= sinks->sink->value / block_of(group.spec).value;
    PlainFit fit;
    for (;;) {
        const std::int64_t idle = idle_after(version, given, length, free);
        if (idle < 0) break;
        free -= idle;
        ++fit.requests;
    }
    for (fit.further = length - 1; fit.further > 0; --fit.further)
        if (idle_after(version, given, fit.further, free) >= 0) break;
    fit.further = std::max<std::int64_t>(fit.further, 0);
    return fit;
}

}  // namespace kv::testing
