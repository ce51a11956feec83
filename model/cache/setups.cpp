// What an engine makes of a setup: a manager for each group, and how their hits are looked for. Or its refusal.
#include "model/cache/cache_core.h"
#include "model/engine.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace kv {

namespace {

void engine_asserts(bool holds, std::string_view where, const char* message) {
    if (!holds) raise(Raised::assertion_error, where, message);
}

GroupKind manager_of(const KvSpec& spec, CacheSetups setups) {
    const bool registered = setups == CacheSetups::registered;
    const auto later = [&](GroupKind kind) {
        if (!registered) raise(Raised::key_error, "get_manager_for_kv_cache_spec", "there is no manager for this kind");
        return kind;
    };
    return std::visit(
        Overload{[](const FullSpec&) { return GroupKind::full; },
                 [&](const SinkFullSpec&) {
                     if (registered)
                         raise(Raised::type_error, "SinkFullAttentionManager", "its manager does not take what it is made with");
                     return GroupKind::full;
                 },
                 [&](const RswaSpec&) { return later(GroupKind::rswa); }, [](const MlaSpec&) { return GroupKind::full; },
                 [&](const HiddenStateSpec&) { return later(GroupKind::full); },
                 [](const SlidingWindowSpec&) { return GroupKind::sliding; },
                 [&](const SlidingWindowMlaSpec&) { return later(GroupKind::sliding); },
                 [](const ChunkedLocalSpec&) { return GroupKind::chunked; },
                 [&](const CircularBufferSpec&) { return later(GroupKind::circular); }, [](const MambaSpec&) { return GroupKind::mamba; },
                 [&](const EncoderOnlySpec&) -> GroupKind {
                     raise(registered ? Raised::assertion_error : Raised::key_error, "get_manager_for_kv_cache_spec",
                           "there is no manager for this kind");
                 },
                 [](const CrossSpec&) { return GroupKind::cross; },
                 [](const CustomSpec& custom) { return custom.window ? GroupKind::sliding : GroupKind::full; }},
        spec);
}

void read_spec(GroupState& group, const KvSpec& spec) {
    if (const auto* sliding = sliding_of(spec)) {
        group.window = sliding->window.value;
        group.retained = sliding->extra_retained.value;
    } else if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&spec)) {
        group.window = chunked->chunk.value;
    } else if (const auto* rswa = std::get_if<RswaSpec>(&spec)) {
        group.window = rswa->rswa_window.value;
    } else if (const auto* custom = std::get_if<CustomSpec>(&spec); custom != nullptr && custom->window) {
        group.window = custom->window->value;
    } else if (const auto* mamba = std::get_if<MambaSpec>(&spec)) {
        group.mode = mamba->mode;
        group.drafts = mamba->speculative_blocks;
        group.checkpoints = mamba->mode == MambaMode::align && mamba->prefill_checkpoint_blocks > 0;
        if (mamba->prefill_checkpoint_alignment) group.checkpoint_alignment = mamba->prefill_checkpoint_alignment->value;
    }
}

bool zeroes_any(const CacheSetup& setup) {  // Models with states, or with more than one precision.
    std::set<std::pair<DType, QuantMode>> precisions;
    for (const CacheGroup& each : setup.groups) {
        if (std::holds_alternative<MambaSpec>(each.spec)) return true;
        if (const AttentionCache* cache = attention_of(each.spec)) precisions.insert({cache->dtype, cache->quant});
    }
    return precisions.size() > 1;
}

bool zeroed(const KvSpec& spec, ZeroedBlocks rule, bool any) {
    if (rule == ZeroedBlocks::plain_full) return std::holds_alternative<FullSpec>(spec);
    return any && attention_of(spec) != nullptr && !std::holds_alternative<CircularBufferSpec>(spec);
}

void set_context(GroupState& group, const KvSpec& spec, const CacheSetup& setup, ContextBlocks rule) {
    const bool all = rule == ContextBlocks::all_groups;
    if (all || sharding_of(spec) == ContextSharding::sharded) {
        group.decode_context = setup.decode_context;
        group.prefill_context = setup.prefill_context;
    }
    group.block = checked_mul(group.spec_block, group.decode_context);
    if (all) group.block = checked_mul(group.block, group.prefill_context);
}

void set_admission_cap(GroupState& group, const CacheSetup& setup) {
    std::int64_t kept = 0;
    if (group.kind == GroupKind::sliding) kept = checked_add(group.window - 1, group.retained);
    else if (group.kind == GroupKind::chunked) kept = group.window;
    else return;
    const std::int64_t tokens = std::min(checked_add(kept, setup.in_flight_max.value), setup.model_len_max.value);
    group.admission_cap = ceil_div(tokens, group.spec_block) + (group.kind == GroupKind::sliding ? 1 : 0);
}

// The blocks of sinks are taken for good when the manager is made.
void take_sink(CacheCore& core, const GroupState& group, const SinkFullSpec& spec) {
    constexpr std::string_view where = "SinkFullAttentionManager";
    const std::int64_t tokens = spec.sink ? spec.sink->value : 0;
    engine_asserts(tokens > 0 && tokens % group.block == 0, where, "a sink is whole blocks");
    engine_asserts(tokens / group.block <= core.pool.free_count(), where, "the sink's blocks are there");
    std::vector<BlockId> kept;
    core.pool.take(tokens / group.block, kept);
}

void make_groups(CacheCore& core, const Engine& engine) {
    const bool any_zeroed = zeroes_any(core.setup);
    for (std::size_t i = 0; i < core.setup.groups.size(); ++i) {
        const KvSpec& spec = core.setup.groups[i].spec;
        GroupState group{.index = i, .kind = manager_of(spec, engine.cache_setups.choice)};
        group.full_like = full_of(spec) != nullptr;
        group.spec_block = block_of(spec).value;
        group.cacheable = prefix_cacheable(spec);
        group.zeroed = zeroed(spec, engine.zeroed_blocks.choice, any_zeroed);
        group.hit_alignment = core.setup.scheduler_block.value;
        read_spec(group, spec);
        set_context(group, spec, core.setup, engine.context_blocks.choice);
        if (core.request_gate == RequestGate::whole_request) set_admission_cap(group, core.setup);
        if (const auto* sink = std::get_if<SinkFullSpec>(&spec)) take_sink(core, group, *sink);
        core.groups.push_back(std::move(group));
    }
}

bool eagle_group(const CacheCore& core, std::size_t index) {
    const auto& groups = core.setup.groups;
    if (core.hit_search == HitSearch::shorten) return core.setup.eagle;
    return groups[index].draft || (core.setup.eagle && std::ranges::none_of(groups, &CacheGroup::draft));
}

// Groups with equal specs together, full attention first.
void make_lookup_groups(CacheCore& core) {
    for (const bool full_like : {true, false}) {  // Full attention is asked first: what it lacks, no other kind has to look for.
        for (const GroupState& group : core.groups) {
            if (!group.cacheable || group.full_like != full_like) continue;
            const KvSpec& spec = core.setup.groups[group.index].spec;
            const auto same = std::ranges::find_if(core.lookup_groups, [&](const LookupGroup& each) { return *each.spec == spec; });
            LookupGroup& entry = same != core.lookup_groups.end() ? *same : core.lookup_groups.emplace_back(LookupGroup{.spec = &spec});
            entry.groups.push_back(group.index);
            entry.eagle = entry.eagle || eagle_group(core, group.index);
        }
    }
}

// States at hash blocks, and every other kind can be looked up at these or is as fine itself.
bool hits_end_inside_blocks(const CacheCore& core) {
    const std::int64_t hash_block = core.hash_block();
    const bool context = core.setup.decode_context > 1;
    const bool fine_states = std::ranges::any_of(core.groups, [&](const GroupState& group) {
        return group.aligned_states() && (context ? group.spec_block >= hash_block : group.spec_block > hash_block);
    });
    return fine_states && std::ranges::all_of(core.groups, [&](const GroupState& group) {
               const bool fine = group.kind == GroupKind::full || group.kind == GroupKind::rswa || group.kind == GroupKind::mamba;
               return !group.cacheable || fine || group.block == hash_block;
           });
}

void check_context(const CacheCore& core) {
    for (const GroupState& group : core.groups) {
        const KvSpec& spec = core.setup.groups[group.index].spec;
        const bool replicated = sharding_of(spec) != ContextSharding::sharded;
        constexpr std::string_view where = "HybridKVCacheCoordinator";
        if (core.setup.prefill_context > 1)
            engine_asserts(group.full_like || (attention_of(spec) != nullptr && replicated), where, "prefill context parallelism");
        if (core.setup.decode_context > 1) engine_asserts(group.full_like || replicated, where, "decode context parallelism");
    }
}

void set_up_unitary(CacheCore& core) {
    core.coordinator = Coordinator::unitary;
    core.lookup_block = core.groups.front().block;
    engine_asserts(core.hash_block() == core.lookup_block, "UnitaryKVCacheCoordinator", "the hash block is the group's block");
    core.lookup_groups = {{.spec = &core.setup.groups.front().spec, .groups = {0}, .eagle = eagle_group(core, 0)}};
    core.groups.front().eagle = core.lookup_groups.front().eagle;
    core.groups.front().prefill_context = core.setup.prefill_context;  // Asked of a lookup even where the group is replicated.
}

void set_up_hybrid(CacheCore& core, const Engine& engine) {
    constexpr std::string_view where = "HybridKVCacheCoordinator";
    core.coordinator = Coordinator::hybrid;
    const bool proven = core.hit_search != HitSearch::shorten;
    for (const GroupState& group : core.groups)
        engine_asserts(!group.cacheable || (proven ? group.block : group.spec_block) % core.hash_block() == 0, where,
                       "a block is a multiple of the hash block");
    if (engine.cache_setups.choice == CacheSetups::seven_kinds)
        engine_asserts(core.setup.decode_context == 1 && core.setup.prefill_context == 1, where, "no context parallelism in hybrids");
    else check_context(core);
    make_lookup_groups(core);
    engine_asserts(core.lookup_groups.size() > (engine.cache_setups.choice == CacheSetups::seven_kinds ? 1U : 0U), where,
                   "kinds to look up");
    core.partial_hits = proven && hits_end_inside_blocks(core);
    core.lookup_block = core.partial_hits ? core.hash_block() : core.setup.scheduler_block.value;
    if (!proven) {
        core.lookup_block = 1;
        for (const LookupGroup& each : core.lookup_groups)
            core.lookup_block = checked_lcm(core.lookup_block, core.groups[each.groups.front()].spec_block);
    }
    for (GroupState& group : core.groups) group.hit_alignment = core.lookup_block;
    for (const LookupGroup& each : core.lookup_groups)
        for (const std::size_t index : each.groups) core.groups[index].eagle = each.eagle;
}

void check_registered(const CacheCore& core) {
    const CacheSetup& setup = core.setup;
    engine_asserts(
        setup.scheduler_block.value % core.hash_block() == 0 &&
            std::ranges::all_of(setup.groups,
                                [&](const CacheGroup& each) { return setup.scheduler_block.value % block_of(each.spec).value == 0; }),
        "KVCacheCoordinator", "the scheduler's block is a multiple of every other");
    if (setup.prefix_caching && core.any_eagle_group && setup.scheduler_block.value < setup.prefill_lookahead)
        raise(Raised::value_error, "KVCacheCoordinator", "a drafter looks ahead further than the scheduler's block");
}

void check_retention(const CacheCore& core) {
    if (!core.setup.retention_interval) return;
    constexpr std::string_view where = "_validate_prefix_cache_retention_interval";
    const std::int64_t interval = core.setup.retention_interval->value;
    const bool used = std::ranges::any_of(
        core.groups, [](const GroupState& group) { return group.kind == GroupKind::sliding || group.kind == GroupKind::mamba; });
    if (!used && interval != 0) raise(Raised::value_error, where, "no group has anything to retain");
    if (used && (interval < 0 || interval % core.setup.scheduler_block.value != 0))
        raise(Raised::value_error, where, "the interval is a multiple of the scheduler's block");
}

}  // namespace

void set_up(CacheCore& core, const Engine& engine) {
    const bool registered = engine.cache_setups.choice == CacheSetups::registered;
    core.any_eagle_group = core.setup.eagle || std::ranges::any_of(core.setup.groups, &CacheGroup::draft);
    core.reprefillable = std::max<std::int64_t>(0, core.setup.prefill_lookahead - 1);
    if (registered) check_registered(core);
    make_groups(core, engine);
    for (GroupState& group : core.groups) group.drops_checkpoint = group.kind == GroupKind::mamba && core.setup.eagle;
    if (registered) check_retention(core);
    if (core.setup.prefix_caching && core.groups.size() == 1) set_up_unitary(core);
    else if (core.setup.prefix_caching) set_up_hybrid(core, engine);
    core.chunks_alone = std::ranges::all_of(
        core.lookup_groups, [&](const LookupGroup& each) { return core.groups[each.groups.front()].kind == GroupKind::chunked; });
    core.shared_prefix_checkpoint =
        core.setup.shared_prefix_checkpoint && core.any_eagle_group && core.partial_hits && core.reprefillable == 0;
    engine_asserts(core.setup.watermark >= 0, "KVCacheManager", "a watermark is not negative");
    core.watermark_blocks = static_cast<std::int64_t>(core.setup.watermark * static_cast<double>(core.setup.blocks.value));
}

}  // namespace kv
