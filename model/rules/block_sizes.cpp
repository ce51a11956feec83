#include "model/rules/block_sizes.h"

#include <algorithm>
#include <numeric>

namespace kv {
namespace {

// The token span of a block over all ranks that shard it.
std::int64_t span_of(const Planning& planning, const Group& group) {
    const KvSpec& spec = planning.spec(group.spec);
    const std::int64_t ranks = sharding_of(spec) == ContextSharding::sharded ? planning.settings.parallel.decode_context : 1;
    return checked_mul(block_of(spec).value, ranks);
}

bool cacheable(const Planning& planning, const Group& group) {
    return std::ranges::all_of(specs_of(group), [&](SpecId id) { return prefix_cacheable(planning.spec(id)); });
}

template <class Question>
bool any_spec(const Planning& planning, std::span<const Group> groups, Question question) {
    return std::ranges::any_of(groups, [&](const Group& group) {
        return std::ranges::any_of(specs_of(group), [&](SpecId id) { return question(planning.spec(id)); });
    });
}

// Aligned states can be hit inside a block.
bool hits_inside_blocks(const Planning& planning, std::span<const Group> groups, std::int64_t hash) {
    const bool sharded = planning.settings.parallel.decode_context > 1;
    return any_spec(planning, groups, [&](const KvSpec& spec) {
        const auto* mamba = std::get_if<MambaSpec>(&spec);
        if (mamba == nullptr || mamba->mode != MambaMode::align) return false;
        return sharded ? mamba->block.value >= hash : mamba->block.value > hash;
    });
}

// Managers that look up hashes finer than their block: full attention with what derives from it, and states.
bool looks_up_finely(const KvSpec& spec) { return full_of(spec) != nullptr || std::holds_alternative<MambaSpec>(spec); }

void refuse_match_unit(Tokens unit, std::string why, std::vector<std::int64_t> figures) {
    figures.insert(figures.begin(), unit.value);
    refuse({.type = Raised::value_error,
            .raised_in = "resolve_kv_cache_block_sizes",
            .message = "a prefix match unit of " + std::to_string(unit.value) + " tokens " + std::move(why),
            .figures = std::move(figures)});
}

BlockSizesFound sizes_of_one_group(const Planning& planning, std::span<const Group> groups, Tokens smallest) {
    const Settings& settings = planning.settings;
    std::int64_t ranks = settings.parallel.decode_context;
    if (!groups.empty() && sharding_of(planning.spec(groups[0].spec)) == ContextSharding::replicated) ranks = 1;
    const Tokens size = ranks * smallest;
    if (!groups.empty() && settings.prefix_caching && settings.prefix_match_unit && *settings.prefix_match_unit != size)
        refuse_match_unit(*settings.prefix_match_unit, "is not the block size of the only group, " + std::to_string(size.value),
                          {size.value});
    return {size, size};
}

// Boundaries must fall between stored states where one state covers several tokens.
void refuse_split_states(const Planning& planning, std::span<const Group> groups, std::int64_t scheduler, std::int64_t hash) {
    std::vector<std::int64_t> tokens_per_state;
    static_cast<void>(any_spec(planning, groups, [&](const KvSpec& spec) {
        const AttentionCache* cache = attention_of(spec);
        if (cache != nullptr && prefix_cacheable(spec) && cache->tokens_per_state.bottom == 1 && cache->tokens_per_state.top > 1)
            tokens_per_state.push_back(cache->tokens_per_state.top);
        return false;
    }));
    const std::int64_t hit = hits_inside_blocks(planning, groups, hash) ? hash : scheduler;
    std::ranges::sort(tokens_per_state);
    tokens_per_state.erase(std::unique(tokens_per_state.begin(), tokens_per_state.end()), tokens_per_state.end());
    if (std::ranges::any_of(tokens_per_state, [&](std::int64_t tokens) { return hit % tokens != 0; }))
        refuse_match_unit(Tokens{hash}, "ends prefixes inside a compressed state", tokens_per_state);
}

}  // namespace

BlockSizesFound find_block_sizes(const Planning& planning, std::span<const Group> groups, Tokens smallest) {
    if (groups.size() <= 1) return sizes_of_one_group(planning, groups, smallest);
    std::int64_t scheduler = 1;
    std::vector<std::int64_t> spans, hashed;
    for (const Group& group : groups) {
        spans.push_back(span_of(planning, group));
        scheduler = checked_lcm(scheduler, spans.back());
        if (cacheable(planning, group)) hashed.push_back(spans.back());
    }
    if (!planning.settings.prefix_caching) return {Tokens{scheduler}, Tokens{scheduler}};
    const bool unaligned = any_spec(planning, groups, [](const KvSpec& spec) {
        const auto* mamba = std::get_if<MambaSpec>(&spec);
        return mamba != nullptr && mamba->mode != MambaMode::align;
    });
    if (unaligned) return {Tokens{scheduler}, Tokens{scheduler}};

    const std::vector<std::int64_t>& hashing = hashed.empty() ? spans : hashed;
    std::int64_t hash = 0;
    for (const std::int64_t size : hashing) hash = std::gcd(hash, size);
    if (planning.settings.prefix_match_unit) hash = planning.settings.prefix_match_unit->value;
    if (std::ranges::any_of(hashing, [&](std::int64_t size) { return size % hash != 0; })) {
        std::vector<std::int64_t> figures = spans;
        figures.insert(figures.end(), hashing.begin(), hashing.end());
        refuse_match_unit(Tokens{hash}, "does not divide every group's block", std::move(figures));
    }
    refuse_split_states(planning, groups, scheduler, hash);
    return {Tokens{scheduler}, Tokens{hash}};
}

void one_block_size(const Planning&, std::span<const Group>, SchedulerView&) {}

void scheduler_and_hash_sizes(const Planning& planning, std::span<const Group> groups, SchedulerView& scheduler) {
    const BlockSizesFound sizes = find_block_sizes(planning, groups, scheduler.block.value_or(Tokens{planning.settings.block.value}));
    scheduler.scheduler_block = sizes.scheduler;
    scheduler.hash_block = sizes.hash;
    scheduler.hit_alignment = sizes.scheduler;
    if (!planning.settings.prefix_caching || groups.size() <= 1 || !hits_inside_blocks(planning, groups, sizes.hash.value)) return;
    const bool all_find = std::ranges::all_of(groups, [&](const Group& group) {
        const KvSpec& spec = planning.spec(group.spec);
        return !prefix_cacheable(spec) || looks_up_finely(spec) || span_of(planning, group) == sizes.hash.value;
    });
    if (all_find) scheduler.hit_alignment = sizes.hash;
}

}  // namespace kv
