// What is there before the first step: the plan, what it says of itself, and the memory that is made from it.
#pragma once

#include "model/events/event_ids.h"
#include "model/refusal.h"
#include "model/spec.h"
#include "model/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kv {

enum class GroupFamily : std::uint8_t { full, sliding_window, chunked, states, latent, encoder_only, cross, other };
inline constexpr std::array<std::string_view, 8> group_family_names{"full",   "sliding-window", "chunked-local", "mamba",
                                                                    "latent", "encoder-only",   "cross",         "other"};
constexpr std::span<const std::string_view> names_of(GroupFamily) { return group_family_names; }
inline constexpr std::array<std::string_view, 3> states_kept_names{"none", "align", "all"};
constexpr std::span<const std::string_view> names_of(MambaMode) { return states_kept_names; }

// A group as the engine made it, in numbers.
struct GroupFacts {
    GroupFamily family{};
    TokensPerBlock block{1};
    std::int64_t layers = 0;
    bool bundle = false;
    bool draft = false;
    bool prefix_cacheable = false;
    bool sharded = false;
    Tokens window = {};
    Tokens chunk = {};
    MambaMode states = MambaMode::none;
    std::int64_t speculative_blocks = 0;
    std::optional<Bytes> page = {};
    std::optional<Bytes> page_real = {};
    std::optional<Blocks> held_max = {};
    Tokens sink = {};
    std::int64_t sink_layers = 0;

    static constexpr void parts(auto& facts, auto&& each) {
        each("family", facts.family, "what its layers keep");
        each("block", facts.block, "tokens of a block");
        each("layers", facts.layers, "layers that share its block table");
        each("bundle", facts.bundle, "its layers have pages of several sizes");
        each("draft", facts.draft, "holds the drafter's layers");
        each("prefix_cacheable", facts.prefix_cacheable, "its blocks can be hit");
        each("sharded", facts.sharded, "context-parallel ranks share its tokens");
        each("window", facts.window, "tokens that a token sees; 0: all");
        each("chunk", facts.chunk, "tokens of a local chunk; 0: none");
        each("states", facts.states, "which states are kept");
        each("speculative_blocks", facts.speculative_blocks, "blocks of a request for states of drafts");
        each("page", facts.page, "bytes of a block of one layer, padding included");
        each("page_real", facts.page_real, "the same without padding");
        each("held_max", facts.held_max, "blocks of a request of model_len_max, as start-up counts them");
        each("sink", facts.sink, "first tokens that every request shares; 0: none");
        each("sink_layers", facts.sink_layers, "layers that share such tokens by what they say of themselves");
    }
};

// A worker: the layers of one pipeline stage.
struct WorkerFacts {
    std::int64_t layers = 0;
    Bytes memory = {};
    Blocks blocks = {};
    Bytes block_bytes = {};
    std::optional<Bytes> needed = {};
    std::optional<std::string_view> own_groups = {};

    static constexpr void parts(auto& facts, auto&& each) {
        each("layers", facts.layers, "layers that it holds");
        each("memory", facts.memory, "bytes that it has for the cache");
        each("blocks", facts.blocks, "blocks that it makes of them");
        each("block_bytes", facts.block_bytes, "bytes of a block of all its layers");
        each("needed", facts.needed, "bytes that its own layers hold of one request of model_len_max");
        each("own_groups", facts.own_groups, "kinds and blocks of the groups that it made of its own layers; none: they are the model's");
    }
};

struct PlanMade {
    static constexpr std::string_view name = "plan-made";
    static constexpr std::string_view meaning = "the engine has divided its memory";
    std::string_view engine;
    Blocks blocks = {};
    Tokens model_len_max = {};
    Tokens batched_max = {};
    std::int64_t sequences_max = 0;
    std::int64_t layers = 0;
    std::optional<Tokens> published_block = {};
    std::optional<Tokens> scheduler_block = {};
    std::optional<Tokens> hash_block = {};
    std::optional<std::int64_t> capture_group = {};
    std::int64_t context_ranks = 1;
    bool checked = true;
    bool prefix_caching = true;
    std::span<const GroupFacts> groups = {};
    std::span<const WorkerFacts> workers = {};
    std::optional<Tokens> interleave = {};
    std::optional<Tokens> router_block = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("engine", event.engine, "as it is spelled");
        each("blocks", event.blocks, "of the pool, as the scheduler knows it");
        each("model_len_max", event.model_len_max, "the longest request");
        each("batched_max", event.batched_max, "tokens of a step");
        each("sequences_max", event.sequences_max, "requests at once");
        each("layers", event.layers, "layers of the model that have a cache");
        each("published_block", event.published_block, "the one block size that the engine publishes");
        each("scheduler_block", event.scheduler_block, "the block size that its scheduler counts in");
        each("hash_block", event.hash_block, "tokens between two keys of the prefix cache");
        each("capture_group", event.capture_group, "the group whose slots rows of routed experts have");
        each("context_ranks", event.context_ranks, "ranks that share a request's tokens");
        each("checked", event.checked, "the engine made sure that a request of model_len_max fits; false: the groups were given to it");
        each("prefix_caching", event.prefix_caching, "prefixes of requests are kept for others");
        each("groups", event.groups, "");
        each("workers", event.workers, "one a pipeline stage");
        each("interleave", event.interleave, "tokens that each context-parallel rank takes in turn; none: they are not dealt out so");
        each("router_block", event.router_block, "tokens of a block as whoever routes requests by the cache's events takes it");
    }
};

struct PlanRefused {
    static constexpr std::string_view name = "plan-refused";
    static constexpr std::string_view meaning = "the engine does not start";
    Raised type{};
    std::string_view raised_in;
    std::string_view message;
    std::span<const std::int64_t> figures = {};
    std::optional<Tokens> asked = {};
    std::optional<Tokens> estimated = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("type", event.type, "of the exception");
        each("raised_in", event.raised_in, "the engine's function");
        each("message", event.message, "what is wrong, in words");
        each("figures", event.figures, "the numbers of the engine's message");
        each("asked", event.asked, "the longest request that was asked for; none: memory is not what was missing");
        each("estimated", event.estimated, "the longest request that would fit, as the engine says");
    }
};

// The tokens that the engine says its pool holds, and how many requests of the longest length.
struct CapacityReported {
    static constexpr std::string_view name = "capacity-reported";
    static constexpr std::string_view meaning = "the engine publishes how much fits";
    std::optional<std::int64_t> worker = {};
    Tokens tokens = {};
    double concurrency = 0;
    Tokens length = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("worker", event.worker, "whose figure it is; the scheduler's where there is none");
        each("tokens", event.tokens, "that fit");
        each("concurrency", event.concurrency, "requests of `length` that fit at once");
        each("length", event.length, "of a request");
    }
};

// The same, found by filling the engine's own pool.
struct CapacityConstructed {
    static constexpr std::string_view name = "capacity-constructed";
    static constexpr std::string_view meaning = "requests of one length were served until one more did not fit";
    Tokens length = {};
    std::int64_t requests = 0;
    Tokens further = {};
    Tokens tokens = {};
    Tokens grain = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("length", event.length, "of a request");
        each("requests", event.requests, "that fit whole");
        each("further", event.further, "tokens of the longest shorter request that fits beside them");
        each("tokens", event.tokens, "in all");
        each("grain", event.grain, "one block of the largest group that grows with a request");
    }
};

// What a refusal for want of memory, or a length that the engine has fitted to it, is held against.
struct LengthConstructed {
    static constexpr std::string_view name = "length-constructed";
    static constexpr std::string_view meaning = "the longest request that the memory holds was found, no longer than the one asked for";
    Tokens length = {};
    Tokens grain = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("length", event.length, "of a request that was served to its end");
        each("grain", event.grain, "one block of the largest group that grows with a request");
    }
};

// Keys of the host's tier: blocks by their content and group.
struct HostTierMade {
    static constexpr std::string_view name = "host-tier-made";
    static constexpr std::string_view meaning = "the engine has divided the host's memory among keys of its tier of the cache";
    Bytes memory = {};
    std::int64_t keys = 0;

    static constexpr void parts(auto& event, auto&& each) {
        each("memory", event.memory, "of the host");
        each("keys", event.keys, "blocks by content and group that the engine holds there");
    }
};

struct HostTierFilled {
    static constexpr std::string_view name = "host-tier-filled";
    static constexpr std::string_view meaning =
        "keys, each as wide as what its group stores, were put into as much memory while one more fitted";
    std::int64_t keys = 0;
    std::int64_t chunk_keys = 1;
    Tokens chunk = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("keys", event.keys, "that fitted");
        each("chunk_keys", event.chunk_keys, "keys without any of which a prefix cannot be hit");
        each("chunk", event.chunk, "tokens that these are");
    }
};

struct PoolMade {
    static constexpr std::string_view name = "pool-made";
    static constexpr std::string_view meaning = "a rank has a pool of blocks, which all its groups share";
    RankId rank{};
    Blocks blocks = {};
    std::int64_t null_blocks = 0;
    Blocks free = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("blocks", event.blocks, "ids [0, blocks)");
        each("null_blocks", event.null_blocks, "of these, the first so many stand for nothing");
        each("free", event.free, "that can be handed out");
    }
};

struct TableMade {
    static constexpr std::string_view name = "table-made";
    static constexpr std::string_view meaning = "a group of a rank has a block table";
    RankId rank{};
    std::int64_t group = 0;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    TokensPerBlock block{1};
    TokensPerBlock kernel_block{1};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("group", event.group, "");
        each("rows", event.rows, "requests");
        each("columns", event.columns, "entries of a row");
        each("block", event.block, "tokens of a block as the manager hands it out");
        each("kernel_block", event.kernel_block, "tokens of a block as an entry names it");
    }
};

enum class BufferKind : std::uint8_t { step, side, side_reader, staging, draft };
inline constexpr std::array<std::string_view, 5> buffer_kind_names{"step", "side", "side-reader", "staging", "draft"};
constexpr std::span<const std::string_view> names_of(BufferKind) { return buffer_kind_names; }

struct BufferMade {
    static constexpr std::string_view name = "buffer-made";
    static constexpr std::string_view meaning = "a buffer for rows of routed experts, or a drafter's own pool, has its size";
    RankId rank{};
    BufferKind buffer{};
    Rows rows = {};
    std::int64_t layers = 0;
    std::int64_t columns = 0;
    std::optional<std::int64_t> group = {};
    std::int64_t rows_per_block = 0;
    std::optional<std::int64_t> ranks = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each(
            "buffer", event.buffer,
            "which one; side-reader is the side buffer as its reader takes it to be, draft a drafter's pool that the target's slots index");
        each("rows", event.rows, "");
        each("layers", event.layers, "of a row");
        each("columns", event.columns, "ids of a row and layer");
        each("group", event.group, "whose slots its rows are; none: it has the rows of a step");
        each("rows_per_block", event.rows_per_block, "slots of one block id of that group");
        each("ranks", event.ranks, "data-parallel ranks whose rows of a step it takes, as their tensor has them; none: its own");
    }
};

enum class AddressActor : std::uint8_t { slot_mapping, kernel };
inline constexpr std::array<std::string_view, 2> address_actor_names{"slot-mapping", "kernel"};
constexpr std::span<const std::string_view> names_of(AddressActor) { return address_actor_names; }

// The largest address that an actor forms when every block is in use.
struct AddressFormed {
    static constexpr std::string_view name = "address-formed";
    static constexpr std::string_view meaning = "the largest slot, or offset in a group's pages, that can be formed";
    RankId rank{};
    std::int64_t group = 0;
    std::int64_t largest = 0;
    std::int64_t bits = 64;
    std::optional<AddressActor> actor = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("group", event.group, "");
        each("largest", event.largest, "the exact number of elements before it");
        each("bits", event.bits, "of the signed integer that it is computed in");
        each("actor", event.actor, "who forms it; none: a kernel");
    }
};

}  // namespace kv
