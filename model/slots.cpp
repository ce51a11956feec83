// The slots of an engine's table, one line each: what flags, `explain`, `diff` and mutants walk.
#include "model/engine.h"
#include "model/engine_rules.h"

#include <array>

namespace kv {
namespace {

template <auto Member, const auto& Rules>
Slot slot(std::string_view id, std::string_view meaning) {
    Slot made{.id = id,
              .meaning = meaning,
              .rules = {},
              .rule_of = [](const Engine& engine) { return (engine.*Member).id; },
              .replace =
                  [](Engine& engine, std::string_view rule_id) {
                      for (const auto& rule : Rules) {
                          if (rule.id != rule_id) continue;
                          engine.*Member = rule;
                          return true;
                      }
                      return false;
                  }};
    for (const auto& rule : Rules) made.rules.push_back({rule.id, rule.meaning, rule.source});
    return made;
}

std::vector<Slot> all_slots() {
    return {
        slot<&Engine::page_bytes, page_bytes_rules>("page-bytes", "bytes of one block of one layer"),
        slot<&Engine::request_bytes, request_bytes_rules>("request-bytes", "the most one request holds in one layer"),
        slot<&Engine::known_kinds, known_kinds_rules>("known-kinds", "kinds of layer that the engine can plan"),
        slot<&Engine::retention, retention_rules>("retention", "what a sliding window keeps below its edge"),
        slot<&Engine::merge_specs, merge_specs_rules>("merge-specs", "which specs may share one group"),
        slot<&Engine::uniform_type, uniform_type_rules>("uniform-type",
                                                        "which specs may share one block table with pages of different size"),
        slot<&Engine::promotion, promotion_rules>("promotion", "what a disabled hybrid manager makes of local attention"),
        slot<&Engine::packing, packing_rules>("packing", "whether pages of different size lie side by side in a block"),
        slot<&Engine::page_unification, page_unification_rules>("page-unification", "how pages of different size become equal"),
        slot<&Engine::page_fallback, page_fallback_rules>("page-fallback", "what happens where they cannot"),
        slot<&Engine::layer_buckets, layer_buckets_rules>("layer-buckets", "which layers of a hybrid count as one kind"),
        slot<&Engine::draft_groups, draft_groups_rules>("draft-groups", "which groups hold the drafter's layers"),
        slot<&Engine::block_bytes, block_bytes_rules>("block-bytes", "bytes of one block of the pool on a worker"),
        slot<&Engine::request_need, request_need_rules>("request-need", "what the admission check asks for"),
        slot<&Engine::rank_scope, rank_scope_rules>("rank-scope", "whose layers a worker's memory is compared with"),
        slot<&Engine::override_order, override_order_rules>("override-order", "when an overridden block count is looked at"),
        slot<&Engine::null_block, null_block_rules>("null-block", "whether the check leaves out the null block"),
        slot<&Engine::worker_layout, worker_layout_rules>("worker-layout", "how memory becomes blocks and tensors"),
        slot<&Engine::smallest_rank, smallest_rank_rules>("smallest-rank", "what the others do when one worker has fewer blocks"),
        slot<&Engine::concurrency, concurrency_rules>("concurrency", "the figure in the log line \"Maximum concurrency\""),
        slot<&Engine::reported_tokens, reported_tokens_rules>("reported-tokens", "the figure in the log line \"KV cache size: N tokens\""),
        slot<&Engine::capture_group, capture_group_rules>("capture-group", "whose block table says which row is a token's"),
        slot<&Engine::side_buffer_rows, side_buffer_rules>("side-buffer", "rows of the buffer for routed experts"),
        slot<&Engine::block_sizes, block_sizes_rules>("block-sizes", "the scheduler's block size and that of block hashes"),
        slot<&Engine::report, report_rules>("report", "who reports, and what a failure to report means"),
        slot<&Engine::cache_setups, cache_setups_rules>("cache-setups", "groups that a cache manager is made for"),
        slot<&Engine::free_order, free_order_rules>("free-order", "where a freed block joins the queue"),
        slot<&Engine::context_blocks, context_blocks_rules>("context-blocks", "tokens of a block under context parallelism"),
        slot<&Engine::hit_search, hit_search_rules>("hit-search", "how the longest prefix that all groups have is found"),
        slot<&Engine::hit_adoption, hit_adoption_rules>("hit-adoption", "in which order a request takes what was hit and what is loaded"),
        slot<&Engine::request_gate, request_gate_rules>("request-gate", "what must be free before a request gets blocks"),
        slot<&Engine::window_basis, window_basis_rules>("window-basis", "which tokens count when blocks leave a window"),
        slot<&Engine::state_blocks, state_blocks_rules>("state-blocks", "which blocks a request's Mamba states take in mode align"),
        slot<&Engine::cached_blocks, cached_blocks_rules>("cached-blocks", "which blocks the prefix cache is told of"),
        slot<&Engine::common_prefix, common_prefix_rules>("common-prefix", "blocks that all requests share"),
        slot<&Engine::zeroed_blocks, zeroed_blocks_rules>("zeroed-blocks", "new blocks that are zeroed before use"),
        slot<&Engine::table_block, table_block_rules>("table-block", "whose blocks the entries of a block table are"),
        slot<&Engine::table_width, table_width_rules>("table-width", "how many entries a row of a block table has"),
        slot<&Engine::moved_row, moved_row_rules>("moved-row", "what a row of a block table holds once it was moved"),
        slot<&Engine::context_ranks, context_ranks_rules>("context-ranks", "which ranks a request's tokens are dealt out among"),
        slot<&Engine::table_bound, table_bound_rules>("table-bound", "what bounds the column of a position"),
        slot<&Engine::slot_arithmetic, slot_arithmetic_rules>("slot-arithmetic", "how wide a slot is computed"),
        slot<&Engine::batch_padding, batch_padding_rules>("batch-padding", "what a slot mapping holds after the last token"),
        slot<&Engine::row_reader, row_reader_rules>("row-reader", "where captured rows of a request are read")};
}

}  // namespace

std::span<const Slot> slots() {
    static const std::vector<Slot> made = all_slots();
    return made;
}

std::span<const Requirement> requirements() {
    static constexpr std::array known{
        Requirement{"worker-layout", "strided-tensors", "smallest-rank", "replan",
                    "strides depend on the block count, so a layout cannot shrink"},
        Requirement{"packing", "page-pattern", "worker-layout", "strided-tensors", "layers side by side in a block need offsets"},
        Requirement{"side-buffer", "object-store", "block-sizes", "lcm-and-gcd", "an object is a hash block"}};
    return known;
}

}  // namespace kv
