// The slots of an engine's table, one line each: what flags, `explain`, `diff` and mutants walk.
#include "model/engine.h"
#include "model/engine_rules.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kv {
namespace {

template <auto Member, const auto& Rules>
Slot slot(SlotArea area, std::string_view id, std::string_view meaning) {
    Slot made{.area = area,
              .id = id,
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

std::vector<Slot> delivery_slots() {
    using enum SlotArea;
    return {slot<&Engine::transport, transport_rules>(delivery, "transport", "how captured rows reach whoever asked for them"),
            slot<&Engine::row_requests, row_requests_rules>(delivery, "row-requests", "whose rows are delivered"),
            slot<&Engine::pad_rows, pad_rows_rules>(delivery, "pad-rows", "what a negative slot does to a buffer of rows"),
            slot<&Engine::row_type, row_type_rules>(delivery, "row-type", "how wide an expert's id is in a row"),
            slot<&Engine::row_overflow, row_overflow_rules>(delivery, "row-overflow", "what becomes of an id that this type cannot hold"),
            slot<&Engine::pipeline_rows, pipeline_rows_rules>(delivery, "pipeline-rows", "which layers of a row a pipeline stage writes"),
            slot<&Engine::row_layers, row_layers_rules>(delivery, "row-layers", "which layers a row has entries for"),
            slot<&Engine::row_ids, row_ids_rules>(delivery, "row-ids", "which numbers experts go by in a row"),
            slot<&Engine::draft_rows, draft_rows_rules>(delivery, "draft-rows", "whether a drafter's routers capture"),
            slot<&Engine::unbound_routers, unbound_routers_rules>(delivery, "unbound-routers", "what of kernels that route inside"),
            slot<&Engine::row_staging, row_staging_rules>(delivery, "row-staging", "what holds the rows of a step in flight"),
            slot<&Engine::unwritten_rows, unwritten_rows_rules>(delivery, "unwritten-rows", "what a row holds that nobody wrote"),
            slot<&Engine::hit_rows, hit_rows_rules>(delivery, "hit-rows", "when rows of a prefix hit are looked up"),
            slot<&Engine::loaded_rows, loaded_rows_rules>(delivery, "loaded-rows", "what is said of tokens whose blocks were loaded"),
            slot<&Engine::lost_rows, lost_rows_rules>(delivery, "lost-rows", "what of rows that a store has no longer"),
            slot<&Engine::resumed_rows, resumed_rows_rules>(delivery, "resumed-rows", "how rows of a request are put together")};
}

std::vector<Slot> working_slots() {
    using enum SlotArea;
    return {
        slot<&Engine::window_table, window_table_rules>(working, "window-table", "which columns a bounded group's block table has"),
        slot<&Engine::draft_slots, draft_slots_rules>(working, "draft-slots", "where the keys and values of guesses go"),
        slot<&Engine::cache_pad, cache_pad_rules>(working, "cache-pad", "what a negative slot does to the cache"),
        slot<&Engine::kernel_offsets, kernel_offsets_rules>(working, "kernel-offsets", "how wide a kernel's offsets are"),
        slot<&Engine::batch_agreement, batch_agreement_rules>(working, "batch-agreement",
                                                              "by whose tokens a rank's batch gets its size and its graph"),
        slot<&Engine::draft_pool, draft_pool_rules>(working, "draft-pool", "how many blocks a drafter's own pool has"),
        slot<&Engine::transfer_lists, transfer_lists_rules>(working, "transfer-lists",
                                                            "which block here is filled from which block of another engine"),
        slot<&Engine::late_outputs, late_outputs_rules>(working, "late-outputs",
                                                        "what becomes of outputs that come after their request was preempted"),
        slot<&Engine::router_blocks, router_blocks_rules>(working, "router-blocks", "how a router knows the tokens of a block of events"),
        slot<&Engine::group_scope, group_scope_rules>(working, "group-scope", "whose layers a pipeline stage groups"),
        slot<&Engine::row_writer, row_writer_rules>(working, "row-writer", "by whose block ids captured rows are stored"),
        slot<&Engine::row_stride, row_stride_rules>(working, "row-stride", "how far apart captured rows are written"),
        slot<&Engine::step_buffer, step_buffer_rules>(working, "step-buffer", "rows of the buffer that a step is captured into")};
}

std::vector<Slot> all_slots() {
    using enum SlotArea;
    return {
        slot<&Engine::page_bytes, page_bytes_rules>(plan, "page-bytes", "bytes of one block of one layer"),
        slot<&Engine::request_bytes, request_bytes_rules>(plan, "request-bytes", "the most one request holds in one layer"),
        slot<&Engine::encoder_length, encoder_length_rules>(plan, "encoder-length", "tokens of a request that cross-attention is charged"),
        slot<&Engine::known_kinds, known_kinds_rules>(plan, "known-kinds", "kinds of layer that the engine can plan"),
        slot<&Engine::retention, retention_rules>(plan, "retention", "what a sliding window keeps below its edge"),
        slot<&Engine::merge_specs, merge_specs_rules>(plan, "merge-specs", "which specs may share one group"),
        slot<&Engine::uniform_type, uniform_type_rules>(plan, "uniform-type",
                                                        "which specs may share one block table with pages of different size"),
        slot<&Engine::promotion, promotion_rules>(plan, "promotion", "what a disabled hybrid manager makes of local attention"),
        slot<&Engine::packing, packing_rules>(plan, "packing", "whether pages of different size lie side by side in a block"),
        slot<&Engine::page_unification, page_unification_rules>(plan, "page-unification", "how pages of different size become equal"),
        slot<&Engine::page_fallback, page_fallback_rules>(plan, "page-fallback", "what happens where they cannot"),
        slot<&Engine::layer_buckets, layer_buckets_rules>(plan, "layer-buckets", "which layers of a hybrid count as one kind"),
        slot<&Engine::draft_groups, draft_groups_rules>(plan, "draft-groups", "which groups hold the drafter's layers"),
        slot<&Engine::block_bytes, block_bytes_rules>(plan, "block-bytes", "bytes of one block of the pool on a worker"),
        slot<&Engine::request_need, request_need_rules>(plan, "request-need", "what the admission check asks for"),
        slot<&Engine::rank_scope, rank_scope_rules>(plan, "rank-scope", "whose layers a worker's memory is compared with"),
        slot<&Engine::override_order, override_order_rules>(plan, "override-order", "when an overridden block count is looked at"),
        slot<&Engine::null_block, null_block_rules>(plan, "null-block", "whether the check leaves out the null block"),
        slot<&Engine::worker_layout, worker_layout_rules>(plan, "worker-layout", "how memory becomes blocks and tensors"),
        slot<&Engine::smallest_rank, smallest_rank_rules>(plan, "smallest-rank", "what the others do when one worker has fewer blocks"),
        slot<&Engine::concurrency, concurrency_rules>(saying, "concurrency", "the figure in the log line \"Maximum concurrency\""),
        slot<&Engine::reported_tokens, reported_tokens_rules>(saying, "reported-tokens",
                                                              "the figure in the log line \"KV cache size: N tokens\""),
        slot<&Engine::capture_group, capture_group_rules>(saying, "capture-group", "whose block table says which row is a token's"),
        slot<&Engine::side_buffer_rows, side_buffer_rules>(saying, "side-buffer", "rows of the buffer for routed experts"),
        slot<&Engine::block_sizes, block_sizes_rules>(plan, "block-sizes", "the scheduler's block size and that of block hashes"),
        slot<&Engine::report, report_rules>(saying, "report", "who reports, and what a failure to report means"),
        slot<&Engine::host_row, host_row_rules>(saying, "host-row", "what a key of the host's tier takes of its memory"),
        slot<&Engine::cache_setups, cache_setups_rules>(holding, "cache-setups", "groups that a cache manager is made for"),
        slot<&Engine::free_order, free_order_rules>(holding, "free-order", "where a freed block joins the queue"),
        slot<&Engine::context_blocks, context_blocks_rules>(holding, "context-blocks", "tokens of a block under context parallelism"),
        slot<&Engine::hit_search, hit_search_rules>(holding, "hit-search", "how the longest prefix that all groups have is found"),
        slot<&Engine::hit_adoption, hit_adoption_rules>(holding, "hit-adoption",
                                                        "in which order a request takes what was hit and what is loaded"),
        slot<&Engine::request_gate, request_gate_rules>(holding, "request-gate", "what must be free before a request gets blocks"),
        slot<&Engine::window_basis, window_basis_rules>(holding, "window-basis", "which tokens count when blocks leave a window"),
        slot<&Engine::state_blocks, state_blocks_rules>(holding, "state-blocks",
                                                        "which blocks a request's Mamba states take in mode align"),
        slot<&Engine::state_marks, state_marks_rules>(holding, "state-marks",
                                                      "which step a state counts as written by, before whose end nobody goes on from it"),
        slot<&Engine::states_written, states_written_rules>(holding, "states-written", "at which tokens a step leaves states"),
        slot<&Engine::padded_states, padded_states_rules>(holding, "padded-states", "what rows of nobody do to states"),
        slot<&Engine::cached_blocks, cached_blocks_rules>(holding, "cached-blocks", "which blocks the prefix cache is told of"),
        slot<&Engine::common_prefix, common_prefix_rules>(holding, "common-prefix", "blocks that all requests share"),
        slot<&Engine::zeroed_blocks, zeroed_blocks_rules>(holding, "zeroed-blocks", "new blocks that are zeroed before use"),
        slot<&Engine::table_block, table_block_rules>(address, "table-block", "whose blocks the entries of a block table are"),
        slot<&Engine::table_width, table_width_rules>(address, "table-width", "how many entries a row of a block table has"),
        slot<&Engine::moved_row, moved_row_rules>(address, "moved-row", "what a row of a block table holds once it was moved"),
        slot<&Engine::context_ranks, context_ranks_rules>(address, "context-ranks", "which ranks a request's tokens are dealt out among"),
        slot<&Engine::table_bound, table_bound_rules>(address, "table-bound", "what bounds the column of a position"),
        slot<&Engine::slot_arithmetic, slot_arithmetic_rules>(address, "slot-arithmetic", "how wide a slot is computed"),
        slot<&Engine::batch_padding, batch_padding_rules>(address, "batch-padding", "what a slot mapping holds after the last token"),
        slot<&Engine::row_reader, row_reader_rules>(address, "row-reader", "where captured rows of a request are read"),
        slot<&Engine::scheduler, scheduler_rules>(scheduling, "scheduler", "which tokens of which requests a step computes"),
        slot<&Engine::state_chunks, state_chunks_rules>(scheduling, "state-chunks", "where a prefill's chunks end if its states are kept"),
        slot<&Engine::encoder_release, encoder_release_rules>(scheduling, "encoder-release",
                                                              "when a request gives the room of its encoder's input back"),
        slot<&Engine::capture_layout, capture_layout_rules>(capture, "capture-layout", "which rows of a router's tensor are this rank's"),
        slot<&Engine::capture_layer, capture_layer_rules>(capture, "capture-layer",
                                                          "what becomes of a layer that the step buffer does not have"),
        slot<&Engine::capture_columns, capture_columns_rules>(capture, "capture-columns", "what becomes of rows that are not top-k wide"),
        slot<&Engine::capture_start, capture_start_rules>(capture, "capture-start", "where in the step buffer a call's rows begin"),
        slot<&Engine::model_classes, model_classes_rules>(serving, "model-classes",
                                                          "which architectures there are, and how they read a config"),
        slot<&Engine::serving_defaults, serving_defaults_rules>(serving, "serving-defaults", "what is taken where nobody asks"),
        slot<&Engine::backends, backends_rules>(serving, "backends", "which attention backend a layer gets"),
        slot<&Engine::layer_specs, layer_specs_rules>(serving, "layer-specs", "what a layer says of its cache"),
        slot<&Engine::state_alignment, state_alignment_rules>(serving, "state-alignment",
                                                              "how pages of attention and of states become one size")};
}

}  // namespace

std::span<const Slot> slots() {
    static const std::vector<Slot> made = [] {
        std::vector<Slot> all = all_slots();
        for (const auto& [further, before] : {std::pair{working_slots(), SlotArea::capture}, {delivery_slots(), SlotArea::serving}})
            all.insert(std::ranges::find(all, before, &Slot::area), further.begin(), further.end());
        return all;
    }();
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
