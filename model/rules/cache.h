// How blocks are handed out, kept, shared and given back: each a whole algorithm, chosen when a cache manager is made.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kv {

template <class Choice>
struct Algorithm {
    std::string_view id;
    std::string_view meaning;
    std::string_view source;
    Choice choice;
};

enum class CacheSetups : std::uint8_t { seven_kinds, registered };
enum class FreeOrder : std::uint8_t { append_all, uncached_first };
enum class ContextBlocks : std::uint8_t { all_groups, sharded_groups };
enum class HitSearch : std::uint8_t { shorten, shorten_after_proof, shorten_to_found, first_kind, widest_window };
enum class HitAdoption : std::uint8_t { group_by_group, hits_first };
enum class RequestGate : std::uint8_t { next_chunk, whole_request, whole_request_uncapped };
enum class WindowBasis : std::uint8_t { scheduled, settled };
enum class StateBlocks : std::uint8_t { running_state, running_state_and_checkpoints };
enum class StateMarks : std::uint8_t { each_step, once };
enum class StatesWrittenAt : std::uint8_t { block_ends, chunk_ends };
enum class PaddedStates : std::uint8_t { skipped, null_block };
enum class CachedBlocks : std::uint8_t { every_full, reachable };
enum class CommonPrefix : std::uint8_t { counted, none };
enum class ZeroedBlocks : std::uint8_t { plain_full, attention_beside_states };

inline constexpr std::array cache_setups_rules{
    Algorithm<CacheSetups>{"seven-kinds",
                           "full, MLA, sinks (which take their blocks from the pool), windows, chunks, states, cross; hybrids without "
                           "context parallelism",
                           "vllm 0.18.0, single_type_kv_cache_manager.py", CacheSetups::seven_kinds},
    Algorithm<CacheSetups>{"registered-kinds",
                           "what is registered, less sinks, whose manager cannot be made; block sizes divide the scheduler's",
                           "vllm 0.32.0, kv_cache_spec_registry.py, kv_cache_coordinator.py", CacheSetups::registered}};
inline constexpr Algorithm seven_kinds = cache_setups_rules[0], registered_managers = cache_setups_rules[1];

inline constexpr std::array free_order_rules{
    Algorithm<FreeOrder>{"append-all", "a freed block goes to the end of the queue", "vllm 0.18.0, BlockPool.free_blocks",
                         FreeOrder::append_all},
    Algorithm<FreeOrder>{"uncached-first", "a freed block that holds no prefix goes to the front, the others to the end",
                         "vllm 0.32.0, BlockPool.free_blocks", FreeOrder::uncached_first}};
inline constexpr Algorithm append_all = free_order_rules[0], uncached_first = free_order_rules[1];

inline constexpr std::array context_blocks_rules{
    Algorithm<ContextBlocks>{"all-groups", "a block covers its tokens on each decode and prefill context parallel rank",
                             "vllm 0.18.0, SingleTypeKVCacheManager", ContextBlocks::all_groups},
    Algorithm<ContextBlocks>{"sharded-groups", "on each decode context parallel rank, where the group is sharded over them",
                             "vllm 0.32.0, SingleTypeKVCacheManager", ContextBlocks::sharded_groups}};
inline constexpr Algorithm all_groups_blocks = context_blocks_rules[0], sharded_groups_blocks = context_blocks_rules[1];

inline constexpr std::array hit_search_rules{
    Algorithm<HitSearch>{"shorten-until-stable", "each kind shortens the hit until none does; with a drafter each drops a block every time",
                         "vllm 0.18.0, HybridKVCacheCoordinator.find_longest_cache_hit", HitSearch::shorten},
    Algorithm<HitSearch>{"shorten-after-proof",
                         "the same, but a kind drops its block for the drafter once, and a hit may end inside a block",
                         "vllm 0.32.0, HybridKVCacheCoordinator.find_longest_cache_hit", HitSearch::shorten_after_proof},
    Algorithm<HitSearch>{"shorten-to-found",
                         "the same, but where every group has chunks of its own a hit ends at a block that was found: a new chunk needs "
                         "nothing of the past, and proves nothing of it",
                         "kvproof: without R04", HitSearch::shorten_to_found},
    Algorithm<HitSearch>{"first-kind-for-all", "what the first kind has is the hit of all: the others hold what they have of it (B50)",
                         "vllm-project/vllm#47491, #45238, #43090", HitSearch::first_kind},
    Algorithm<HitSearch>{"widest-window-for-all",
                         "what the kind with the widest window has is the hit of all, though narrower windows have let go of it (B52)",
                         "NVIDIA/TensorRT-LLM#2983", HitSearch::widest_window}};
inline constexpr Algorithm shorten_until_stable = hit_search_rules[0], shorten_after_proof = hit_search_rules[1],
                           shorten_to_found = hit_search_rules[2];

inline constexpr std::array hit_adoption_rules{
    Algorithm<HitAdoption>{"group-by-group", "a group takes its hit blocks and those for loaded tokens before the next group does",
                           "vllm 0.18.0, KVCacheCoordinator.allocate_new_computed_blocks", HitAdoption::group_by_group},
    Algorithm<HitAdoption>{"hits-first", "all groups take their hit blocks, then those for loaded tokens, so that no hit is evicted",
                           "vllm 0.32.0, KVCacheCoordinator.allocate_new_computed_blocks", HitAdoption::hits_first}};
inline constexpr Algorithm group_by_group = hit_adoption_rules[0], hits_first = hit_adoption_rules[1];

inline constexpr std::array request_gate_rules{
    Algorithm<RequestGate>{"next-chunk", "a request is admitted when the blocks of its next step are free",
                           "vllm 0.18.0, KVCacheManager.allocate_slots", RequestGate::next_chunk},
    Algorithm<RequestGate>{"whole-request",
                           "when asked, only if all its tokens fit, bounded groups capped; above a watermark and beside reserved blocks",
                           "vllm 0.32.0, KVCacheManager.allocate_slots", RequestGate::whole_request},
    Algorithm<RequestGate>{"whole-request-uncapped",
                           "the same, bounded groups charged as if they kept every token: start-up charges them their window (B22, B23)",
                           "vllm-project/vllm#39734, #40946, #55800", RequestGate::whole_request_uncapped}};
inline constexpr Algorithm gate_next_chunk = request_gate_rules[0], gate_whole_request = request_gate_rules[1];

inline constexpr std::array window_basis_rules{
    Algorithm<WindowBasis>{"scheduled-tokens", "blocks leave a window by the tokens scheduled so far, settled or not",
                           "vllm 0.18.0, KVCacheManager.allocate_slots", WindowBasis::scheduled},
    Algorithm<WindowBasis>{"settled-tokens", "by the tokens settled so far: what is in flight may still be rejected",
                           "vllm 0.32.0, KVCacheManager.allocate_slots", WindowBasis::settled}};
inline constexpr Algorithm scheduled_tokens = window_basis_rules[0], settled_tokens = window_basis_rules[1];

inline constexpr std::array state_blocks_rules{
    Algorithm<StateBlocks>{"running-state",
                           "aligned states: one running block and its drafts'; a step with fewer blocks than the last raises",
                           "vllm 0.18.0, MambaManager", StateBlocks::running_state},
    Algorithm<StateBlocks>{"running-state-and-checkpoints",
                           "the same with checkpoints inside a prefill and copies for hits that end inside a block",
                           "vllm 0.32.0, MambaManager", StateBlocks::running_state_and_checkpoints}};
inline constexpr Algorithm running_state = state_blocks_rules[0], running_state_and_checkpoints = state_blocks_rules[1];

inline constexpr std::array state_marks_rules{
    Algorithm<StateMarks>{"each-step",
                          "the state at a prompt's last boundary counts as written by each step that ends in the block after it: whoever "
                          "hits it waits so long (R08)",
                          "vllm 0.32.0, MambaManager.cache_blocks", StateMarks::each_step},
    Algorithm<StateMarks>{"once", "a state counts as written by the step after which the prefix cache has it", "kvproof: without R08",
                          StateMarks::once}};
inline constexpr Algorithm marked_each_step = state_marks_rules[0], marked_once = state_marks_rules[1];

inline constexpr std::array states_written_rules{
    Algorithm<StatesWrittenAt>{"block-ends",
                               "where states of all blocks are kept, a step leaves one at the end of each block that it fills",
                               "vllm 0.18.0 and 0.32.0, Mamba in mode all", StatesWrittenAt::block_ends},
    Algorithm<StatesWrittenAt>{"chunk-ends",
                               "a step leaves a state where it ends, and a block that is filled by two keeps that of the first (B49)",
                               "vllm-project/vllm#34587", StatesWrittenAt::chunk_ends}};
inline constexpr Algorithm written_at_block_ends = states_written_rules[0];

inline constexpr std::array padded_states_rules{
    Algorithm<PaddedStates>{"skipped", "rows that only give a batch its size leave no state", "vllm 0.18.0 and 0.32.0, Mamba backends",
                            PaddedStates::skipped},
    Algorithm<PaddedStates>{"null-block", "they name the null block, and a kernel that skips -1 alone leaves their states there (B48)",
                            "vllm-project/vllm#33937", PaddedStates::null_block}};
inline constexpr Algorithm padded_states_skipped = padded_states_rules[0];

inline constexpr std::array cached_blocks_rules{
    Algorithm<CachedBlocks>{"every-full-block", "the prefix cache is told of every full block",
                            "vllm 0.18.0, SingleTypeKVCacheManager.cache_blocks", CachedBlocks::every_full},
    Algorithm<CachedBlocks>{"reachable-blocks", "of those that a hit can end in, by alignment, window and retention, and of partial ones",
                            "vllm 0.32.0, reachable_block_mask, cache_partial_block", CachedBlocks::reachable}};
inline constexpr Algorithm every_full_block = cached_blocks_rules[0], reachable_blocks = cached_blocks_rules[1];

inline constexpr std::array common_prefix_rules{
    Algorithm<CommonPrefix>{"counted", "blocks from the front that every request with an entry holds, in full groups",
                            "vllm 0.18.0, get_num_common_prefix_blocks", CommonPrefix::counted},
    Algorithm<CommonPrefix>{"none", "no block is called common", "vllm 0.32.0, get_num_common_prefix_blocks", CommonPrefix::none}};
inline constexpr Algorithm counted_prefix = common_prefix_rules[0], no_common_prefix = common_prefix_rules[1];

inline constexpr std::array zeroed_blocks_rules{
    Algorithm<ZeroedBlocks>{"plain-full", "new blocks of plain full attention are zeroed", "vllm 0.18.0, SingleTypeKVCacheManager",
                            ZeroedBlocks::plain_full},
    Algorithm<ZeroedBlocks>{"attention-beside-states", "new blocks of all attention groups, in models with Mamba layers; copies always",
                            "vllm 0.32.0, SingleTypeKVCacheManager", ZeroedBlocks::attention_beside_states}};
inline constexpr Algorithm plain_full_zeroed = zeroed_blocks_rules[0], attention_zeroed = zeroed_blocks_rules[1];

}  // namespace kv
