// The cache manager of an engine: which blocks a request gets, keeps, shares and gives back. Given the same calls it answers as the
// engine does, to the block id. Where the engine raises, a call throws RefusedByEngine; the manager is then of no further use.
#pragma once

#include "model/cache/block_pool.h"
#include "model/cache/cache_request.h"
#include "model/cache/cache_setup.h"
#include "model/engine.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kv {

// What the prefix cache has of a request: block ids per group (null where a window has passed), and how many tokens they are.
struct CacheHit {
    Tokens length = {};
    Tokens shared_boundary = {};                    // Where a group had more than all groups have together; 0: nowhere. Since 0.32.0.
    std::vector<std::vector<BlockId>> blocks = {};  // One list a group; all empty where nothing was hit.
};

struct AllocateCall {
    Tokens new_tokens = {};
    const CacheHit* hit = nullptr;  // Of the request's lookup. None: the request goes on from what it holds.
    Tokens hit_tokens = {};         // Of `hit`, those that are used.
    Tokens lookahead = {};          // Slots for drafts beyond the new tokens.
    Tokens external = {};           // Computed tokens that are loaded from elsewhere.
    bool delay_caching = false;     // The load is not over yet.
    Tokens encoder_tokens = {};
    // Since 0.32.0:
    bool whole_request_must_fit = false;
    Blocks reserved = {};
    bool others_scheduled = true;
};

// The block ids that an allocation handed out, group by group. Valid until the manager's next call.
class NewBlocks {
public:
    NewBlocks() = default;
    NewBlocks(std::span<const BlockId> ids, std::span<const std::uint32_t> ends) : ids_(ids), ends_(ends) {}
    std::span<const BlockId> all() const { return ids_; }  // Call by call, group by group.
    bool changed() const { return !ends_.empty(); }        // False: no group had anything to do.
    std::span<const BlockId> group(std::size_t index) const {
        if (index >= ends_.size()) return {};
        const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
        return ids_.subspan(begin, ends_[index] - begin);
    }

private:
    std::span<const BlockId> ids_;
    std::span<const std::uint32_t> ends_;  // One a group; none: nothing was handed out.
};

struct BlockCopy {
    BlockId source{}, destination{};
    friend bool operator==(const BlockCopy&, const BlockCopy&) = default;
};

struct CacheCore;  // Its inside: see model/cache/cache_core.h.

class CacheManager {
public:
    // Throws RefusedByEngine where the engine does not take the setup.
    CacheManager(const Engine& engine, CacheSetup setup);
    ~CacheManager();
    CacheManager(CacheManager&&) noexcept;
    CacheManager& operator=(CacheManager&&) noexcept;

    std::string_view coordinator() const;  // The engine's class: "HybridKVCacheCoordinator".
    std::size_t group_count() const;
    const CacheSetup& setup() const;
    const BlockPool& pool() const;

    // What schedulers ask before they choose the tokens of a step.
    bool hits_end_inside_blocks() const;      // A worker then has blocks to copy.
    bool keeps_shared_prefix_states() const;  // Of prefixes that several requests have, where they part.
    // Blocks that a request needs beyond what it holds for all its tokens and `beyond` more; and those of a request that has only these.
    Blocks blocks_to_finish(CacheRequest& request, Tokens beyond);
    Blocks blocks_of(Tokens tokens) const;

    void new_step_starts();

    // The longest prefix that every group has. Answers into `hit`, whose memory is used again.
    void find_hit(const CacheRequest& request, CacheHit& hit);

    // Empty where the pool has too few free blocks; blocks that left a window may have been released all the same.
    std::optional<NewBlocks> allocate(CacheRequest& request, const AllocateCall& call) {
        if (is_quiet(request, call)) return NewBlocks();
        return allocate_blocks(request, call);
    }

    // Blocks that the last call which was not quiet counted before it granted or refused: what is compared with the free ones.
    Blocks blocks_counted() const;

    // After an asynchronous step's output, or after an external load: the first `tokens` tokens are there.
    void cache_blocks(CacheRequest& request, Tokens tokens);
    void free(CacheRequest& request);

    bool reset_prefix_cache();
    void evict(std::span<const BlockId> blocks);
    std::vector<std::int64_t> common_prefix_blocks(CacheRequest& request);  // One figure a group.
    std::vector<BlockId> take_new_block_ids();                              // Those that must be zeroed before use.
    // Copies that the worker has to make for hits that end inside a block. Both blocks of each are held until `release_copies`.
    std::vector<BlockCopy> take_block_copies();
    void release_copies(std::span<const BlockCopy> copies);

    // Block ids that the request holds in a group.
    static std::span<const BlockId> held(const CacheRequest& request, std::size_t group);

private:
    // A running request that only computes more, where no group has anything to do: most calls of a decoding request.
    static bool is_quiet(const CacheRequest& request, const AllocateCall& call) {
        const std::int64_t main = request.computed.value + call.new_tokens.value;
        return request.computed.value <= request.quiet.computed && main <= request.quiet.full &&
               main + call.lookahead.value <= request.quiet.slots && call.hit == nullptr && call.new_tokens.value > 0 &&
               request.status == RequestStatus::running && call.external.value == 0 && call.encoder_tokens.value == 0 &&
               call.reserved.value == 0 && !call.whole_request_must_fit;
    }
    std::optional<NewBlocks> allocate_blocks(CacheRequest& request, const AllocateCall& call);

    std::unique_ptr<CacheCore> core_;
};

}  // namespace kv
