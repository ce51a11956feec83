// How captured rows get from the step buffer to whoever asked for them: what a row is made of, who keeps it where, and what is said of
// rows that nobody computed. Each is chosen when a delivery is made, never inside its loops.
#pragma once

#include "model/rules/cache.h"

#include <array>
#include <cstdint>

namespace kv {

enum class Transport : std::uint8_t { shared_memory, step_deltas, slot_cache, prompt_by_slot, object_store };
enum class RowRequests : std::uint8_t { every_request, opted_in };
enum class PadRows : std::uint8_t { negative_wraps, inert };
enum class RowTyping : std::uint8_t { int32, by_expert_count, always_uint8, by_step };
enum class RowOverflow : std::uint8_t { wraps, refused };
enum class PipelineRows : std::uint8_t { last_stage, each_stage, refused };
enum class RowLayers : std::uint8_t { all_layers, routers_only };
enum class RowIds : std::uint8_t { logical, physical };
enum class DraftRows : std::uint8_t { bound_too, target_only };
enum class UnboundRouters : std::uint8_t { silent, refused };
enum class RowStaging : std::uint8_t { shared, one_per_step };
enum class UnwrittenRows : std::uint8_t { zeros, last_step, missing };
enum class HitRows : std::uint8_t { at_admission, at_output, missing };
enum class LoadedRows : std::uint8_t { as_found, missing };
enum class LostRows : std::uint8_t { raises, missing };
enum class ResumedRows : std::uint8_t { appended, placed };

inline constexpr std::array transport_rules{
    Algorithm<Transport>{"shared-memory",
                         "each step's rows are written to their slots of a shared buffer under a file lock, and read there when a request "
                         "stops (B18)",
                         "vllm 0.18.0, RoutedExpertsCapturer, RoutedExpertsReader", Transport::shared_memory},
    Algorithm<Transport>{"step-deltas", "each step's rows go with its output and are joined per request by the front end",
                         "vllm-project/vllm#38079", Transport::step_deltas},
    Algorithm<Transport>{"slot-cache",
                         "the same, and a host copy by slot from which the rows of a prefix hit are taken; a request keeps its own rows",
                         "vllm-project/vllm#39917, #39568", Transport::slot_cache},
    Algorithm<Transport>{"prompt-by-slot",
                         "rows of generated tokens go with each step's output; those of the prompt are read by slot when the request stops",
                         "vllm-project/tpu-inference#3583", Transport::prompt_by_slot},
    Algorithm<Transport>{"object-store", "the same, the rows of full blocks being objects under the hash of their tokens",
                         "vllm 0.32.0, AuxOutputWorkerConnector", Transport::object_store}};
inline constexpr Algorithm through_shared_memory = transport_rules[0], through_step_deltas = transport_rules[1],
                           through_slot_cache = transport_rules[2], through_object_store = transport_rules[4];

inline constexpr std::array row_requests_rules{
    Algorithm<RowRequests>{"every-request", "rows of all requests are delivered once capture is on",
                           "vllm 0.18.0 and 0.32.0, enable_return_routed_experts", RowRequests::every_request},
    Algorithm<RowRequests>{"opted-in", "rows of those requests that ask; a step without one carries none", "vllm-project/vllm#38079",
                           RowRequests::opted_in}};
inline constexpr Algorithm rows_of_every_request = row_requests_rules[0], rows_of_opted_in = row_requests_rules[1];

inline constexpr std::array pad_rows_rules{
    Algorithm<PadRows>{"negative-wraps", "a negative slot counts from the end of the buffer, so PAD is its last row (B40)",
                       "vllm 0.18.0, save_captured_experts; NumPy", PadRows::negative_wraps},
    Algorithm<PadRows>{"inert", "a negative slot is no slot: nothing is written, and what is read there is missing",
                       "vllm 0.18.0, reshape_and_cache; vllm-project/vllm#43810", PadRows::inert}};
inline constexpr Algorithm negative_wraps = pad_rows_rules[0], negative_inert = pad_rows_rules[1];

inline constexpr std::array row_type_rules{
    Algorithm<RowTyping>{"int32", "four bytes an id", "vllm 0.18.0, RoutedExpertsCapturer.init_buffer", RowTyping::int32},
    Algorithm<RowTyping>{"by-expert-count", "one byte up to 256 experts, else two", "vllm 0.32.0, RoutedExpertsCapturer",
                         RowTyping::by_expert_count},
    Algorithm<RowTyping>{"always-uint8", "one byte whatever the number of experts (B16)", "prime-rl#3051", RowTyping::always_uint8},
    Algorithm<RowTyping>{"by-step", "the narrowest type for a step's largest id; steps of two types do not join (B16)", "prime-rl#2487",
                         RowTyping::by_step}};
inline constexpr Algorithm rows_of_int32 = row_type_rules[0], rows_by_expert_count = row_type_rules[1];

inline constexpr std::array row_overflow_rules{
    Algorithm<RowOverflow>{"wraps", "an id that the type cannot hold is cut to its low bits (B16)", "vllm 0.32.0, snapshot_routing_data",
                           RowOverflow::wraps},
    Algorithm<RowOverflow>{"refused", "ids that do not fit the type are an error at start", "prime-rl#3051", RowOverflow::refused}};
inline constexpr Algorithm overflow_wraps = row_overflow_rules[0], overflow_refused = row_overflow_rules[1];

inline constexpr std::array pipeline_rows_rules{
    Algorithm<PipelineRows>{"last-stage", "the last pipeline stage writes whole rows, zeros for the layers of the others (B07)",
                            "vllm 0.18.0; vllm-project/vllm#35623", PipelineRows::last_stage},
    Algorithm<PipelineRows>{"each-stage", "each stage writes the layers that it has", "vllm-project/vllm#35623", PipelineRows::each_stage},
    Algorithm<PipelineRows>{"refused", "capture and pipeline stages together are an error at start",
                            "vllm 0.32.0, _verify_aux_output_compatibility", PipelineRows::refused}};
inline constexpr Algorithm last_stage_rows = pipeline_rows_rules[0], each_stage_rows = pipeline_rows_rules[1],
                           pipeline_refused = pipeline_rows_rules[2];

inline constexpr std::array row_layers_rules{
    Algorithm<RowLayers>{"all-layers", "a row has an entry for every layer, zeros where there is no router (B15)",
                         "vllm 0.18.0 and 0.32.0, num_hidden_layers; verl#5037", RowLayers::all_layers},
    Algorithm<RowLayers>{"routers-only", "a row has an entry for every router", "TensorRT-LLM#17778", RowLayers::routers_only}};
inline constexpr Algorithm rows_of_all_layers = row_layers_rules[0], rows_of_routers = row_layers_rules[1];

inline constexpr std::array row_ids_rules{
    Algorithm<RowIds>{"logical", "the ids that the router chose, before they are spread over replicas",
                      "vllm 0.18.0 and 0.32.0, BaseRouter", RowIds::logical},
    Algorithm<RowIds>{"physical", "the ids of replicas, which may exceed the number of experts (B08)", "vllm-project/vllm#33013",
                      RowIds::physical}};
inline constexpr Algorithm logical_ids = row_ids_rules[0];

inline constexpr std::array draft_rows_rules{
    Algorithm<DraftRows>{"bound-too",
                         "a drafter's routers capture as well: layers past the target's are dropped, those counted from 0 overwrite it",
                         "vllm 0.18.0, _bind_routed_experts_capturer", DraftRows::bound_too},
    Algorithm<DraftRows>{"target-only", "only the target's routers capture", "vllm 0.32.0, bind_routed_experts_capturer",
                         DraftRows::target_only}};
inline constexpr Algorithm drafter_bound_too = draft_rows_rules[0], target_bound_only = draft_rows_rules[1];

inline constexpr std::array unbound_routers_rules{
    Algorithm<UnboundRouters>{"silent", "a kernel that routes inside never calls back, and rows stay unwritten (B13)",
                              "vllm 0.18.0; vllm-project/vllm#49184", UnboundRouters::silent},
    Algorithm<UnboundRouters>{"refused", "such a kernel is an error at start", "vllm 0.32.0, bind_routed_experts_capturer",
                              UnboundRouters::refused}};
inline constexpr Algorithm unbound_silent = unbound_routers_rules[0], unbound_refused = unbound_routers_rules[1];

inline constexpr std::array row_staging_rules{
    Algorithm<RowStaging>{"shared", "steps in flight share one staging buffer and one slot mapping: a later step replaces both (B17)",
                          "vllm-project/vllm#39568, review", RowStaging::shared},
    Algorithm<RowStaging>{"one-per-step", "each step in flight has its own", "vllm 0.32.0, snapshot_routing_data",
                          RowStaging::one_per_step}};
inline constexpr Algorithm one_staging_per_step = row_staging_rules[1];

inline constexpr std::array unwritten_rows_rules{
    Algorithm<UnwrittenRows>{"zeros", "buffers begin as zeros, the step buffer each step anew: expert 0 (C5)", "vllm 0.18.0, clear_buffer",
                             UnwrittenRows::zeros},
    Algorithm<UnwrittenRows>{"last-step", "what a step does not capture keeps the rows of the step before", "vllm 0.32.0, capture",
                             UnwrittenRows::last_step},
    Algorithm<UnwrittenRows>{"missing", "a row says that nobody wrote it until somebody does", "kvproof: missing is a value of its own",
                             UnwrittenRows::missing}};
inline constexpr Algorithm unwritten_zeros = unwritten_rows_rules[0], unwritten_last_step = unwritten_rows_rules[1],
                           unwritten_missing = unwritten_rows_rules[2];

inline constexpr std::array hit_rows_rules{
    Algorithm<HitRows>{"at-admission",
                       "rows of a prefix hit are copied when the request is admitted, also those that a step in flight has yet to bring",
                       "vllm-project/vllm#39917, discussion", HitRows::at_admission},
    Algorithm<HitRows>{"at-output", "rows of a prefix hit are looked up when rows are put out, where all steps before have brought theirs",
                       "vllm 0.18.0, _get_routed_experts; vllm 0.32.0, process_output", HitRows::at_output},
    Algorithm<HitRows>{"missing", "rows of a prefix hit are not delivered", "vllm-project/vllm#38079", HitRows::missing}};
inline constexpr Algorithm hits_at_output = hit_rows_rules[1], hits_missing = hit_rows_rules[2];

inline constexpr std::array loaded_rows_rules{
    Algorithm<LoadedRows>{"as-found", "rows of tokens whose blocks were loaded are whatever lies there (B12)",
                          "vllm-project/vllm#39568; llm-d-router#1473", LoadedRows::as_found},
    Algorithm<LoadedRows>{"missing", "rows of loaded tokens are missing, also for whoever hits their blocks later", "llm-d-router#1473",
                          LoadedRows::missing}};
inline constexpr Algorithm loaded_as_found = loaded_rows_rules[0], loaded_missing = loaded_rows_rules[1];

inline constexpr std::array lost_rows_rules{
    Algorithm<LostRows>{"raises", "an object that was evicted, or that there was no room for, fails the engine",
                        "vllm 0.32.0, BlockObjectStoreError", LostRows::raises},
    Algorithm<LostRows>{"missing", "its rows are missing", "kvproof: missing is a value of its own", LostRows::missing}};
inline constexpr Algorithm lost_raises = lost_rows_rules[0], lost_missing = lost_rows_rules[1];

inline constexpr std::array resumed_rows_rules{
    Algorithm<ResumedRows>{"appended", "rows join in the order in which they come, those that a resumed request computes again as well",
                           "vllm 0.32.0, OutputProcessor; vllm-project/vllm#38079", ResumedRows::appended},
    Algorithm<ResumedRows>{"placed", "each row goes to its position, and a position without one is missing",
                           "vllm-project/vllm#39568, take-the-best", ResumedRows::placed}};
inline constexpr Algorithm resumed_appended = resumed_rows_rules[0], resumed_placed = resumed_rows_rules[1];

}  // namespace kv
