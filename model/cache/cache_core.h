// The inside of a cache manager: its pool, its groups and the rules by which they act. Only files of this folder include it.
#pragma once

#include "model/cache/block_pool.h"
#include "model/cache/cache_manager.h"
#include "model/cache/cache_request.h"
#include "model/cache/cache_setup.h"
#include "model/rules/cache.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

namespace kv {

enum class GroupKind : std::uint8_t { full, rswa, sliding, chunked, mamba, cross, circular };
enum class Coordinator : std::uint8_t { no_prefix_cache, unitary, hybrid };

struct PrefixKeyHash {
    std::size_t operator()(const PrefixKey& key) const { return static_cast<std::size_t>(key.low); }
};

// One group: what its spec says, what the setup makes of it, and what is kept for all requests together.
struct GroupState {
    std::size_t index = 0;
    GroupKind kind = GroupKind::full;
    bool full_like = false;  // Full attention or derived from it, by the engine's classes.
    std::int64_t spec_block = 1;
    std::int64_t block = 1;  // Tokens of a request that a block covers, over all context parallel ranks.
    std::int64_t decode_context = 1, prefill_context = 1;
    std::int64_t window = 0;    // Of a sliding window or of generated tokens; a chunk's length.
    std::int64_t retained = 0;  // Below the window.
    MambaMode mode = MambaMode::none;
    std::int64_t drafts = 0;   // Blocks for speculative states.
    bool checkpoints = false;  // States inside a prefill are kept for others to hit.
    std::optional<std::int64_t> checkpoint_alignment = {};
    bool drops_checkpoint = false;  // For a drafter that computes the last block of a hit again.
    bool cacheable = true;
    bool eagle = false;
    bool zeroed = false;
    std::optional<std::int64_t> admission_cap = {};  // Blocks that one request is charged at most when it is admitted.
    std::int64_t hit_alignment = 1;

    std::int64_t listed = 0;  // Requests with an entry.
    std::vector<BlockId> to_zero = {};
    std::vector<BlockCopy> copies = {};
    std::unordered_set<PrefixKey, PrefixKeyHash> cached_this_step = {};

    bool aligned_states() const { return kind == GroupKind::mamba && mode == MambaMode::align; }
};

// Groups with equal specs are looked up together.
struct LookupGroup {
    const KvSpec* spec = nullptr;
    std::vector<std::size_t> groups = {};
    bool eagle = false;
};

// What an allocation asks a group for.
struct GroupNeed {
    std::int64_t tokens = 0;  // That need a slot, those that have one included.
    std::span<const BlockId> hits = {};
    std::int64_t computed = 0;  // Loaded tokens included.
    std::int64_t local_computed = 0;
    std::int64_t main_tokens = 0;  // `tokens` without those for drafts.
    bool capped = false;           // Asked at admission: bounded groups are charged their bound.
    std::int64_t prefill_end = 0;
};

struct CacheCore {
    CacheCore(const Engine& engine, CacheSetup given);

    CacheSetup setup;
    FreeOrder free_order;
    HitSearch hit_search;
    HitAdoption hit_adoption;
    RequestGate request_gate;
    WindowBasis window_basis;
    StateBlocks state_blocks;
    StateMarks state_marks;
    CachedBlocks cached_blocks;
    CommonPrefix common_prefix;
    BlockPool pool;
    Coordinator coordinator = Coordinator::no_prefix_cache;
    std::vector<GroupState> groups = {};
    std::vector<LookupGroup> lookup_groups = {};
    std::int64_t lookup_block = 1;  // Unitary: the group's. Hybrid: what hits are aligned to.
    bool partial_hits = false;      // A hit may end inside a block.
    bool chunks_alone = false;      // Every kind that is looked up has chunks of its own.
    bool any_eagle_group = false;
    bool shared_prefix_checkpoint = false;
    std::int64_t reprefillable = 0;  // Computed tokens that a drafter may still ask for again.
    std::int64_t watermark_blocks = 0;

    // Of the call at work.
    std::vector<BlockId> new_ids = {};
    std::int64_t counted = 0;  // By the last allocation that was more than a look.
    std::vector<std::uint32_t> new_ends = {};
    std::vector<BlockId> released = {};

    std::int64_t hash_block() const { return setup.hash_block.value; }
};

// model/cache/setups.cpp: fills in what the engine makes of a setup, or raises as the engine does.
void set_up(CacheCore& core, const Engine& engine);

// model/cache/group_blocks.cpp: what most kinds do with blocks.
std::int64_t skipped_tokens(const GroupState& group, std::int64_t computed);  // At the front, that no later token looks at.
Holding& listed_holding(CacheRequest& request, GroupState& group);            // Where the engine would make an entry.
std::int64_t blocks_needed(const CacheCore& core, const GroupState& group, const Holding& holding, const GroupNeed& need);
void adopt_hits(CacheCore& core, GroupState& group, CacheRequest& request, const GroupNeed& need);
void load_external(CacheCore& core, GroupState& group, CacheRequest& request, const GroupNeed& need);
void take_blocks(CacheCore& core, std::int64_t count, Holding& holding,
                 std::vector<BlockId>* to_zero);  // As the engine: raises where they are not there.
void grow(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens);
void release_range(CacheCore& core, Holding& holding, std::int64_t first, std::int64_t last);  // From the back to the first null block.
void release_passed(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed);
// Replaces the block that a hit ends in by one of its own, and has it copied.
void copy_on_write(CacheCore& core, GroupState& group, CacheRequest& request, BlockId copy);
bool partial_hit(const GroupState& group, std::span<const BlockId> hits, std::int64_t local_computed);

// model/cache/states_*.cpp: Mamba.
std::int64_t running_state_needed(const CacheCore& core, const GroupState& group, const Holding& holding, const GroupNeed& need);
void grow_running_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t main_tokens);
void release_running_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed);
std::int64_t checkpointed_state_needed(const CacheCore& core, const GroupState& group, Holding& holding, const GroupNeed& need);
void grow_checkpointed_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t main_tokens);
void release_checkpointed_state(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t computed);
void cache_state_tail(CacheCore& core, GroupState& group, CacheRequest& request, std::int64_t tokens);
bool cached_by_this_step(const CacheCore& core, const GroupState& group, std::span<const BlockId> hits);

// model/cache/cached_blocks_*.cpp: which blocks the prefix cache is told of.
void cache_every_full_block(CacheCore& core, CacheRequest& request, std::int64_t tokens);
void cache_reachable_blocks(CacheCore& core, CacheRequest& request, std::int64_t tokens);

// A prefix that ends inside a block, or at its end. Nothing for a null block.
struct PartialBlock {
    BlockId block{};
    std::int64_t tokens = 0;
    bool replaces = false;  // The block's keys so far.
};
struct CachedPartial {
    PrefixKey key{};
    bool fresh = true;  // The block was not in the cache by this key before.
};
std::optional<CachedPartial> cache_partial_block(CacheCore& core, const GroupState& group, const CacheRequest& request,
                                                 const PartialBlock& partial);

// Which of the blocks first .. last - 1 a hit can need; empty: all of them.
struct ReachAsked {
    std::int64_t first = 0, last = 0;
    bool eagle = false;
    std::vector<std::int64_t> boundaries = {};  // Tokens where a later request may end its hit.
};
std::vector<bool> reachable_mask(const CacheCore& core, const GroupState& group, const ReachAsked& asked);

// Where a prefill of so many tokens can leave a state for the next request to go on from.
std::int64_t checkpoint_position(std::int64_t tokens, std::int64_t alignment, bool drops_block);

// model/cache/hits_*.cpp
void find_shortened_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit);
void find_led_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit);
void find_proven_hit(const CacheCore& core, const CacheRequest& request, CacheHit& hit);

// The keys of a request at a granularity of `block` tokens, a multiple of the hash block: the last key inside each block.
struct KeysByBlock {
    std::span<const PrefixKey> keys = {};
    std::int64_t scale = 1;
    std::int64_t size() const { return static_cast<std::int64_t>(keys.size()) / scale; }
    const PrefixKey& operator[](std::int64_t index) const { return keys[static_cast<std::size_t>((index + 1) * scale - 1)]; }
};

[[noreturn]] void raise(Raised type, std::string_view raised_in, const char* message);

// How many blocks of `per` tokens hold `count`. Both are positive, or the count is zero.
constexpr std::int64_t blocks_for(std::int64_t count, std::int64_t per) { return (count + per - 1) / per; }

}  // namespace kv
