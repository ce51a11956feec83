#include "model/cache/cache_manager.h"

#include "model/cache/cache_core.h"
#include "model/contract.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace kv {

CacheCore::CacheCore(const Engine& engine, CacheSetup given)
    : setup(std::move(given)),
      free_order(engine.free_order.choice),
      hit_search(engine.hit_search.choice),
      hit_adoption(engine.hit_adoption.choice),
      request_gate(engine.request_gate.choice),
      window_basis(engine.window_basis.choice),
      state_blocks(engine.state_blocks.choice),
      state_marks(engine.state_marks.choice),
      cached_blocks(engine.cached_blocks.choice),
      common_prefix(engine.common_prefix.choice),
      pool({.blocks = setup.blocks, .free_order = free_order, .prefix_caching = setup.prefix_caching}) {
    set_up(*this, engine);
}

namespace {

constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

bool any_block(const CacheHit* hit) {
    return hit != nullptr && std::ranges::any_of(hit->blocks, [](const std::vector<BlockId>& blocks) { return !blocks.empty(); });
}

// What one allocation asks of all groups together.
struct Asked {
    const AllocateCall& call;
    bool hits;  // The prefix cache had something.
    GroupNeed need = {};
    GroupNeed of(const GroupState& group) const {
        GroupNeed needed = need;
        if (group.kind == GroupKind::cross)
            return {.tokens = call.encoder_tokens.value, .main_tokens = call.encoder_tokens.value, .capped = need.capped};
        if (hits) needed.hits = call.hit->blocks[group.index];
        if (group.kind == GroupKind::mamba && group.mode != MambaMode::align) needed.tokens += group.spec_block * group.drafts;
        return needed;
    }
};

std::int64_t blocks_needed_by_all(CacheCore& core, CacheRequest& request, const Asked& asked) {
    std::int64_t blocks = 0;
    for (const GroupState& group : core.groups) {
        const GroupNeed need = asked.of(group);
        Holding& holding = request.holdings[group.index];
        if (group.kind == GroupKind::mamba && cached_by_this_step(core, group, need.hits))
            blocks += core.pool.blocks().value + 1;  // Its state is written in this step: not before the next one.
        else if (!group.aligned_states()) blocks += blocks_needed(core, group, holding, need);
        else if (core.state_blocks == StateBlocks::running_state) blocks += running_state_needed(core, group, holding, need);
        else blocks += checkpointed_state_needed(core, group, holding, need);
    }
    return blocks;
}

void release_passed_by_all(CacheCore& core, CacheRequest& request, std::int64_t computed) {
    for (GroupState& group : core.groups) {
        if (group.kind == GroupKind::full || group.kind == GroupKind::cross || group.kind == GroupKind::circular) continue;
        if (group.kind == GroupKind::mamba && core.state_blocks == StateBlocks::running_state)
            release_running_state(core, group, request, computed);
        else if (group.aligned_states()) release_checkpointed_state(core, group, request, computed);
        else release_passed(core, group, request, computed);
    }
}

void adopt(CacheCore& core, CacheRequest& request, const Asked& asked) {
    const auto nothing_more = [&](const GroupState& group) {
        if (!asked.of(group).hits.empty())
            raise(Raised::assertion_error, "allocate_new_computed_blocks", "a running request hits nothing more");
    };
    const bool loads = asked.call.external.value > 0;
    if (core.hit_adoption == HitAdoption::group_by_group) {
        for (GroupState& group : core.groups) {
            if (request.holdings[group.index].admitted) {
                nothing_more(group);
                continue;
            }
            adopt_hits(core, group, request, asked.of(group));
            if (loads) load_external(core, group, request, asked.of(group));
        }
        return;
    }
    if (std::ranges::any_of(request.holdings, &Holding::admitted)) {
        for (const GroupState& group : core.groups) nothing_more(group);
        return;
    }
    for (GroupState& group : core.groups) adopt_hits(core, group, request, asked.of(group));
    if (!loads) return;
    for (GroupState& group : core.groups) load_external(core, group, request, asked.of(group));
}

void grow_all(CacheCore& core, CacheRequest& request, const Asked& asked) {
    for (GroupState& group : core.groups) {
        if (!group.aligned_states())
            grow(core, group, request, group.kind == GroupKind::cross ? asked.call.encoder_tokens.value : asked.need.tokens);
        else if (core.state_blocks == StateBlocks::running_state) grow_running_state(core, group, request, asked.need.main_tokens);
        else grow_checkpointed_state(core, group, request, asked.need.main_tokens);
        core.new_ends.push_back(static_cast<std::uint32_t>(core.new_ids.size()));
    }
}

// The fewest computed tokens at which more blocks leave the window than at `computed`.
std::int64_t next_release(const GroupState& group, const CacheRequest& request, std::int64_t computed) {
    const auto after = [&](std::int64_t skipped, std::int64_t kept) { return (skipped / group.block + 1) * group.block + kept; };
    switch (group.kind) {
        case GroupKind::sliding:
            return after(skipped_tokens(group, computed), group.window - 1 + group.retained);
        case GroupKind::chunked:
            return (computed / group.window + 1) * group.window;
        case GroupKind::mamba:
            return after(skipped_tokens(group, computed), 1);
        case GroupKind::rswa:
            return after(std::max(request.prompt_tokens.value, computed - group.window), group.window);
        case GroupKind::full:
        case GroupKind::cross:
        case GroupKind::circular:
            return endless;
    }
    return endless;
}

// How far the request can go on without any group having to do anything: what `allocate` looks at first.
void foresee(const CacheCore& core, CacheRequest& request, std::int64_t computed) {
    CacheRequest::Quiet quiet{endless, endless, endless};
    for (const GroupState& group : core.groups) {
        const Holding& holding = request.holdings[group.index];
        const bool parts_cached = core.setup.prefix_caching && group.block != core.hash_block() && group.cacheable;
        if (group.aligned_states() || parts_cached || holding.states.partial_hit) {
            quiet = {};
            break;
        }
        if (group.kind == GroupKind::circular) continue;
        if (group.kind != GroupKind::cross) {
            const std::int64_t drafts = group.kind == GroupKind::mamba ? group.drafts : 0;
            quiet.slots = std::min(quiet.slots, (std::ssize(holding.blocks) - drafts) * group.block);
        }
        if (core.setup.prefix_caching && group.cacheable) quiet.full = std::min(quiet.full, (holding.cached_blocks + 1) * group.block - 1);
        // What a call releases ends at the first null block: one that still stands there would go at the next call.
        const std::int64_t passed = std::min(skipped_tokens(group, computed) / group.block, std::ssize(holding.blocks));
        const bool stands = passed > 0 && holding.blocks[static_cast<std::size_t>(passed - 1)] != null_block;
        quiet.computed = std::min(quiet.computed, stands ? -1 : next_release(group, request, computed) - 1);
    }
    request.quiet = quiet;
}

}  // namespace

CacheManager::CacheManager(const Engine& engine, CacheSetup setup) : core_(std::make_unique<CacheCore>(engine, std::move(setup))) {}
CacheManager::~CacheManager() = default;
CacheManager::CacheManager(CacheManager&&) noexcept = default;
CacheManager& CacheManager::operator=(CacheManager&&) noexcept = default;

std::string_view CacheManager::coordinator() const {
    switch (core_->coordinator) {
        case Coordinator::no_prefix_cache:
            return "KVCacheCoordinatorNoPrefixCache";
        case Coordinator::unitary:
            return "UnitaryKVCacheCoordinator";
        case Coordinator::hybrid:
            return "HybridKVCacheCoordinator";
    }
    return "";
}

std::size_t CacheManager::group_count() const { return core_->groups.size(); }
const CacheSetup& CacheManager::setup() const { return core_->setup; }
const BlockPool& CacheManager::pool() const { return core_->pool; }

bool CacheManager::hits_end_inside_blocks() const { return core_->partial_hits; }
bool CacheManager::keeps_shared_prefix_states() const { return core_->shared_prefix_checkpoint; }

Blocks CacheManager::blocks_to_finish(CacheRequest& request, Tokens beyond) {
    request.holdings.resize(core_->groups.size());
    const std::int64_t tokens = std::min(request.tokens.value, core_->setup.model_len_max.value);
    const AllocateCall nothing;
    const Asked asked{.call = nothing,
                      .hits = false,
                      .need = {.tokens = checked_add(tokens, beyond.value),
                               .computed = request.computed.value,
                               .local_computed = request.computed.value,
                               .main_tokens = tokens,
                               .capped = true,
                               .prefill_end = std::max(request.prompt_tokens.value, request.tokens.value - 1)}};
    return Blocks(blocks_needed_by_all(*core_, request, asked));
}

Blocks CacheManager::blocks_of(Tokens tokens) const {
    std::int64_t blocks = 0;
    for (const GroupState& group : core_->groups) blocks = checked_add(blocks, ceil_div(tokens.value, group.block));
    return Blocks(blocks);
}

Blocks CacheManager::blocks_counted() const { return Blocks(core_->counted); }

void CacheManager::new_step_starts() {
    for (GroupState& group : core_->groups)
        if (!group.cached_this_step.empty()) group.cached_this_step.clear();
}

void CacheManager::find_hit(const CacheRequest& request, CacheHit& hit) {
    hit.length = hit.shared_boundary = Tokens(0);
    hit.blocks.resize(core_->groups.size());
    for (std::vector<BlockId>& blocks : hit.blocks) blocks.clear();
    if (!core_->setup.prefix_caching) return;
    switch (core_->hit_search) {
        case HitSearch::shorten:
            return find_shortened_hit(*core_, request, hit);
        case HitSearch::shorten_after_proof:
        case HitSearch::shorten_to_found:
            return find_proven_hit(*core_, request, hit);
        case HitSearch::first_kind:
        case HitSearch::widest_window:
            return find_led_hit(*core_, request, hit);
    }
}

std::optional<NewBlocks> CacheManager::allocate_blocks(CacheRequest& request, const AllocateCall& call) {
    CacheCore& core = *core_;
    request.holdings.resize(core.groups.size());
    const bool adopts_alone = core.hit_adoption == HitAdoption::hits_first && call.hit_tokens.value > 0;
    if (call.new_tokens.value == 0 && call.external.value == 0 && !adopts_alone)
        raise(Raised::value_error, "allocate_slots", "nothing is computed, loaded or taken over");

    const std::int64_t length_max = core.setup.model_len_max.value;
    const std::int64_t local = request.computed.value + call.hit_tokens.value;
    const std::int64_t computed = std::min(local + call.external.value, length_max);
    const bool gated = core.request_gate != RequestGate::next_chunk;
    const bool admits = call.others_scheduled && request.status != RequestStatus::running;
    const std::int64_t watermark = gated && admits ? core.watermark_blocks : 0;
    Asked asked{.call = call, .hits = any_block(call.hit)};
    asked.need = {.computed = computed, .local_computed = local};
    if (core.setup.retention_interval && core.setup.retention_interval->value == 0)
        asked.need.prefill_end = std::max(request.prompt_tokens.value, request.tokens.value - 1);

    if (gated && call.whole_request_must_fit) {
        asked.need.tokens = asked.need.main_tokens = std::min(request.tokens.value, length_max);
        asked.need.capped = true;
        core.counted = blocks_needed_by_all(core, request, asked) + watermark;
        if (core.counted > core.pool.free_count()) return std::nullopt;
        asked.need.capped = false;
    }
    asked.need.main_tokens = computed + call.new_tokens.value;
    asked.need.tokens = std::min(asked.need.main_tokens + call.lookahead.value, length_max);
    asked.need.computed = local + call.external.value;
    const std::int64_t in_flight = core.window_basis == WindowBasis::settled ? request.in_flight.value : 0;
    const std::int64_t basis = std::max<std::int64_t>(0, computed - in_flight);
    release_passed_by_all(core, request, basis);
    const std::int64_t available = core.pool.free_count() - (gated ? call.reserved.value : 0);
    core.counted = blocks_needed_by_all(core, request, asked) + watermark;
    if (core.counted > available) return std::nullopt;

    core.new_ids.clear();
    core.new_ends.clear();
    if (asked.hits || call.external.value > 0) adopt(core, request, asked);
    grow_all(core, request, asked);
    if (core.setup.prefix_caching && !call.delay_caching)
        cache_blocks(request, Tokens(std::min(computed + call.new_tokens.value, request.tokens.value)));
    foresee(core, request, basis);
    return NewBlocks(core.new_ids, core.new_ends);
}

void CacheManager::cache_blocks(CacheRequest& request, Tokens tokens) {
    if (!core_->setup.prefix_caching) return;
    request.holdings.resize(core_->groups.size());
    if (core_->cached_blocks == CachedBlocks::every_full) cache_every_full_block(*core_, request, tokens.value);
    else cache_reachable_blocks(*core_, request, tokens.value);
    request.quiet = {};
}

void CacheManager::free(CacheRequest& request) {
    for (GroupState& group : core_->groups) {
        if (group.index >= request.holdings.size()) break;
        Holding& holding = request.holdings[group.index];
        core_->pool.release_reversed(holding.blocks);
        holding.blocks.clear();
        if (holding.listed) --group.listed;
        holding.listed = holding.admitted = false;
        holding.cached_blocks = 0;
        holding.states = {};
    }
    request.quiet = {};
}

bool CacheManager::reset_prefix_cache() { return core_->pool.reset(); }

void CacheManager::evict(std::span<const BlockId> blocks) {
    for (const BlockId block : blocks) {
        const auto id = static_cast<std::int64_t>(block);
        if (id >= core_->pool.blocks().value) raise(Raised::assertion_error, "BlockPool.evict_blocks", "there is no such block");
        require(id >= 0, "block ids are not negative");
        core_->pool.forget(block);
    }
}

std::vector<std::int64_t> CacheManager::common_prefix_blocks(CacheRequest& request) {
    std::vector<std::int64_t> common(core_->groups.size(), 0);
    if (core_->common_prefix == CommonPrefix::none || core_->coordinator == Coordinator::no_prefix_cache) return common;
    request.holdings.resize(core_->groups.size());
    for (GroupState& group : core_->groups) {
        if (group.kind != GroupKind::full) continue;
        for (const BlockId block : listed_holding(request, group).blocks) {
            if (core_->pool.holders(block) != group.listed) break;
            ++common[group.index];
        }
    }
    return common;
}

std::vector<BlockId> CacheManager::take_new_block_ids() {
    std::vector<BlockId> ids;
    for (GroupState& group : core_->groups) {
        ids.insert(ids.end(), group.to_zero.begin(), group.to_zero.end());
        group.to_zero.clear();
    }
    return ids;
}

std::vector<BlockCopy> CacheManager::take_block_copies() {
    std::vector<BlockCopy> copies;
    for (GroupState& group : core_->groups) {
        copies.insert(copies.end(), group.copies.begin(), group.copies.end());
        group.copies.clear();
    }
    return copies;
}

void CacheManager::release_copies(std::span<const BlockCopy> copies) {
    std::vector<BlockId> blocks;
    for (const BlockCopy& copy : copies) blocks.insert(blocks.end(), {copy.source, copy.destination});
    core_->pool.release(blocks);
}

std::span<const BlockId> CacheManager::held(const CacheRequest& request, std::size_t group) {
    if (group >= request.holdings.size()) return {};
    return request.holdings[group].blocks;
}

}  // namespace kv
