// The engines that ship: each a table of rules, read from top to bottom in the order in which a plan is made and then lived in.
#include "model/engine.h"
#include "model/engine_rules.h"

#include <array>

namespace kv {
namespace {

constexpr Engine vllm_0_18_0{.name = "vllm-0.18.0",
                             .meaning = "vLLM 0.18.0 as released, with the defects of the catalogue",
                             .page_bytes = keys_and_values,
                             .request_bytes = one_batch,
                             .encoder_length = step_budget,
                             .known_kinds = known_of_0_18,
                             .retention = window_only,
                             .merge_specs = old_fields,
                             .uniform_type = by_kind,
                             .promotion = windows_as_full,
                             .packing = no_packing,
                             .page_unification = scale_blocks,
                             .page_fallback = refuse_pages,
                             .layer_buckets = equal_specs,
                             .draft_groups = unmarked,
                             .block_bytes = layers_times_page,
                             .request_need = first_group,
                             .rank_scope = own_layers,
                             .override_order = after_the_check,
                             .null_block = not_reserved,
                             .worker_layout = layers_share_tensors,
                             .smallest_rank = shrink,
                             .concurrency = bytes_of_all_specs,
                             .reported_tokens = over_all_groups,
                             .capture_group = capture_first_attention,
                             .side_buffer_rows = share_of_blocks,
                             .block_sizes = smallest_of_groups,
                             .report = each_worker,
                             .host_row = page_times_tensors_row,
                             .cache_setups = seven_kinds,
                             .free_order = append_all,
                             .context_blocks = all_groups_blocks,
                             .hit_search = shorten_until_stable,
                             .hit_adoption = group_by_group,
                             .request_gate = gate_next_chunk,
                             .window_basis = scheduled_tokens,
                             .state_blocks = running_state,
                             .state_marks = marked_each_step,
                             .states_written = written_at_block_ends,
                             .padded_states = padded_states_skipped,
                             .cached_blocks = every_full_block,
                             .common_prefix = counted_prefix,
                             .zeroed_blocks = plain_full_zeroed,
                             .table_block = kernel_blocks,
                             .table_width = as_asked,
                             .moved_row = source_kept,
                             .context_ranks = all_context_ranks,
                             .table_bound = flat_array,
                             .slot_arithmetic = wraps_at_32_bits,
                             .batch_padding = queried_only,
                             .row_reader = from_manager_blocks,
                             .scheduler = scheduler_of_0_18,
                             .state_chunks = chunks_of_whole_blocks,
                             .encoder_release = encoder_room_each_step,
                             .window_table = whole_request_table,
                             .draft_slots = draft_slots_from_table,
                             .cache_pad = cache_pad_inert,
                             .kernel_offsets = kernel_offsets_64,
                             .batch_agreement = batches_agreed,
                             .draft_pool = draft_pool_as_target,
                             .transfer_lists = transfers_counted,
                             .late_outputs = late_outputs_counted,
                             .router_blocks = router_blocks_as_told,
                             .group_scope = groups_of_whole_model,
                             .row_writer = rows_to_capture_group,
                             .row_stride = routed_stride,
                             .step_buffer = batch_budget,
                             .capture_layout = joined_ranks,
                             .capture_layer = layer_wraps,
                             .capture_columns = one_column_fills_all,
                             .capture_start = from_row_zero,
                             .transport = through_shared_memory,
                             .row_requests = rows_of_every_request,
                             .pad_rows = negative_wraps,
                             .row_type = rows_of_int32,
                             .row_overflow = overflow_wraps,
                             .pipeline_rows = last_stage_rows,
                             .row_layers = rows_of_all_layers,
                             .row_ids = logical_ids,
                             .draft_rows = drafter_bound_too,
                             .unbound_routers = unbound_silent,
                             .row_staging = one_staging_per_step,
                             .unwritten_rows = unwritten_zeros,
                             .hit_rows = hits_at_output,
                             .loaded_rows = loaded_as_found,
                             .lost_rows = lost_raises,
                             .resumed_rows = resumed_appended,
                             .model_classes = classes_of_0_18,
                             .serving_defaults = plain_hybrids,
                             .backends = backends_of_0_18,
                             .layer_specs = plain_specs,
                             .state_alignment = aligned_before_backend};

constexpr Engine vllm_0_32_0{.name = "vllm-0.32.0",
                             .meaning = "vLLM 0.32.0 as released",
                             .page_bytes = head_slots_and_states,
                             .request_bytes = in_flight_batches,
                             .encoder_length = step_budget,
                             .known_kinds = registered_kinds,
                             .retention = window_and_lookahead,
                             .merge_specs = all_fields,
                             .uniform_type = by_registered_base,
                             .promotion = windows_as_full_block,
                             .packing = page_pattern,
                             .page_unification = scale_or_pad,
                             .page_fallback = full_allocation,
                             .layer_buckets = mergeable_specs,
                             .draft_groups = marked_or_trailing,
                             .block_bytes = widest_aligned,
                             .request_need = all_groups,
                             .rank_scope = own_layers,
                             .override_order = before_the_check,
                             .null_block = reserved,
                             .worker_layout = layers_have_strides,
                             .smallest_rank = replan,
                             .concurrency = blocks_of_all_groups,
                             .reported_tokens = length_times_concurrency,
                             .capture_group = capture_first_full,
                             .side_buffer_rows = object_store,
                             .block_sizes = lcm_and_gcd,
                             .report = scheduler_once,
                             .host_row = pool_block_row,
                             .cache_setups = registered_managers,
                             .free_order = uncached_first,
                             .context_blocks = sharded_groups_blocks,
                             .hit_search = shorten_after_proof,
                             .hit_adoption = hits_first,
                             .request_gate = gate_whole_request,
                             .window_basis = settled_tokens,
                             .state_blocks = running_state_and_checkpoints,
                             .state_marks = marked_each_step,
                             .states_written = written_at_block_ends,
                             .padded_states = padded_states_skipped,
                             .cached_blocks = reachable_blocks,
                             .common_prefix = no_common_prefix,
                             .zeroed_blocks = attention_zeroed,
                             .table_block = manager_blocks,
                             .table_width = whole_128_tokens,
                             .moved_row = source_cleared,
                             .context_ranks = decode_context_ranks,
                             .table_bound = device_memory,
                             .slot_arithmetic = exact_slots,
                             .batch_padding = pad_to_batch,
                             .row_reader = by_content,
                             .scheduler = scheduler_of_0_32,
                             .state_chunks = chunks_to_checkpoints,
                             .encoder_release = encoder_room_each_step,
                             .window_table = whole_request_table,
                             .draft_slots = draft_slots_from_table,
                             .cache_pad = cache_pad_inert,
                             .kernel_offsets = kernel_offsets_64,
                             .batch_agreement = batches_agreed,
                             .draft_pool = draft_pool_as_target,
                             .transfer_lists = transfers_counted,
                             .late_outputs = late_outputs_known,
                             .router_blocks = router_blocks_as_told,
                             .group_scope = groups_of_whole_model,
                             .row_writer = rows_to_capture_group,
                             .row_stride = routed_stride,
                             .step_buffer = batch_budget,
                             .capture_layout = by_count_and_shards,
                             .capture_layer = layer_after_rows,
                             .capture_columns = one_column_fills_all,
                             .capture_start = from_row_zero,
                             .transport = through_object_store,
                             .row_requests = rows_of_every_request,
                             .pad_rows = negative_inert,
                             .row_type = rows_by_expert_count,
                             .row_overflow = overflow_wraps,
                             .pipeline_rows = pipeline_refused,
                             .row_layers = rows_of_all_layers,
                             .row_ids = logical_ids,
                             .draft_rows = target_bound_only,
                             .unbound_routers = unbound_refused,
                             .row_staging = one_staging_per_step,
                             .unwritten_rows = unwritten_last_step,
                             .hit_rows = hits_at_output,
                             .loaded_rows = loaded_as_found,
                             .lost_rows = lost_raises,
                             .resumed_rows = resumed_appended,
                             .model_classes = classes_of_0_32,
                             .serving_defaults = shared_hybrids,
                             .backends = backends_of_0_32,
                             .layer_specs = described_specs,
                             .state_alignment = aligned_after_backend};

constexpr Engine make_vllm_0_33_0() {
    Engine engine = vllm_0_32_0;
    engine.name = "vllm-0.33.0";
    engine.meaning =
        "vLLM 0.33.0's capture rules on 0.32.0's tables: its planning and its store of rows are not recorded and taken to be 0.32.0's";
    engine.capture_layout = by_descriptor;
    engine.capture_layer = layer_first;
    engine.capture_start = from_micro_batch;
    return engine;
}

// What the harness believes is right, as far as it is modelled: rows addressed by slot have a buffer that holds every slot and are read
// where they were written, a row that nobody computed here is missing, no position is looked up in another request's row, and what is
// reported is what fits.
constexpr Engine make_reference() {
    Engine engine = vllm_0_32_0;
    engine.name = "reference";
    engine.meaning = "vLLM 0.32.0 with the rules replaced that are known to be wrong; what the harness believes is right";
    engine.side_buffer_rows = group_slots;
    engine.table_bound = own_row;
    engine.transfer_lists = transfers_by_tokens;
    engine.router_blocks = router_blocks_learnt;
    engine.step_buffer = largest_batch;
    engine.capture_layout = as_declared;
    engine.capture_layer = layer_first;
    engine.capture_columns = exact_columns;
    engine.capture_start = from_micro_batch;
    engine.row_reader = as_written_or_missing;
    engine.transport = through_slot_cache;
    engine.row_requests = rows_of_opted_in;
    engine.row_overflow = overflow_refused;
    engine.pipeline_rows = each_stage_rows;
    engine.row_layers = rows_of_routers;
    engine.unwritten_rows = unwritten_missing;
    engine.loaded_rows = loaded_missing;
    engine.lost_rows = lost_missing;
    engine.resumed_rows = resumed_placed;
    engine.concurrency = constructed_concurrency;
    engine.reported_tokens = constructed_tokens;
    engine.merge_specs = all_fields_and_sinks;
    engine.encoder_length = longest_input;
    engine.host_row = own_group_row;
    engine.hit_search = shorten_to_found;
    engine.state_marks = marked_once;
    engine.encoder_release = encoder_room_once;
    return engine;
}

constexpr std::array shipped{vllm_0_18_0, vllm_0_32_0, make_vllm_0_33_0(), make_reference()};

}  // namespace

std::span<const Engine> engines() { return shipped; }

std::span<const Patch> patches() {
    static const std::array<Patch, 6> known{
        {{"pr-37118",
          "side-buffer rows = blocks x block size of the capture group, for writer and reader",
          "vllm-project/vllm#37118",
          {{"side-buffer", "group-slots"}}},
         {"pr-37879",
          "captured rows by their number: all ranks', this rank's, or none with a warning",
          "vllm-project/vllm#37879",
          {{"capture-layout", "by-count"}}},
         {"rfc-38079",
          "rows of requests that opt in go with the step output, one delta a step; the front end joins them; hits and loads have none",
          "vllm-project/vllm#38079",
          {{"transport", "step-deltas"}, {"row-requests", "opted-in"}, {"hit-rows", "missing"}, {"loaded-rows", "missing"}}},
         {"pr-40384",
          "reported tokens = blocks / groups that grow x smallest block; all attention kinds grow, Mamba in mode all",
          "vllm-project/vllm#40384",
          {{"reported-tokens", "smallest-block-over-growing-groups"}}},
         {"40384-positive-list",
          "the same, growing being full attention, what derives from it, and Mamba in mode all",
          "vllm-project/vllm#40384, follow-up, fix (a)",
          {{"reported-tokens", "smallest-block-over-positive-list"}}},
         {"40384-negative-list",
          "the same, growing being all kinds but the known bounded ones",
          "vllm-project/vllm#40384, follow-up, fix (b)",
          {{"reported-tokens", "smallest-block-over-negative-list"}}}}};
    return known;
}

}  // namespace kv
